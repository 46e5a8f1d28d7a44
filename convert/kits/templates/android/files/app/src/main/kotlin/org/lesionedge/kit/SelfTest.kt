// Repeats the golden vectors with an app's own steps and says which step differs.
//
// Each step starts from the golden result of the step before, so that one fault is found
// at one place. Replace the functions of Steps by those of your app.

package org.lesionedge.kit

import kotlin.math.abs

/**
 * @property decode PNG or JPEG file to upright pixels; null where the app decodes nothing
 * @property findings photo and pixels to what is wrong; null where the app does not look
 * @property kernelFamily "xnnpack" (LiteRT on a CPU) or "builtin" (without that delegate)
 */
data class Steps(
    val infer: (ByteArray) -> ByteArray,
    val decode: ((ByteArray) -> RgbImage)? = null,
    val box: (Int, Int, Crop) -> Box = Preprocessing::boxOf,
    val preprocess: (RgbImage) -> ByteArray = { Preprocessing.preprocess(it) },
    val normalise: (Int) -> Double = Preprocessing::normalise,
    val store: (ByteArray) -> ByteArray = Preprocessing::store,
    val storeAnswers: (Map<String, String>) -> ByteArray = Answers::store,
    val restore: (Double) -> Double = Postprocessing::restore,
    val calibrated: (Double) -> Double = Postprocessing::calibrated,
    val decision: (Double, List<Finding>) -> String = Postprocessing::decision,
    val findings: ((RgbImage, ByteArray) -> List<Finding>)? = Quality::findingsOf,
    val kernelFamily: String = "xnnpack",
)

/**
 * @property step as in golden/steps.tsv
 * @property what what differed, by how much
 * @property hint where to look
 */
data class Difference(val step: String, val what: String, val hint: String) {
    override fun toString() = "$step differs: $what\n  $hint"
}

/** @param read gives a file of the kit's golden/ by its name */
class SelfTest(private val read: (String) -> ByteArray, private val steps: Steps) {
    private val hints = rows("steps.tsv").associate { it.getValue("step") to it.getValue("hint") }
    private val found = mutableListOf<Difference>()
    private val sameFamily = steps.kernelFamily == Constants.KERNEL_FAMILY

    /** Empty when the app gives Python's answer. */
    fun run(): List<Difference> {
        found.clear()
        // One level, one output tells enough.
        rows("levels.tsv").any { level(it); found.isNotEmpty() }
        val before = found.size
        rows("outputs.tsv").any { output(it); found.size > before }
        // One square, one answer tells enough.
        rows("crops.tsv").firstOrNull { !sameBox(it) }?.let {
            val square = "${it["x"]},${it["y"]},${it["side"]}"
            differs("crop", "square $square of ${it["width"]} x ${it["height"]} pixels")
        }
        rows("answers.tsv").firstOrNull { !sameAnswers(it) }?.let {
            differs("answers", "'${it["answers"]}': the stored answers differ")
        }
        rows("pictures.tsv").forEach { picture(it) }
        return found.toList()
    }

    private fun level(row: Map<String, String>) {
        val level = row.getValue("level").toInt()
        numbers("normalisation", "pixel level $level", row.number("real"), steps.normalise(level), 1e-9)
    }

    private fun output(row: Map<String, String>) {
        val what = "stored output ${row["stored"]}"
        val score = row.number("score")
        numbers("restore", "$what: score", score, steps.restore(row.number("stored")), 1e-9)
        numbers(
            "probability", "$what: probability", row.number("probability"),
            steps.calibrated(score), Constants.ALLOWED_PROBABILITY,
        )
        val said = steps.decision(score, emptyList())
        if (said != row["decision"]) differs("threshold", "$what: expected ${row["decision"]}, got $said")
    }

    private fun sameBox(row: Map<String, String>): Boolean {
        val crop = Crop(row.number("x"), row.number("y"), row.number("side"))
        val expected = Box(
            row.getValue("left").toInt(), row.getValue("top").toInt(), row.getValue("side_px").toInt(),
        )
        return steps.box(row.getValue("width").toInt(), row.getValue("height").toInt(), crop) == expected
    }

    private fun sameAnswers(row: Map<String, String>): Boolean {
        val stored = steps.storeAnswers(answers(row.getValue("answers")))
        return stored.contentEquals(fromHex(row.getValue("stored")))
    }

    /** "age=61;itch=yes" by name. */
    private fun answers(text: String): Map<String, String> =
        if (text.isEmpty()) emptyMap()
        else text.split(';').associate { it.substringBefore('=') to it.substringAfter('=') }

    /** Two digits a byte. */
    private fun fromHex(digits: String): ByteArray =
        ByteArray(digits.length / 2) { digits.substring(2 * it, 2 * it + 2).toInt(16).toByte() }

    private fun picture(row: Map<String, String>) {
        val name = row.getValue("name")
        val image = RgbImage(row.getValue("width").toInt(), row.getValue("height").toInt(), read("$name.rgb"))
        val input = read("$name.input")
        steps.decode?.let {
            val file = name + row.getValue("suffix")
            // Decoders of JPEG differ by a level or two.
            pixels("decode", file, image.rgb, it(read(file)).rgb, row.getValue("levels").toInt())
        }
        pixels("resize", name, read("$name.pixels"), steps.preprocess(image))
        if (!steps.store(read("$name.pixels")).contentEquals(input)) {
            differs("quantisation", "$name: the stored input differs")
        }
        val allowed =
            if (sameFamily) Constants.ALLOWED_WITHIN_FAMILY else Constants.ALLOWED_ACROSS_FAMILIES
        val told = fromHex(row.getValue("stored_answers"))
        val stored = Postprocessing.storedOutput(steps.infer(Answers.together(input, told)))
        numbers("kernels", "$name: stored output", row.number("stored"), stored, allowed)
        val seen = look(row, image)
        if (found.isEmpty() && sameFamily) whole(row, image, seen)
    }

    private fun look(row: Map<String, String>, image: RgbImage): List<Finding> {
        val look = steps.findings ?: return emptyList()
        val seen = look(image, read("${row["name"]}.pixels"))
        val names = seen.joinToString(",") { it.name }
        if (names != row["findings"]) {
            differs("quality", "${row["name"]}: expected '${row["findings"]}', got '$names'")
        }
        return seen
    }

    /** The steps one after the other, as in the app. */
    private fun whole(row: Map<String, String>, image: RgbImage, seen: List<Finding>) {
        val told = steps.storeAnswers(answers(row.getValue("answers")))
        val output = steps.infer(Answers.together(steps.store(steps.preprocess(image)), told))
        val said = steps.decision(steps.restore(Postprocessing.storedOutput(output)), seen)
        val expected = row[if (steps.findings == null) "decision" else "verdict"]
        if (said != expected) {
            differs("whole", "${row["name"]}: expected $expected, got $said")
        }
    }

    private fun differs(step: String, what: String) {
        found += Difference(step, what, hints.getValue(step))
    }

    private fun numbers(step: String, what: String, expected: Double, got: Double, allowed: Double) {
        // Not "greater than": that is false for what is not a number.
        if (!(abs(expected - got) <= allowed)) differs(step, "$what: expected $expected, got $got")
    }

    private fun pixels(
        step: String, what: String, expected: ByteArray, got: ByteArray, allowed: Int = 0,
    ) {
        when {
            largest(expected, got) <= allowed -> Unit
            largest(expected, exchanged(got)) <= allowed ->
                differs("colour order", "$what: red and blue are exchanged")
            else -> differs(step, "$what: differs by up to ${largest(expected, got)} levels")
        }
    }

    /** A table with tabs between the columns and their names in the first line. */
    private fun rows(name: String): List<Map<String, String>> {
        val lines = read(name).decodeToString().trimEnd('\n').split('\n').map { it.split('\t') }
        return lines.drop(1).map { lines.first().zip(it).toMap() }
    }

    private fun Map<String, String>.number(column: String) = getValue(column).toDouble()

    private fun exchanged(rgb: ByteArray): ByteArray {
        val result = rgb.copyOf()
        for (at in 0 until rgb.size - 2 step 3) {
            result[at] = rgb[at + 2]
            result[at + 2] = rgb[at]
        }
        return result
    }

    private fun largest(one: ByteArray, other: ByteArray): Int {
        if (one.size != other.size) return Int.MAX_VALUE
        return one.indices.maxOf { abs((one[it].toInt() and 0xff) - (other[it].toInt() and 0xff)) }
    }
}
