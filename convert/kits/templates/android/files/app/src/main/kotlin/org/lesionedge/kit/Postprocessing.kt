// From the model's output to what is said about a lesion. Never a diagnosis.

package org.lesionedge.kit

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.exp
import kotlin.math.ln
import kotlin.math.ln1p

/**
 * @property score of the model, 0 to 1
 * @property probability calibrated, for people
 * @property decision "investigate", "uncertain", "monitor" or "unusable photo"
 */
class Verdict(val score: Double, val probability: Double, val decision: String)

object Postprocessing {
    private const val SMALLEST_SCORE = 1.0 / 512

    // These leave it open whether a lesion was photographed at all.
    private val DOUBTS = setOf("no_lesion", "not_skin", "unfamiliar")

    /** The first value of the output tensor, as stored. */
    fun storedOutput(output: ByteArray): Double = when (Constants.OUTPUT_TYPE) {
        "float32" ->
            ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN).getFloat(0).toDouble()
        "int8" -> output[0].toDouble()
        else -> (output[0].toInt() and 0xff).toDouble()
    }

    /** The real score that a stored output stands for. */
    fun restore(stored: Double): Double =
        if (Constants.OUTPUT_TYPE == "float32") stored
        else (Constants.OUTPUT_SCALE * (stored - Constants.OUTPUT_ZERO_POINT)).toFloat().toDouble()

    /** sigmoid(logit(score) / temperature), with scores 1/512 away from 0 and 1. */
    fun calibrated(score: Double): Double {
        val clipped = score.coerceIn(SMALLEST_SCORE, 1 - SMALLEST_SCORE)
        val logit = ln(clipped) - ln1p(-clipped)
        return 1 / (1 + exp(-logit / Constants.TEMPERATURE))
    }

    /** Compares scores; no rounding of a probability moves a photo across. */
    fun decision(score: Double, findings: List<Finding> = emptyList()): String = when {
        findings.any { it.unusable } -> "unusable photo"
        score >= Constants.THRESHOLD_SCORE -> "investigate"
        score >= Constants.UNCERTAIN_FROM_SCORE -> "uncertain"
        findings.any { it.name in DOUBTS } -> "uncertain"
        else -> "monitor"
    }

    fun verdict(output: ByteArray, findings: List<Finding> = emptyList()): Verdict {
        val score = restore(storedOutput(output))
        return Verdict(score, calibrated(score), decision(score, findings))
    }
}
