// One screen: choose a photo, read the verdict, run the self-test.

import LesionKit
import PhotosUI
import SwiftUI

@main
struct LesionApp: App {
    var body: some Scene {
        WindowGroup { LesionView() }
    }
}

struct LesionView: View {
    @State private var chosen: PhotosPickerItem?
    @State private var said = ""
    @State private var answers: [String: String] = [:]

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text("\(Constants.modelName): \(Constants.notice)").bold()
            Text(Constants.evidence).font(.footnote)
            ForEach(Constants.questions, id: \.name) { asked($0) }
            PhotosPicker("Choose a photo", selection: $chosen, matching: .images)
            Text(said)
            Button("Self-test") { said = selfTest() }
        }
        .padding()
        .onChange(of: chosen) { item in
            Task { said = await judge(item) }
        }
    }

    /// One question: a number is typed, a word is picked.
    @ViewBuilder private func asked(_ question: Question) -> some View {
        let answer = Binding(
            get: { answers[question.name] ?? Answers.unknown },
            set: { answers[question.name] = $0 })
        if question.values.isEmpty {
            let number = Binding(
                get: { answers[question.name] ?? "" },
                set: { answers[question.name] = $0.isEmpty ? nil : $0 })
            TextField("\(question.words): not known", text: number).keyboardType(.decimalPad)
        } else {
            Picker(question.words, selection: answer) {
                Text("not known").tag(Answers.unknown)
                ForEach(question.values, id: \.self) { Text($0).tag($0) }
            }
        }
    }

    private func judge(_ item: PhotosPickerItem?) async -> String {
        do {
            guard let data = try await item?.loadTransferable(type: Data.self) else { return "" }
            let (verdict, findings) = try LesionModel().judge(
                try Pixels.of(data), answers: answers)
            // Of an unusable photo a probability means nothing.
            let numbers = verdict.decision == "unusable photo" ? [] : [String(
                format: "(probability %.3f, threshold %.3f)",
                verdict.probability, Constants.thresholdProbability)]
            return ([verdict.decision] + numbers + findings.map(\.name)).joined(separator: " ")
        } catch {
            return "error: \(error.localizedDescription)"
        }
    }

    private func selfTest() -> String {
        do {
            let model = try LesionModel()
            var steps = Steps(infer: model.infer)
            steps.decode = { try Pixels.of(Data($0)) }
            let found = try SelfTest(steps: steps) { name in
                let folder = Bundle.main.resourceURL!.appendingPathComponent("golden")
                return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
            }.run()
            return found.isEmpty
                ? "same answer as Python at every step"
                : found.map(\.description).joined(separator: "\n")
        } catch {
            return "error: \(error.localizedDescription)"
        }
    }
}
