// From Android's pictures to upright RGB pixels.

package org.lesionedge.app

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import org.lesionedge.kit.RgbImage

object Pixels {
    /** A bitmap's integers are ARGB; the model wants R, G, B. */
    fun of(bitmap: Bitmap): RgbImage {
        val argb = IntArray(bitmap.width * bitmap.height)
        bitmap.getPixels(argb, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
        val rgb = ByteArray(argb.size * 3)
        argb.forEachIndexed { at, colour ->
            rgb[3 * at] = (colour shr 16).toByte()
            rgb[3 * at + 1] = (colour shr 8).toByte()
            rgb[3 * at + 2] = colour.toByte()
        }
        return RgbImage(bitmap.width, bitmap.height, rgb)
    }

    /** A camera frame, turned upright. */
    fun of(bitmap: Bitmap, rotationDegrees: Int): RgbImage {
        if (rotationDegrees == 0) return of(bitmap)
        val turn = Matrix().apply { postRotate(rotationDegrees.toFloat()) }
        return of(Bitmap.createBitmap(bitmap, 0, 0, bitmap.width, bitmap.height, turn, false))
    }

    /** A PNG or JPEG file. Turn photos upright yourself: this reads no EXIF. */
    fun decode(file: ByteArray): RgbImage {
        val options = BitmapFactory.Options().apply {
            inPreferredConfig = Bitmap.Config.ARGB_8888
            inScaled = false
            inPremultiplied = false
        }
        val bitmap = BitmapFactory.decodeByteArray(file, 0, file.size, options)
        return of(requireNotNull(bitmap) { "the picture cannot be decoded" })
    }
}
