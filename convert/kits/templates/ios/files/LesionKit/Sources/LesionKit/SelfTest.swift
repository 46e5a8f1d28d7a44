// Repeats the golden vectors with an app's own steps and says which step differs.
//
// Each step starts from the golden result of the step before, so that one fault is found
// at one place. Replace the functions of Steps by those of your app.

import Foundation

public struct Steps {
    /// PNG or JPEG file to upright pixels; nil where the app decodes nothing.
    public var decode: (([UInt8]) throws -> RgbImage)?
    public var box: (Int, Int, Crop) -> Box = Preprocessing.box
    public var preprocess: (RgbImage) -> [UInt8] = { Preprocessing.preprocess($0) }
    public var normalise: (Int) -> Double = Preprocessing.normalise
    public var store: ([UInt8]) -> [UInt8] = Preprocessing.store
    public var storeAnswers: ([String: String]) throws -> [UInt8] = Answers.store
    public var infer: ([UInt8]) throws -> [UInt8]
    public var restore: (Double) -> Double = Postprocessing.restore
    public var calibrated: (Double) -> Double = Postprocessing.calibrated
    public var decision: (Double, [Finding]) -> String = Postprocessing.decision
    /// Photo and pixels to what is wrong; nil where the app does not look.
    public var findings: ((RgbImage, [UInt8]) -> [Finding])? = Quality.findings
    /// "xnnpack" (LiteRT on a CPU) or "builtin" (without that delegate).
    public var kernelFamily = "xnnpack"

    public init(infer: @escaping ([UInt8]) throws -> [UInt8]) {
        self.infer = infer
    }
}

public struct Difference: CustomStringConvertible {
    /// As in golden/steps.tsv.
    public let step: String
    /// What differed, by how much.
    public let what: String
    /// Where to look.
    public let hint: String

    public var description: String { "\(step) differs: \(what)\n  \(hint)" }
}

public final class SelfTest {
    private typealias Row = [String: String]

    private let read: (String) throws -> [UInt8]
    private let steps: Steps
    private var hints: Row = [:]
    private var found: [Difference] = []

    /// `read` gives a file of the kit's golden/ by its name.
    public init(steps: Steps, read: @escaping (String) throws -> [UInt8]) {
        self.steps = steps
        self.read = read
    }

    /// Empty when the app gives Python's answer.
    public func run() throws -> [Difference] {
        found = []
        for row in try rows("steps.tsv") { hints[row["step"]!] = row["hint"]! }
        // One level, one output tells enough.
        for row in try rows("levels.tsv") where found.isEmpty { level(row) }
        let before = found.count
        for row in try rows("outputs.tsv") where found.count == before { output(row) }
        // One square, one answer tells enough.
        if let row = try rows("crops.tsv").first(where: { !sameBox($0) }) {
            let square = "\(row["x"]!),\(row["y"]!),\(row["side"]!)"
            differs("crop", "square \(square) of \(row["width"]!) x \(row["height"]!) pixels")
        }
        if let row = try rows("answers.tsv").first(where: { try !sameAnswers($0) }) {
            differs("answers", "'\(row["answers"]!)': the stored answers differ")
        }
        for row in try rows("pictures.tsv") { try picture(row) }
        return found
    }

    private var sameFamily: Bool { steps.kernelFamily == Constants.kernelFamily }

    private func level(_ row: Row) {
        let level = Int(row["level"]!)!
        numbers(
            "normalisation", "pixel level \(level)", number(row, "real"),
            steps.normalise(level), 1e-9)
    }

    private func output(_ row: Row) {
        let what = "stored output \(row["stored"]!)"
        let score = number(row, "score")
        numbers("restore", "\(what): score", score, steps.restore(number(row, "stored")), 1e-9)
        numbers(
            "probability", "\(what): probability", number(row, "probability"),
            steps.calibrated(score), Constants.allowedProbability)
        let said = steps.decision(score, [])
        if said != row["decision"] {
            differs("threshold", "\(what): expected \(row["decision"]!), got \(said)")
        }
    }

    private func sameBox(_ row: Row) -> Bool {
        let crop = Crop(x: number(row, "x"), y: number(row, "y"), side: number(row, "side"))
        let expected = Box(
            left: Int(row["left"]!)!, top: Int(row["top"]!)!, side: Int(row["side_px"]!)!)
        return steps.box(Int(row["width"]!)!, Int(row["height"]!)!, crop) == expected
    }

    private func sameAnswers(_ row: Row) throws -> Bool {
        try steps.storeAnswers(answers(row["answers"]!)) == fromHex(row["stored"]!)
    }

    /// "age=61;itch=yes" by name.
    private func answers(_ text: String) -> [String: String] {
        var found: [String: String] = [:]
        for pair in text.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            found[parts[0]] = parts[1]
        }
        return found
    }

    /// Two digits a byte.
    private func fromHex(_ digits: String) -> [UInt8] {
        let letters = Array(digits)
        return stride(from: 0, to: letters.count - 1, by: 2).map {
            UInt8(String(letters[$0...$0 + 1]), radix: 16)!
        }
    }

    private func picture(_ row: Row) throws {
        let name = row["name"]!
        let image = RgbImage(
            width: Int(row["width"]!)!, height: Int(row["height"]!)!, rgb: try read("\(name).rgb"))
        let goldenPixels = try read("\(name).pixels")
        let input = try read("\(name).input")
        if let decode = steps.decode {
            let file = name + row["suffix"]!
            // Decoders of JPEG differ by a level or two.
            let decoded = try decode(try read(file))
            pixels("decode", file, image.rgb, decoded.rgb, allowed: Int(row["levels"]!)!)
        }
        pixels("resize", name, goldenPixels, steps.preprocess(image))
        if steps.store(goldenPixels) != input {
            differs("quantisation", "\(name): the stored input differs")
        }
        let allowed = sameFamily ? Constants.allowedWithinFamily : Constants.allowedAcrossFamilies
        let told = fromHex(row["stored_answers"]!)
        let stored = Postprocessing.storedOutput(try steps.infer(Answers.together(input, told)))
        numbers("kernels", "\(name): stored output", number(row, "stored"), stored, allowed)
        let seen = look(row, image, goldenPixels)
        if found.isEmpty && sameFamily { try whole(row, image, seen) }
    }

    private func look(_ row: Row, _ image: RgbImage, _ pixels: [UInt8]) -> [Finding] {
        guard let findings = steps.findings else { return [] }
        let seen = findings(image, pixels)
        let names = seen.map(\.name).joined(separator: ",")
        if names != row["findings"] {
            differs("quality", "\(row["name"]!): expected '\(row["findings"]!)', got '\(names)'")
        }
        return seen
    }

    /// The steps one after the other, as in the app.
    private func whole(_ row: Row, _ image: RgbImage, _ seen: [Finding]) throws {
        let told = try steps.storeAnswers(answers(row["answers"]!))
        let output = try steps.infer(
            Answers.together(steps.store(steps.preprocess(image)), told))
        let said = steps.decision(steps.restore(Postprocessing.storedOutput(output)), seen)
        let expected = row[steps.findings == nil ? "decision" : "verdict"]!
        if said != expected {
            differs("whole", "\(row["name"]!): expected \(expected), got \(said)")
        }
    }

    private func differs(_ step: String, _ what: String) {
        found.append(Difference(step: step, what: what, hint: hints[step] ?? ""))
    }

    private func numbers(
        _ step: String, _ what: String, _ expected: Double, _ got: Double, _ allowed: Double
    ) {
        // Not "greater than": that is false for what is not a number.
        if !(abs(expected - got) <= allowed) {
            differs(step, "\(what): expected \(expected), got \(got)")
        }
    }

    private func pixels(
        _ step: String, _ what: String, _ expected: [UInt8], _ got: [UInt8], allowed: Int = 0
    ) {
        if largest(expected, got) <= allowed { return }
        if largest(expected, exchanged(got)) <= allowed {
            differs("colour order", "\(what): red and blue are exchanged")
        } else {
            differs(step, "\(what): differs by up to \(largest(expected, got)) levels")
        }
    }

    /// A table with tabs between the columns and their names in the first line.
    private func rows(_ name: String) throws -> [Row] {
        let text = String(decoding: try read(name), as: UTF8.self)
        let lines = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.dropFirst().map { Row(uniqueKeysWithValues: zip(lines[0], $0)) }
    }

    private func number(_ row: Row, _ column: String) -> Double { Double(row[column]!)! }

    private func exchanged(_ rgb: [UInt8]) -> [UInt8] {
        var result = rgb
        for at in stride(from: 0, to: rgb.count - 2, by: 3) { result.swapAt(at, at + 2) }
        return result
    }

    private func largest(_ one: [UInt8], _ other: [UInt8]) -> Int {
        if one.count != other.count { return 255 }
        return zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}
