// How far a picture is from the photos that the models learnt from, in standard
// deviations; edge_runtime/photos/familiarity.py gives the reasons.

package org.lesionedge.kit

import kotlin.math.abs
import kotlin.math.ln
import kotlin.math.max
import kotlin.math.sqrt
import org.lesionedge.kit.QualityLimits as Limits

internal object Familiarity {
    private const val SIDE = 64
    private const val COARSE = 16
    private const val FINE = 32

    /** @param look the centre square, `side` pixels a side */
    fun distance(look: ByteArray, side: Int, structured: Double): Double {
        val square = Preprocessing.resize(RgbImage(side, side, look), SIDE)
        val luma = Quality.lumaOf(square)
        val mean = max(luma.average(), 1.0)
        val measures =
            colours(square) + fields(luma, mean) + edges(luma, mean) +
                doubleArrayOf(Quality.shareOfReddish(square), log(structured))
        val squares = (0 until Limits.MEASURES).sumOf { row ->
            val sum = (0 until Limits.MEASURES).sumOf { column ->
                Limits.FAMILIAR_WHITENING[row * Limits.MEASURES + column] *
                    (measures[column] - Limits.FAMILIAR_MEAN[column])
            }
            sum * sum
        }
        return sqrt(squares)
    }

    private fun colours(rgb: ByteArray): DoubleArray {
        val count = rgb.size / 3
        val saturation = DoubleArray(count)
        val reds = DoubleArray(count)
        val blues = DoubleArray(count)
        for (place in 0 until count) {
            val (red, green, blue) = List(3) { Quality.level(rgb[3 * place + it]) }
            val top = maxOf(red, green, blue, 1.0)
            val total = red + green + blue + 1
            saturation[place] = (top - minOf(red, green, blue)) / top
            reds[place] = red / total
            blues[place] = blue / total
        }
        return doubleArrayOf(
            saturation.average(), log(Quality.deviation(saturation)),
            log(Quality.deviation(reds)), log(Quality.deviation(blues)),
        )
    }

    private fun fields(luma: DoubleArray, mean: Double): DoubleArray {
        val fields = blocks(luma, COARSE)
        val halves = blocks(luma, FINE)
        val detail = Quality.deviation(without(luma, SIDE, fields))
        val spread = Quality.deviation(fields)
        var total = 0.0
        for (at in fields.indices) {
            if (at >= COARSE) total += abs(fields[at] - fields[at - COARSE])
            if (at % COARSE > 0) total += abs(fields[at] - fields[at - 1])
        }
        val steps = total / (COARSE * (COARSE - 1))
        return doubleArrayOf(
            log(detail / mean), log(detail / max(spread, 1e-3)),
            log(Quality.deviation(without(halves, FINE, fields)) / mean),
            log(steps / max(spread, 1.0)),
        )
    }

    private fun edges(luma: DoubleArray, mean: Double): DoubleArray {
        var sharp = 0.0
        var flat = 0.0
        var upright = 0.0
        var total = 0.0
        for (row in 1 until SIDE - 1) {
            for (column in 1 until SIDE - 1) {
                val at = row * SIDE + column
                val down = luma[at + SIDE] - luma[at - SIDE]
                val across = luma[at + 1] - luma[at - 1]
                val power = (down * down + across * across) / 4
                // Times the cosine of four times its angle: 1 for upright and level edges.
                upright += power - down * across * down * across / 2 / max(power, 1e-9)
                total += power
                if (sqrt(power) > 0.15 * mean) sharp++
                if (abs(Quality.laplacian(luma, SIDE, at)) < mean / 150) flat++
            }
        }
        val count = (SIDE - 2) * (SIDE - 2)
        return doubleArrayOf(sharp / count, upright / max(total, 1e-9), flat / count)
    }

    /** Means of count x count squares. */
    private fun blocks(luma: DoubleArray, count: Int): DoubleArray {
        val step = SIDE / count
        val fields = DoubleArray(count * count)
        for (at in luma.indices) {
            fields[at / SIDE / step * count + at % SIDE / step] += luma[at] / (step * step)
        }
        return fields
    }

    /** Differences from the coarse fields. */
    private fun without(values: DoubleArray, side: Int, fields: DoubleArray): DoubleArray {
        val step = side / COARSE
        return DoubleArray(values.size) {
            values[it] - fields[it / side / step * COARSE + it % side / step]
        }
    }

    private fun log(value: Double) = ln(max(value, 1e-3))
}
