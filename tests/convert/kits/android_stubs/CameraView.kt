@file:Suppress("UNUSED_PARAMETER")

package androidx.camera.view

import android.content.Context
import androidx.camera.core.CameraSelector
import androidx.camera.core.ImageAnalysis
import androidx.lifecycle.LifecycleOwner
import java.util.concurrent.Executor

abstract class CameraController(context: Context) {
    var cameraSelector: CameraSelector = TODO()
    var imageAnalysisBackpressureStrategy: Int = TODO()
    var imageAnalysisOutputImageFormat: Int = TODO()

    fun setImageAnalysisAnalyzer(executor: Executor, analyzer: ImageAnalysis.Analyzer): Unit = TODO()
}

class LifecycleCameraController(context: Context) : CameraController(context) {
    fun bindToLifecycle(owner: LifecycleOwner): Unit = TODO()
}

class PreviewView(context: Context) : android.view.View() {
    var controller: CameraController? = TODO()
}
