// The model, run by LiteRT's CompiledModel on the CPU. Use it from one thread at a time.

package org.lesionedge.app

import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import org.lesionedge.kit.Constants
import org.lesionedge.kit.Finding
import org.lesionedge.kit.Postprocessing
import org.lesionedge.kit.Preprocessing
import org.lesionedge.kit.Quality
import org.lesionedge.kit.RgbImage
import org.lesionedge.kit.Verdict

class LesionModel(context: Context) : AutoCloseable {
    // CPU: only XNNPACK's kernels give the golden outputs. A GPU rounds otherwise.
    private val model = CompiledModel.create(
        context.assets, Constants.MODEL_FILE, CompiledModel.Options(Accelerator.CPU),
    )
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** Stored input, as Preprocessing.store gives it, to the bytes of the stored output. */
    fun infer(input: ByteArray): ByteArray {
        if (Constants.INPUT_TYPE == "float32") {
            inputs[0].writeFloat(Floats.of(input))
        } else {
            // Bytes are bytes: uint8 tensors take them as they are.
            inputs[0].writeInt8(input)
        }
        model.run(inputs, outputs)
        return if (Constants.OUTPUT_TYPE == "float32") {
            Floats.bytes(outputs[0].readFloat())
        } else {
            outputs[0].readInt8()
        }
    }

    /** The verdict, and what is wrong with the photo. */
    fun judge(image: RgbImage): Pair<Verdict, List<Finding>> {
        val pixels = Preprocessing.preprocess(image)
        val findings = Quality.findingsOf(image, pixels)
        return Postprocessing.verdict(infer(Preprocessing.store(pixels)), findings) to findings
    }

    override fun close() {
        inputs.forEach { it.close() }
        outputs.forEach { it.close() }
        model.close()
    }
}
