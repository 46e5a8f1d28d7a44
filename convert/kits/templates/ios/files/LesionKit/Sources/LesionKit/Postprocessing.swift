// From the model's output to what is said about a lesion. Never a diagnosis.

import Foundation

public struct Verdict {
    /// Of the model, 0 to 1.
    public let score: Double
    /// Calibrated, for people.
    public let probability: Double
    /// "investigate", "uncertain", "monitor" or "unusable photo".
    public let decision: String
}

public enum Postprocessing {
    private static let smallestScore = 1.0 / 512
    // These leave it open whether a lesion was photographed at all.
    private static let doubts: Set<String> = ["no_lesion", "not_skin", "unfamiliar"]

    /// The first value of the output tensor, as stored.
    public static func storedOutput(_ output: [UInt8]) -> Double {
        switch Constants.outputType {
        case "float32":
            let bits = output.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return Double(Float(bitPattern: bits))
        case "int8": return Double(Int8(bitPattern: output[0]))
        default: return Double(output[0])
        }
    }

    /// The real score that a stored output stands for.
    public static func restore(_ stored: Double) -> Double {
        if Constants.outputType == "float32" { return stored }
        return Double(Float(Constants.outputScale * (stored - Constants.outputZeroPoint)))
    }

    /// sigmoid(logit(score) / temperature), with scores 1/512 away from 0 and 1.
    public static func calibrated(_ score: Double) -> Double {
        let clipped = min(max(score, smallestScore), 1 - smallestScore)
        let logit = log(clipped) - log1p(-clipped)
        return 1 / (1 + exp(-logit / Constants.temperature))
    }

    /// Compares scores; no rounding of a probability moves a photo across.
    public static func decision(_ score: Double, _ findings: [Finding] = []) -> String {
        if findings.contains(where: { $0.unusable }) { return "unusable photo" }
        if score >= Constants.thresholdScore { return "investigate" }
        let doubtful = findings.contains { doubts.contains($0.name) }
        return doubtful || score >= Constants.uncertainFromScore ? "uncertain" : "monitor"
    }

    public static func verdict(_ output: [UInt8], _ findings: [Finding] = []) -> Verdict {
        let score = restore(storedOutput(output))
        return Verdict(
            score: score, probability: calibrated(score), decision: decision(score, findings))
    }
}
