// The model, run by TensorFlow Lite's Swift API on the CPU. One thread at a time.

import Foundation
import LesionKit
import TensorFlowLite

final class LesionModel {
    private let interpreter: Interpreter

    /// The model and golden/ are resources of the app.
    init() throws {
        guard let path = Bundle.main.path(forResource: Constants.modelName, ofType: "tflite") else {
            throw CocoaError(.fileNoSuchFile)
        }
        var options = Interpreter.Options()
        // Off unless asked for; without it the kernels are of the other family.
        options.isXNNPackEnabled = true
        options.threadCount = 1
        interpreter = try Interpreter(modelPath: path, options: options)
        try interpreter.allocateTensors()
    }

    /// Stored input, as Preprocessing.store and Answers.together give it, to the bytes of
    /// the stored output.
    func infer(_ input: [UInt8]) throws -> [UInt8] {
        for (place, part) in Answers.inModelOrder(input).enumerated() {
            try interpreter.copy(Data(part), toInputAt: place)
        }
        try interpreter.invoke()
        return [UInt8](try interpreter.output(at: 0).data)
    }

    /// The verdict on a square of the photo, and what is wrong with it.
    func judge(
        _ photo: RgbImage, answers: [String: String] = [:], crop: Crop = Crop()
    ) throws -> (Verdict, [Finding]) {
        let image = Preprocessing.cropped(photo, crop)
        let pixels = Preprocessing.preprocess(image)
        let findings = Quality.findings(of: image, pixels: pixels)
        let input = Answers.together(Preprocessing.store(pixels), try Answers.store(answers))
        let output = try infer(input)
        return (Postprocessing.verdict(output, findings), findings)
    }
}
