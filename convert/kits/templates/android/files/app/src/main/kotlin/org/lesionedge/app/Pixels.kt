// From Android's pictures to upright RGB pixels.

package org.lesionedge.app

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import android.media.ExifInterface
import java.io.ByteArrayInputStream
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

    /** A PNG or JPEG file, turned upright by its EXIF orientation. */
    fun decode(file: ByteArray): RgbImage {
        val options = BitmapFactory.Options().apply {
            inPreferredConfig = Bitmap.Config.ARGB_8888
            inScaled = false
            inPremultiplied = false
        }
        val bitmap = BitmapFactory.decodeByteArray(file, 0, file.size, options)
        requireNotNull(bitmap) { "the picture cannot be decoded" }
        val orientation = ExifInterface(ByteArrayInputStream(file))
            .getAttributeInt(ExifInterface.TAG_ORIENTATION, ExifInterface.ORIENTATION_NORMAL)
        val turn = upright(orientation)
        return of(Bitmap.createBitmap(bitmap, 0, 0, bitmap.width, bitmap.height, turn, false))
    }

    private fun upright(orientation: Int) = Matrix().apply {
        when (orientation) {
            ExifInterface.ORIENTATION_ROTATE_90, ExifInterface.ORIENTATION_TRANSPOSE -> postRotate(90f)
            ExifInterface.ORIENTATION_ROTATE_180 -> postRotate(180f)
            ExifInterface.ORIENTATION_ROTATE_270, ExifInterface.ORIENTATION_TRANSVERSE -> postRotate(270f)
        }
        when (orientation) {
            ExifInterface.ORIENTATION_FLIP_HORIZONTAL, ExifInterface.ORIENTATION_TRANSPOSE,
            ExifInterface.ORIENTATION_TRANSVERSE -> postScale(-1f, 1f)
            ExifInterface.ORIENTATION_FLIP_VERTICAL -> postScale(1f, -1f)
        }
    }
}
