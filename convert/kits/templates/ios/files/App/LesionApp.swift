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

    var body: some View {
        VStack(alignment: .leading, spacing: 16) {
            Text("\(Constants.modelName): \(Constants.notice)").bold()
            Text(Constants.evidence).font(.footnote)
            PhotosPicker("Choose a photo", selection: $chosen, matching: .images)
            Text(said)
            Button("Self-test") { said = selfTest() }
        }
        .padding()
        .onChange(of: chosen) { item in
            Task { said = await judge(item) }
        }
    }

    private func judge(_ item: PhotosPickerItem?) async -> String {
        do {
            guard let data = try await item?.loadTransferable(type: Data.self) else { return "" }
            let (verdict, findings) = try LesionModel().judge(try Pixels.of(data))
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
