// What speaks against trusting a verdict: photos that show too little, as Python sees it.

import Foundation

/// One thing that is wrong with a photo.
public struct Finding {
    /// Such as "blurred"; edge_runtime/photos/quality.py lists them.
    public let name: String
    /// Whether no verdict should be given at all.
    public let unusable: Bool

    public init(name: String, unusable: Bool) {
        self.name = name
        self.unusable = unusable
    }
}

public enum Quality {
    private typealias Limits = QualityLimits
    private static let fields = 16

    /// Empty for most photos. `pixels` is what preprocess gives for the image.
    public static func findings(of image: RgbImage, pixels: [UInt8]) -> [Finding] {
        let shortSide = min(image.width, image.height)
        let side = min(Limits.lookPx, shortSide)
        let look = side == Constants.sizePx ? pixels : Preprocessing.preprocess(image, sizePx: side)
        let luma = luma(of: look)
        var found: [Finding] = []
        if shortSide < Constants.sizePx {
            let least = min(Limits.leastSidePx, Constants.sizePx / 2)
            found.append(Finding(name: "small", unusable: shortSide < least))
        }
        found += exposure(look, mean(luma))
        // A frame without a picture is not worth calling blurred as well.
        if found.contains(where: { $0.unusable }) { return found }
        found += graded("blurred", sharpness(luma, side), Limits.leastSharpness, Limits.noSharpness)
        let structured = structure(look, side)
        found += graded("no_lesion", structured, Limits.leastStructure, Limits.noStructure)
        found += graded("not_skin", shareOfReddish(look), Limits.leastReddish, Limits.noReddish)
        let far = Familiarity.distance(look, side, structured)
        if far > Limits.mostUnfamiliar {
            found.append(Finding(name: "unfamiliar", unusable: far > Limits.foreign))
        }
        return found
    }

    private static func exposure(_ look: [UInt8], _ level: Double) -> [Finding] {
        var found: [Finding] = []
        if level < Limits.darkestMean {
            found.append(Finding(name: "dark", unusable: true))
        } else if level > Limits.brightestMean {
            found.append(Finding(name: "bright", unusable: true))
        }
        let varied = (0..<3).map { deviation(channel(look, $0)) }.max() ?? 0
        if varied / max(level, 1) < Limits.leastContrast {
            found.append(Finding(name: "uniform", unusable: true))
        }
        if shareOfClipped(look) > Limits.mostClipped {
            found.append(Finding(name: "clipped", unusable: false))
        }
        return found
    }

    private static func graded(
        _ name: String, _ value: Double, _ least: Double, _ none: Double
    ) -> [Finding] {
        value < least ? [Finding(name: name, unusable: value < none)] : []
    }

    private static func channel(_ rgb: [UInt8], _ colour: Int) -> [Double] {
        stride(from: colour, to: rgb.count, by: 3).map { Double(rgb[$0]) }
    }

    private static func shareOfClipped(_ rgb: [UInt8]) -> Double {
        // Two levels from the end: JPEG moves a clipped area by that much.
        shareOfPixels(rgb) { min($0, $1, $2) >= 253 }
    }

    static func shareOfReddish(_ rgb: [UInt8]) -> Double {
        shareOfPixels(rgb) { $0 > $1 && $0 > $2 }
    }

    private static func shareOfPixels(
        _ rgb: [UInt8], where wanted: (UInt8, UInt8, UInt8) -> Bool
    ) -> Double {
        var found = 0
        for at in stride(from: 0, to: rgb.count, by: 3)
        where wanted(rgb[at], rgb[at + 1], rgb[at + 2]) {
            found += 1
        }
        return Double(found) / Double(rgb.count / 3)
    }

    private static func sharpness(_ luma: [Double], _ side: Int) -> Double {
        if side < 3 { return 0 }
        var values: [Double] = []
        for row in 1..<side - 1 {
            for column in 1..<side - 1 { values.append(laplacian(luma, side, row * side + column)) }
        }
        return deviation(values) / max(mean(luma), 1)
    }

    /// What is left of 16 x 16 fields without the best plane through them.
    private static func structure(_ look: [UInt8], _ side: Int) -> Double {
        let small = Preprocessing.resize(RgbImage(width: side, height: side, rgb: look), sizePx: fields)
        let middle = Double(fields - 1) / 2
        // Rows and columns are evenly spread, so the plane's slopes are independent.
        let places = (0..<fields).map { Double($0) - middle }
        let spread = Double(fields) * places.reduce(0) { $0 + $1 * $1 }
        var most = 0.0
        var total = 0.0
        for colour in 0..<3 {
            var values = channel(small, colour)
            let level = mean(values)
            var down = 0.0
            var across = 0.0
            for at in values.indices {
                down += values[at] * places[at / fields] / spread
                across += values[at] * places[at % fields] / spread
            }
            for at in values.indices {
                values[at] -= level + down * places[at / fields] + across * places[at % fields]
            }
            most = max(most, deviation(values))
            total += level
        }
        return most / max(total / 3, 1)
    }

    /// ITU-R BT.601.
    static func luma(of rgb: [UInt8]) -> [Double] {
        stride(from: 0, to: rgb.count, by: 3).map { at in
            let (red, green, blue) = (Double(rgb[at]), Double(rgb[at + 1]), Double(rgb[at + 2]))
            return 0.299 * red + 0.587 * green + 0.114 * blue
        }
    }

    static func laplacian(_ luma: [Double], _ side: Int, _ at: Int) -> Double {
        let around = luma[at - side] + luma[at + side] + luma[at - 1] + luma[at + 1]
        return around - 4 * luma[at]
    }

    static func mean(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(values.count)
    }

    static func deviation(_ values: [Double]) -> Double {
        let level = mean(values)
        let total = values.reduce(0) { $0 + ($1 - level) * ($1 - level) }
        return (total / Double(values.count)).squareRoot()
    }
}
