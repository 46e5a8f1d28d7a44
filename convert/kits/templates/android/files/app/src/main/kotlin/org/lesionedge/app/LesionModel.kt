// The model, run by LiteRT's CompiledModel on the CPU. Use it from one thread at a time.

package org.lesionedge.app

import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import org.lesionedge.kit.Answers
import org.lesionedge.kit.Constants
import org.lesionedge.kit.Crop
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

    /**
     * Stored input, as Preprocessing.store and Answers.together give it, to the bytes of
     * the stored output.
     */
    fun infer(input: ByteArray): ByteArray {
        Answers.inModelOrder(input).forEachIndexed { place, part ->
            val answers = Constants.QUESTIONS.isNotEmpty() && place == Constants.ANSWERS_AT
            if ((if (answers) Constants.ANSWERS_TYPE else Constants.INPUT_TYPE) == "float32") {
                inputs[place].writeFloat(Floats.of(part))
            } else {
                // Bytes are bytes: uint8 tensors take them as they are.
                inputs[place].writeInt8(part)
            }
        }
        model.run(inputs, outputs)
        return if (Constants.OUTPUT_TYPE == "float32") {
            Floats.bytes(outputs[0].readFloat())
        } else {
            outputs[0].readInt8()
        }
    }

    /** The verdict on a square of the photo, and what is wrong with it. */
    fun judge(
        photo: RgbImage, answers: Map<String, String> = emptyMap(), crop: Crop = Crop(),
    ): Pair<Verdict, List<Finding>> {
        val image = Preprocessing.cropped(photo, crop)
        val pixels = Preprocessing.preprocess(image)
        val findings = Quality.findingsOf(image, pixels)
        val input = Answers.together(Preprocessing.store(pixels), Answers.store(answers))
        return Postprocessing.verdict(infer(input), findings) to findings
    }

    override fun close() {
        inputs.forEach { it.close() }
        outputs.forEach { it.close() }
        model.close()
    }
}
