@file:Suppress("UNUSED_PARAMETER")

package androidx.camera.core

import android.graphics.Bitmap

class CameraSelector {
    companion object {
        val DEFAULT_BACK_CAMERA: CameraSelector = TODO()
    }
}

interface ImageInfo {
    val rotationDegrees: Int
}

interface ImageProxy : AutoCloseable {
    val imageInfo: ImageInfo

    fun toBitmap(): Bitmap
}

class ImageAnalysis {
    fun interface Analyzer {
        fun analyze(image: ImageProxy)
    }

    companion object {
        const val STRATEGY_KEEP_ONLY_LATEST = 0
        const val OUTPUT_IMAGE_FORMAT_RGBA_8888 = 2
    }
}
