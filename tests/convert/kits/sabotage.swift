// The Swift of the iOS kit on Linux. The model is replaced by the golden outputs.
//
// Words: "self-test" GOLDEN WRONG prints the steps that the self-test names, one a line;
// "pictures" LIST writes FILE.pixels for each WIDTH HEIGHT FILE of LIST, and prints
// decision and probability of each stored output.

import Foundation

func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func nearest(_ given: RgbImage, _ size: Int) -> [UInt8] {
    let image = Preprocessing.cropped(given)
    return (0..<size * size * 3).map { at in
        let row = at / 3 / size * image.height / size
        let column = at / 3 % size * image.width / size
        return image.rgb[(row * image.width + column) * 3 + at % 3]
    }
}

func said(_ high: Bool, _ score: Double) -> String {
    high ? "investigate" : score >= Constants.uncertainFromScore ? "uncertain" : "monitor"
}

func sabotaged(_ right: Steps, _ what: String) -> Steps {
    var steps = right
    switch what {
    case "nothing": break
    case "exchanged colours":
        steps.preprocess = { image in
            var pixels = right.preprocess(image)
            for at in stride(from: 0, to: pixels.count, by: 3) { pixels.swapAt(at, at + 2) }
            return pixels
        }
    case "decoder": steps.decode = { _ in RgbImage(width: 1, height: 1, rgb: [1, 2, 3]) }
    case "nearest neighbour": steps.preprocess = { nearest($0, Constants.sizePx) }
    case "no square": steps.preprocess = { Preprocessing.resize($0, sizePx: Constants.sizePx) }
    case "another square": steps.box = { width, height, _ in right.box(width, height, Crop()) }
    case "answers forgotten": steps.storeAnswers = { _ in try right.storeAnswers([:]) }
    case "another range": steps.normalise = { Double($0) / 127.5 - 1 }
    case "zero point": steps.store = { right.store($0).map { $0 &+ 1 } }
    case "another output": steps.infer = { try right.infer($0).map { $0 ^ 1 } }
    case "other kernels":
        steps.infer = { try right.infer($0).map { $0 ^ 1 } }
        steps.kernelFamily = "builtin"
    case "scale": steps.restore = { $0 / 255 }
    case "no temperature": steps.calibrated = { $0 }
    case "threshold of one half": steps.decision = { score, _ in said(score >= 0.5, score) }
    case "threshold one step higher":
        steps.decision = { score, _ in said(score > Constants.thresholdScore, score) }
    case "no look at the photo": steps.findings = { _, _ in [] }
    default: fatalError("what is \(what)?")
    }
    return steps
}

@main
struct Main {
    static func main() throws {
        let words = CommandLine.arguments
        if words[1] == "self-test" {
            let golden = words[2]
            var outputs: [[UInt8]: UInt8] = [:]
            let table = String(decoding: try bytes("\(golden)/pictures.tsv"), as: UTF8.self)
            for line in table.split(separator: "\n").dropFirst() {
                let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
                let digits = Array(cells[6])
                let told = stride(from: 0, to: digits.count - 1, by: 2).map {
                    UInt8(String(digits[$0...$0 + 1]), radix: 16)!
                }
                outputs[try bytes("\(golden)/\(cells[0]).input") + told] = UInt8(cells[7])!
            }
            let right = Steps(infer: { [outputs[$0] ?? 0] })
            let test = SelfTest(steps: sabotaged(right, words[3])) { try bytes("\(golden)/\($0)") }
            var named: Set<String> = []
            for difference in try test.run() where named.insert(difference.step).inserted {
                print(difference.step)
            }
            return
        }
        for line in String(decoding: try bytes(words[2]), as: UTF8.self).split(separator: "\n") {
            let cells = line.split(separator: "\t").map(String.init)
            let image = RgbImage(width: Int(cells[0])!, height: Int(cells[1])!, rgb: try bytes(cells[2]))
            let pixels = Preprocessing.preprocess(image)
            try Data(pixels).write(to: URL(fileURLWithPath: cells[2] + ".pixels"))
            guard words.count > 3 else { continue }
            // "looks" after the list: what is wrong with each photo, and the decisions of
            // all outputs with it.
            let findings = Quality.findings(of: image, pixels: pixels)
            let decisions = (0..<256).map { Postprocessing.verdict([UInt8($0)], findings).decision }
            print((decisions + [findings.map(\.name).joined(separator: ",")]).joined(separator: "\t"))
        }
        for stored in 0..<256 where words.count == 3 {
            let verdict = Postprocessing.verdict([UInt8(stored)])
            print("\(stored)\t\(verdict.decision)\t\(verdict.probability)")
        }
    }
}
