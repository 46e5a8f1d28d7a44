// One screen: the camera, the verdict on the newest frame, and the self-test.

package org.lesionedge.app

import android.Manifest
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.compose.setContent
import androidx.activity.result.contract.ActivityResultContracts
import androidx.camera.core.CameraSelector
import androidx.camera.core.ImageAnalysis
import androidx.camera.view.LifecycleCameraController
import androidx.camera.view.PreviewView
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Button
import androidx.compose.material3.Text
import androidx.compose.material3.TextField
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import androidx.compose.ui.viewinterop.AndroidView
import java.util.Locale
import java.util.concurrent.Executors
import org.lesionedge.kit.Answers
import org.lesionedge.kit.Constants
import org.lesionedge.kit.Question
import org.lesionedge.kit.SelfTest
import org.lesionedge.kit.Steps

class MainActivity : ComponentActivity() {
    // The model and everything that touches it live on this thread.
    private val worker = Executors.newSingleThreadExecutor()
    private val model by lazy { LesionModel(applicationContext) }
    private var said by mutableStateOf("")

    // By the question's name; read by the worker at the next frame.
    private var answers by mutableStateOf(emptyMap<String, String>())

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent {
            Screen(said, answers, { answers = it }, ::watch, ::selfTest)
        }
    }

    override fun onDestroy() {
        worker.execute { model.close() }
        worker.shutdown()
        super.onDestroy()
    }

    private fun watch(view: PreviewView) {
        val camera = LifecycleCameraController(this)
        camera.cameraSelector = CameraSelector.DEFAULT_BACK_CAMERA
        // The newest frame, as RGBA, so that nothing converts YUV by rules of its own.
        camera.imageAnalysisBackpressureStrategy = ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST
        camera.imageAnalysisOutputImageFormat = ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888
        camera.setImageAnalysisAnalyzer(worker) { frame ->
            frame.use {
                val image = Pixels.of(it.toBitmap(), it.imageInfo.rotationDegrees)
                val (verdict, findings) = model.judge(image, answers)
                // Of an unusable photo a probability means nothing.
                val numbers = if (verdict.decision == "unusable photo") "" else
                    " (probability %.3f, threshold %.3f)".format(
                        Locale.ROOT, verdict.probability, Constants.THRESHOLD_PROBABILITY,
                    )
                show(verdict.decision + numbers + findings.joinToString("") { " ${it.name}" })
            }
        }
        camera.bindToLifecycle(this)
        view.controller = camera
    }

    private fun selfTest() = worker.execute {
        val steps = Steps(infer = model::infer, decode = Pixels::decode)
        val read = { name: String -> assets.open("golden/$name").use { it.readBytes() } }
        val found = SelfTest(read, steps).run()
        show(if (found.isEmpty()) "same answer as Python at every step" else found.joinToString("\n"))
    }

    private fun show(text: String) = runOnUiThread { said = text }
}

@Composable
private fun Screen(
    said: String, answers: Map<String, String>, answered: (Map<String, String>) -> Unit,
    watch: (PreviewView) -> Unit, selfTest: () -> Unit,
) {
    var allowed by remember { mutableStateOf(false) }
    val ask = rememberLauncherForActivityResult(
        ActivityResultContracts.RequestPermission()
    ) { allowed = it }
    LaunchedEffect(Unit) { ask.launch(Manifest.permission.CAMERA) }
    Column(Modifier.padding(16.dp)) {
        Text("${Constants.MODEL_NAME}: ${Constants.NOTICE}")
        Text(Constants.EVIDENCE)
        if (allowed) {
            AndroidView(
                factory = { context -> PreviewView(context).also(watch) },
                modifier = Modifier.fillMaxWidth().aspectRatio(1f),
            )
        } else {
            Text("Without the camera's permission only the self-test works.")
        }
        for (question in Constants.QUESTIONS) {
            Asked(question, answers[question.name] ?: Answers.UNKNOWN) {
                answered(answers + (question.name to it))
            }
        }
        Text(said)
        Button(onClick = selfTest) { Text("Self-test") }
    }
}

/** One question: a number is typed, of words a touch shows the next one. */
@Composable
private fun Asked(question: Question, answer: String, answered: (String) -> Unit) {
    if (question.values.isEmpty()) {
        TextField(
            value = if (answer == Answers.UNKNOWN) "" else answer,
            // What is no number in the range yet, such as half of one, is not known.
            onValueChange = { text ->
                val known = text.toDoubleOrNull()?.let { it in question.low..question.high } == true
                answered(if (known) text else Answers.UNKNOWN)
            },
            label = { Text(question.words) },
        )
    } else {
        val words = listOf(Answers.UNKNOWN) + question.values
        val shown = if (answer == Answers.UNKNOWN) "not known" else answer
        Button(onClick = { answered(words[(words.indexOf(answer) + 1) % words.size]) }) {
            Text("${question.words}: $shown")
        }
    }
}
