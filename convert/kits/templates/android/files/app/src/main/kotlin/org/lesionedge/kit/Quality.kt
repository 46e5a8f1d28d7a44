// What speaks against trusting a verdict: photos that show too little, as Python sees it.

package org.lesionedge.kit

import kotlin.math.max
import kotlin.math.min
import kotlin.math.sqrt
import org.lesionedge.kit.QualityLimits as Limits

/**
 * One thing that is wrong with a photo.
 *
 * @property name such as "blurred"; edge_runtime/photos/quality.py lists them
 * @property unusable whether no verdict should be given at all
 */
data class Finding(val name: String, val unusable: Boolean)

object Quality {
    private const val FIELDS = 16

    /** Empty for most photos. `pixels` is what preprocess gives for the image. */
    fun findingsOf(image: RgbImage, pixels: ByteArray): List<Finding> {
        val shortSide = min(image.width, image.height)
        val side = min(Limits.LOOK_PX, shortSide)
        val look = if (side == Constants.SIZE_PX) pixels else Preprocessing.preprocess(image, side)
        val luma = lumaOf(look)
        val found = mutableListOf<Finding>()
        if (shortSide < Constants.SIZE_PX) {
            val least = min(Limits.LEAST_SIDE_PX, Constants.SIZE_PX / 2)
            found += Finding("small", shortSide < least)
        }
        found += exposure(look, luma.average())
        // A frame without a picture is not worth calling blurred as well.
        if (found.any { it.unusable }) return found
        found += graded("blurred", sharpness(luma, side), Limits.LEAST_SHARPNESS, Limits.NO_SHARPNESS)
        val structured = structure(look, side)
        found += graded("no_lesion", structured, Limits.LEAST_STRUCTURE, Limits.NO_STRUCTURE)
        found += graded("not_skin", shareOfReddish(look), Limits.LEAST_REDDISH, Limits.NO_REDDISH)
        val far = Familiarity.distance(look, side, structured)
        if (far > Limits.MOST_UNFAMILIAR) found += Finding("unfamiliar", far > Limits.FOREIGN)
        return found
    }

    private fun exposure(look: ByteArray, mean: Double): List<Finding> {
        val found = mutableListOf<Finding>()
        if (mean < Limits.DARKEST_MEAN) {
            found += Finding("dark", true)
        } else if (mean > Limits.BRIGHTEST_MEAN) {
            found += Finding("bright", true)
        }
        val varied = (0 until 3).maxOf { deviation(channel(look, it)) }
        if (varied / max(mean, 1.0) < Limits.LEAST_CONTRAST) found += Finding("uniform", true)
        if (shareOfClipped(look) > Limits.MOST_CLIPPED) found += Finding("clipped", false)
        return found
    }

    private fun graded(name: String, value: Double, least: Double, none: Double): List<Finding> =
        if (value < least) listOf(Finding(name, value < none)) else emptyList()

    private fun channel(rgb: ByteArray, colour: Int) =
        DoubleArray(rgb.size / 3) { level(rgb[3 * it + colour]) }

    private fun shareOfClipped(rgb: ByteArray) = rgb.shareOfPixels { red, green, blue ->
        // Two levels from the end: JPEG moves a clipped area by that much.
        minOf(red, green, blue) >= 253
    }

    private fun sharpness(luma: DoubleArray, side: Int): Double {
        if (side < 3) return 0.0
        val inner = side - 2
        val found = DoubleArray(inner * inner) {
            laplacian(luma, side, (it / inner + 1) * side + it % inner + 1)
        }
        return deviation(found) / max(luma.average(), 1.0)
    }

    /** What is left of 16 x 16 fields without the best plane through them. */
    private fun structure(look: ByteArray, side: Int): Double {
        val fields = Preprocessing.resize(RgbImage(side, side, look), FIELDS)
        val middle = (FIELDS - 1) / 2.0
        // Rows and columns are evenly spread, so the plane's slopes are independent.
        val spread = FIELDS * (0 until FIELDS).sumOf { (it - middle) * (it - middle) }
        var most = 0.0
        var total = 0.0
        for (colour in 0 until 3) {
            val values = channel(fields, colour)
            val mean = values.average()
            var down = 0.0
            var across = 0.0
            for (at in values.indices) {
                down += values[at] * (at / FIELDS - middle) / spread
                across += values[at] * (at % FIELDS - middle) / spread
            }
            for (at in values.indices) {
                values[at] -= mean + down * (at / FIELDS - middle) + across * (at % FIELDS - middle)
            }
            most = max(most, deviation(values))
            total += mean
        }
        return most / max(total / 3, 1.0)
    }

    internal fun shareOfReddish(rgb: ByteArray) =
        rgb.shareOfPixels { red, green, blue -> red > green && red > blue }

    private fun ByteArray.shareOfPixels(wanted: (Double, Double, Double) -> Boolean): Double {
        val found = (0 until size step 3).count {
            wanted(level(this[it]), level(this[it + 1]), level(this[it + 2]))
        }
        return found.toDouble() / (size / 3)
    }

    /** ITU-R BT.601. */
    internal fun lumaOf(rgb: ByteArray) = DoubleArray(rgb.size / 3) {
        0.299 * level(rgb[3 * it]) + 0.587 * level(rgb[3 * it + 1]) + 0.114 * level(rgb[3 * it + 2])
    }

    internal fun laplacian(luma: DoubleArray, side: Int, at: Int) =
        luma[at - side] + luma[at + side] + luma[at - 1] + luma[at + 1] - 4 * luma[at]

    internal fun deviation(values: DoubleArray): Double {
        val mean = values.average()
        return sqrt(values.sumOf { (it - mean) * (it - mean) } / values.size)
    }

    // Bytes of the JVM are signed; levels of a pixel are not.
    internal fun level(byte: Byte): Double = (byte.toInt() and 0xff).toDouble()
}
