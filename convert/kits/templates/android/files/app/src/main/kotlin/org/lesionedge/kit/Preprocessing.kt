// From decoded RGB pixels to the bytes of the model's input, equal to Python's.

package org.lesionedge.kit

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.math.ceil
import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min

/** Decoded, upright (EXIF orientation applied), RGB by rows. */
class RgbImage(val width: Int, val height: Int, val rgb: ByteArray)

/**
 * A square, in shares, so that it fits a photo at any resolution.
 *
 * @property x of its middle, as a share of the width
 * @property y of its middle, as a share of the height
 * @property side as a share of the shorter side; 0.02 to 1
 */
data class Crop(val x: Double = 0.5, val y: Double = 0.5, val side: Double = 1.0)

/** The same in pixels. */
data class Box(val left: Int, val top: Int, val side: Int)

object Preprocessing {
    private const val LEAST_SIDE = 0.02
    private const val PRECISION_BITS = 22
    private const val HALF = 1 shl (PRECISION_BITS - 1)

    /** The source places that one place of the result is made of. */
    private class Weights(val first: Int, val scaled: IntArray)

    /** What the model looks at: size * size * 3 bytes. */
    fun preprocess(image: RgbImage, sizePx: Int = Constants.SIZE_PX): ByteArray {
        val bytes = image.width * image.height * 3
        require(image.width > 0 && image.height > 0 && image.rgb.size == bytes) {
            "expected width * height * 3 = $bytes bytes of RGB, got ${image.rgb.size}"
        }
        return resize(cropped(image), sizePx)
    }

    /**
     * A square in pixels. Moved inwards where it would reach over the edge; where the margin
     * is odd, the smaller half is cut at the top or left.
     */
    fun boxOf(width: Int, height: Int, crop: Crop): Box {
        val inside = crop.x in 0.0..1.0 && crop.y in 0.0..1.0 && crop.side in LEAST_SIDE..1.0
        require(inside) { "the square $crop lies outside the photo" }
        val shorter = min(width, height)
        val side = floor(crop.side * shorter + 0.5).toInt().coerceIn(1, shorter)
        fun first(middle: Double, length: Int) =
            ceil(middle * length - side / 2.0 - 0.5).toInt().coerceIn(0, length - side)
        return Box(first(crop.x, width), first(crop.y, height), side)
    }

    /**
     * The square of a photo. The model and the look at the photo's quality get this and
     * nothing around it.
     */
    fun cropped(image: RgbImage, crop: Crop = Crop()): RgbImage {
        val (left, top, side) = boxOf(image.width, image.height, crop)
        val square = ByteArray(side * side * 3)
        for (row in 0 until side) {
            val start = ((top + row) * image.width + left) * 3
            image.rgb.copyInto(square, row * side * 3, start, start + side * 3)
        }
        return RgbImage(side, side, square)
    }

    /**
     * Pillow's antialiased bilinear filter, to the byte: integer weights, rows first, then
     * columns, each pass rounded. No Bitmap.createScaledBitmap does this.
     */
    fun resize(image: RgbImage, sizePx: Int): ByteArray {
        var scaled = image
        if (scaled.width != sizePx) scaled = alongRows(scaled, sizePx)
        if (scaled.height != sizePx) scaled = alongColumns(scaled, sizePx)
        return scaled.rgb
    }

    /** The real number that a pixel level 0..255 stands for. */
    fun normalise(level: Int): Double = (level - Constants.MEAN) / Constants.STD

    /**
     * The stored value of a real number, the input's unless told; halves go to the even
     * integer.
     */
    fun quantise(
        real: Double, type: String = Constants.INPUT_TYPE, scale: Double = Constants.INPUT_SCALE,
        zeroPoint: Int = Constants.INPUT_ZERO_POINT,
    ): Double {
        if (type == "float32") return real.toFloat().toDouble()
        val lowest = if (type == "int8") -128.0 else 0.0
        val stored = nearestEven(real / scale) + zeroPoint
        return stored.coerceIn(lowest, lowest + 255)
    }

    /** The bytes of the input tensor, floats with the least significant byte first. */
    fun store(pixels: ByteArray): ByteArray {
        val table = DoubleArray(256) { quantise(normalise(it)) }
        if (Constants.INPUT_TYPE != "float32") {
            return ByteArray(pixels.size) { table[pixels[it].level()].toInt().toByte() }
        }
        val bytes = ByteBuffer.allocate(pixels.size * 4).order(ByteOrder.LITTLE_ENDIAN)
        for (pixel in pixels) bytes.putFloat(table[pixel.level()].toFloat())
        return bytes.array()
    }

    private fun weights(from: Int, to: Int): Array<Weights> {
        val scale = from.toDouble() / to
        val support = max(scale, 1.0)
        return Array(to) { place ->
            val centre = (place + 0.5) * scale
            val first = max((centre - support + 0.5).toInt(), 0)
            val end = min((centre + support + 0.5).toInt(), from)
            val real = DoubleArray(end - first) { index ->
                val distance = abs((first + index - centre + 0.5) * (1 / support))
                if (distance < 1) 1 - distance else 0.0
            }
            var sum = 0.0
            for (weight in real) sum += weight
            val scaled = IntArray(real.size) { index ->
                val share = if (sum == 0.0) real[index] else real[index] / sum
                (0.5 + share * (1 shl PRECISION_BITS)).toInt()
            }
            Weights(first, scaled)
        }
    }

    private fun alongRows(image: RgbImage, sizePx: Int): RgbImage {
        val table = weights(image.width, sizePx)
        val result = ByteArray(sizePx * image.height * 3)
        var place = 0
        for (row in 0 until image.height) {
            for (each in table) {
                val start = (row * image.width + each.first) * 3
                for (colour in 0 until 3) {
                    result[place++] = weighed(image.rgb, start + colour, 3, each.scaled)
                }
            }
        }
        return RgbImage(sizePx, image.height, result)
    }

    private fun alongColumns(image: RgbImage, sizePx: Int): RgbImage {
        val table = weights(image.height, sizePx)
        val line = image.width * 3
        val result = ByteArray(line * sizePx)
        var place = 0
        for (each in table) {
            for (column in 0 until line) {
                result[place++] =
                    weighed(image.rgb, each.first * line + column, line, each.scaled)
            }
        }
        return RgbImage(image.width, sizePx, result)
    }

    /** The weighed sum of one colour at every `step` bytes, rounded; below 2^31. */
    private fun weighed(rgb: ByteArray, start: Int, step: Int, scaled: IntArray): Byte {
        var sum = HALF
        var at = start
        for (weight in scaled) {
            sum += rgb[at].level() * weight
            at += step
        }
        return (sum shr PRECISION_BITS).coerceIn(0, 255).toByte()
    }

    /** The nearest integer; of two equally near ones, the even one. */
    private fun nearestEven(value: Double): Double {
        val below = floor(value)
        val rest = value - below
        return when {
            rest < 0.5 -> below
            rest > 0.5 -> below + 1
            below % 2 == 0.0 -> below
            else -> below + 1
        }
    }

    // Bytes of the JVM are signed; levels of a pixel are not.
    private fun Byte.level(): Int = toInt() and 0xff
}
