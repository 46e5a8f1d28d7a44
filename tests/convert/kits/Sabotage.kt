// The Kotlin of the Android kit on a desktop JVM, with LiteRT behind JNI.
//
// Words: "self-test" MODEL GOLDEN WRONG prints the steps that the self-test names, one a
// line; "pictures" MODEL (WIDTH HEIGHT FILE)... writes FILE.pixels and prints stored
// output, decision and probability of each; "answered" MODEL WIDTH HEIGHT FILE SQUARE
// ANSWERS prints decision and probability.

import java.io.File
import javax.imageio.ImageIO
import org.lesionedge.kit.Answers
import org.lesionedge.kit.Constants
import org.lesionedge.kit.Crop
import org.lesionedge.kit.Postprocessing
import org.lesionedge.kit.Preprocessing
import org.lesionedge.kit.Quality
import org.lesionedge.kit.RgbImage
import org.lesionedge.kit.SelfTest
import org.lesionedge.kit.Steps

object Native {
    init {
        System.load(System.getProperty("lesion.library"))
    }

    @JvmStatic external fun open(path: String): Long

    @JvmStatic external fun infer(model: Long, input: ByteArray): ByteArray
}

fun exchanged(rgb: ByteArray): ByteArray {
    val result = rgb.copyOf()
    for (at in rgb.indices step 3) {
        result[at] = rgb[at + 2]
        result[at + 2] = rgb[at]
    }
    return result
}

fun nearest(given: RgbImage, size: Int): ByteArray {
    val image = Preprocessing.cropped(given)
    return ByteArray(size * size * 3) {
        val row = it / 3 / size * image.height / size
        val column = it / 3 % size * image.width / size
        image.rgb[(row * image.width + column) * 3 + it % 3]
    }
}

/** By Java's own decoders, which read no EXIF; turned by a quarter where there is one. */
fun decoded(file: ByteArray, turned: Boolean): RgbImage {
    val picture = ImageIO.read(file.inputStream())
    val turn = turned && "Exif" in String(file, Charsets.ISO_8859_1)
    val width = if (turn) picture.height else picture.width
    val height = if (turn) picture.width else picture.height
    val rgb = ByteArray(width * height * 3)
    for (row in 0 until height) for (column in 0 until width) {
        val colour = if (turn) picture.getRGB(row, picture.height - 1 - column) else picture.getRGB(column, row)
        for (each in 0..2) rgb[3 * (row * width + column) + each] = (colour shr (16 - 8 * each)).toByte()
    }
    return RgbImage(width, height, rgb)
}

fun said(high: Boolean, score: Double) = when {
    high -> "investigate"
    score >= Constants.UNCERTAIN_FROM_SCORE -> "uncertain"
    else -> "monitor"
}

fun wrong(right: Steps, what: String): Steps {
    val spoilt = { input: ByteArray ->
        right.infer(input).also { it[0] = (it[0].toInt() xor 1).toByte() }
    }
    return when (what) {
        "nothing" -> right
        "exchanged colours" -> right.copy(preprocess = { exchanged(right.preprocess(it)) })
        "decoder" -> right.copy(decode = { RgbImage(1, 1, byteArrayOf(1, 2, 3)) })
        "another decoder" -> right.copy(decode = { decoded(it, turned = true) })
        "a photo on its side" -> right.copy(decode = { decoded(it, turned = false) })
        "decoded as BGR" -> right.copy(decode = {
            decoded(it, turned = true).let { rgb -> RgbImage(rgb.width, rgb.height, exchanged(rgb.rgb)) }
        })
        "nearest neighbour" -> right.copy(preprocess = { nearest(it, Constants.SIZE_PX) })
        "no square" -> right.copy(preprocess = { Preprocessing.resize(it, Constants.SIZE_PX) })
        "another square" -> right.copy(box = { width, height, _ -> right.box(width, height, Crop()) })
        "answers forgotten" -> right.copy(storeAnswers = { right.storeAnswers(emptyMap()) })
        "another range" -> right.copy(normalise = { it / 127.5 - 1 })
        "zero point" -> right.copy(store = { pixels ->
            right.store(pixels).also { for (at in it.indices) it[at]++ }
        })
        "another output" -> right.copy(infer = spoilt)
        "other kernels" -> right.copy(infer = spoilt, kernelFamily = "builtin")
        "scale" -> right.copy(restore = { it / 255 })
        "no temperature" -> right.copy(calibrated = { it })
        "threshold of one half" ->
            right.copy(decision = { score, _ -> said(score >= 0.5, score) })
        "threshold one step higher" ->
            right.copy(decision = { score, _ -> said(score > Constants.THRESHOLD_SCORE, score) })
        "no look at the photo" -> right.copy(findings = { _, _ -> emptyList() })
        else -> error("what is $what?")
    }
}

fun main(words: Array<String>) {
    val model = Native.open(words[1])
    if (words[0] == "self-test") {
        val steps = wrong(Steps(infer = { Native.infer(model, it) }), words[3])
        val found = SelfTest({ File(words[2], it).readBytes() }, steps).run()
        found.forEach { System.err.println(it) }
        found.map { it.step }.distinct().forEach { println(it) }
        return
    }
    if (words[0] == "answered") {
        val (x, y, side) = words[5].split(',').map { it.toDouble() }
        val photo = RgbImage(words[2].toInt(), words[3].toInt(), File(words[4]).readBytes())
        val image = Preprocessing.cropped(photo, Crop(x, y, side))
        val pixels = Preprocessing.preprocess(image)
        val told = words[6].split(';').filter { it.isNotEmpty() }
            .associate { it.substringBefore('=') to it.substringAfter('=') }
        val input = Answers.together(Preprocessing.store(pixels), Answers.store(told))
        val verdict = Postprocessing.verdict(Native.infer(model, input), Quality.findingsOf(image, pixels))
        println("${verdict.decision}\t${verdict.probability}")
        return
    }
    for ((width, height, file) in words.drop(2).chunked(3)) {
        val image = RgbImage(width.toInt(), height.toInt(), File(file).readBytes())
        val pixels = Preprocessing.preprocess(image)
        File("$file.pixels").writeBytes(pixels)
        val output = Native.infer(model, Preprocessing.store(pixels))
        val verdict = Postprocessing.verdict(output)
        val findings = Quality.findingsOf(image, pixels)
        val cells = listOf(
            Postprocessing.storedOutput(output), verdict.decision, verdict.probability,
            Postprocessing.verdict(output, findings).decision,
            findings.joinToString(",") { it.name },
        )
        println(cells.joinToString("\t"))
    }
}
