// What a person says about the lesion, as the bytes of the model's second input.

package org.lesionedge.kit

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.max

/**
 * @property words to ask a person
 * @property low of a number
 * @property high of a number
 * @property values allowed answers; none where a number is asked for
 */
class Question(
    val name: String, val words: String, val low: Double, val high: Double, val values: List<String>,
)

object Answers {
    const val UNKNOWN = "unknown"

    /**
     * Empty where the model asks nothing; together() puts it behind Preprocessing.store's
     * bytes.
     *
     * @param answers by the question's name: an allowed answer, a number as text, or
     *     "unknown"; those left out are unknown
     */
    fun store(answers: Map<String, String>): ByteArray {
        for (name in answers.keys) {
            require(Constants.QUESTIONS.any { it.name == name }) { "the model does not ask about $name" }
        }
        val real = Constants.QUESTIONS.flatMap { places(it, answers[it.name] ?: UNKNOWN) }
        if (Constants.ANSWERS_TYPE != "float32") {
            return ByteArray(real.size) {
                Preprocessing.quantise(
                    real[it].toDouble(), Constants.ANSWERS_TYPE, Constants.ANSWERS_SCALE,
                    Constants.ANSWERS_ZERO_POINT,
                ).toInt().toByte()
            }
        }
        val bytes = ByteBuffer.allocate(real.size * 4).order(ByteOrder.LITTLE_ENDIAN)
        for (value in real) bytes.putFloat(value)
        return bytes.array()
    }

    /** What infer takes: the stored photo, and the stored answers behind it. */
    fun together(photo: ByteArray, answers: ByteArray): ByteArray = photo + answers

    /** The two parts of together's bytes in the model's own order. */
    fun inModelOrder(input: ByteArray): List<ByteArray> {
        if (Constants.QUESTIONS.isEmpty()) return listOf(input)
        val bytes = if (Constants.INPUT_TYPE == "float32") 4 else 1
        val photo = Constants.SIZE_PX * Constants.SIZE_PX * 3 * bytes
        val parts = listOf(input.copyOf(photo), input.copyOfRange(photo, input.size))
        return if (Constants.ANSWERS_AT == 0) parts.reversed() else parts
    }

    /** One for each allowed answer, or for the number, and unknown's. */
    private fun places(question: Question, answer: String): List<Float> {
        val found = MutableList(max(question.values.size, 1) + 1) { 0f }
        if (answer == UNKNOWN) {
            found[found.size - 1] = 1f
        } else if (question.values.isNotEmpty()) {
            val at = question.values.indexOf(answer)
            require(at >= 0) { refusal(question, answer) }
            found[at] = 1f
        } else {
            val number = answer.toDoubleOrNull()
            require(number != null && number in question.low..question.high) { refusal(question, answer) }
            found[0] = ((number - question.low) / (question.high - question.low)).toFloat()
        }
        return found
    }

    private fun refusal(question: Question, answer: String): String {
        val allowed =
            if (question.values.isEmpty()) "a number from ${question.low} to ${question.high}"
            else question.values.joinToString(", ")
        return "the answer to ${question.name} is '$answer'; expected one of $allowed, $UNKNOWN"
    }
}
