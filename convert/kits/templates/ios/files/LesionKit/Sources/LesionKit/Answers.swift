// What a person says about the lesion, as the bytes of the model's second input.

import Foundation

public struct Question {
    public let name: String
    /// To ask a person.
    public let words: String
    /// Of a number.
    public let low: Double
    public let high: Double
    /// Allowed answers; none where a number is asked for.
    public let values: [String]

    public init(_ name: String, _ words: String, _ low: Double, _ high: Double, _ values: [String]) {
        self.name = name
        self.words = words
        self.low = low
        self.high = high
        self.values = values
    }
}

public struct AnswerError: Error, CustomStringConvertible {
    public let description: String
}

public enum Answers {
    public static let unknown = "unknown"

    /// Empty where the model asks nothing; together() puts it behind Preprocessing.store's
    /// bytes. By the question's name: an allowed answer, a number as text, or "unknown";
    /// those left out are unknown.
    public static func store(_ answers: [String: String]) throws -> [UInt8] {
        for name in answers.keys where !Constants.questions.contains(where: { $0.name == name }) {
            throw AnswerError(description: "the model does not ask about \(name)")
        }
        let real = try Constants.questions.flatMap { try places($0, answers[$0.name] ?? unknown) }
        if Constants.answersType != "float32" {
            return real.map {
                let stored = Preprocessing.quantise(
                    Double($0), Constants.answersType, Constants.answersScale,
                    Constants.answersZeroPoint)
                return UInt8(truncatingIfNeeded: Int(stored))
            }
        }
        return real.flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
        }
    }

    /// What infer takes: the stored photo, and the stored answers behind it.
    public static func together(_ photo: [UInt8], _ answers: [UInt8]) -> [UInt8] { photo + answers }

    /// The two parts of together's bytes in the model's own order.
    public static func inModelOrder(_ input: [UInt8]) -> [[UInt8]] {
        if Constants.questions.isEmpty { return [input] }
        let bytes = Constants.inputType == "float32" ? 4 : 1
        let photo = Constants.sizePx * Constants.sizePx * 3 * bytes
        let parts = [Array(input.prefix(photo)), Array(input.dropFirst(photo))]
        return Constants.answersAt == 0 ? parts.reversed() : parts
    }

    /// One for each allowed answer, or for the number, and unknown's.
    private static func places(_ question: Question, _ answer: String) throws -> [Float] {
        var found = [Float](repeating: 0, count: max(question.values.count, 1) + 1)
        if answer == unknown {
            found[found.count - 1] = 1
        } else if !question.values.isEmpty {
            guard let at = question.values.firstIndex(of: answer) else {
                throw refusal(question, answer)
            }
            found[at] = 1
        } else {
            guard let number = Double(answer), number >= question.low, number <= question.high
            else { throw refusal(question, answer) }
            found[0] = Float((number - question.low) / (question.high - question.low))
        }
        return found
    }

    private static func refusal(_ question: Question, _ answer: String) -> AnswerError {
        let allowed = question.values.isEmpty
            ? "a number from \(question.low) to \(question.high)"
            : question.values.joined(separator: ", ")
        return AnswerError(
            description: "the answer to \(question.name) is '\(answer)';"
                + " expected one of \(allowed), \(unknown)")
    }
}
