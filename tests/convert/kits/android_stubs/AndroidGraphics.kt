@file:Suppress("UNUSED_PARAMETER")

package android.graphics

class Matrix {
    fun postRotate(degrees: Float): Boolean = TODO()

    fun postScale(x: Float, y: Float): Boolean = TODO()
}

class Bitmap {
    val width: Int = TODO()
    val height: Int = TODO()

    fun getPixels(to: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int): Unit = TODO()

    enum class Config { ARGB_8888 }

    companion object {
        fun createBitmap(
            from: Bitmap, x: Int, y: Int, width: Int, height: Int, matrix: Matrix?, filter: Boolean,
        ): Bitmap = TODO()
    }
}

object BitmapFactory {
    class Options {
        var inPreferredConfig: Bitmap.Config? = null
        var inScaled = true
        var inPremultiplied = true
    }

    fun decodeByteArray(file: ByteArray, offset: Int, length: Int, options: Options?): Bitmap? = TODO()
}
