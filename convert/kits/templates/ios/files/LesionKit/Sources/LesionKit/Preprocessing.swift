// From decoded RGB pixels to the bytes of the model's input, equal to Python's.

import Foundation

/// Decoded, upright (EXIF orientation applied), RGB by rows.
public struct RgbImage {
    public let width: Int
    public let height: Int
    public let rgb: [UInt8]

    public init(width: Int, height: Int, rgb: [UInt8]) {
        precondition(
            width > 0 && height > 0 && rgb.count == width * height * 3,
            "expected width * height * 3 bytes of RGB, got \(rgb.count)")
        self.width = width
        self.height = height
        self.rgb = rgb
    }
}

/// A square, in shares, so that it fits a photo at any resolution: its middle as shares of
/// width and height, its side as a share of the shorter one, 0.02 to 1.
public struct Crop {
    public let x: Double
    public let y: Double
    public let side: Double

    public init(x: Double = 0.5, y: Double = 0.5, side: Double = 1) {
        self.x = x
        self.y = y
        self.side = side
    }
}

/// The same in pixels.
public struct Box: Equatable {
    public let left: Int
    public let top: Int
    public let side: Int

    public init(left: Int, top: Int, side: Int) {
        self.left = left
        self.top = top
        self.side = side
    }
}

public enum Preprocessing {
    private static let leastSide = 0.02
    private static let precisionBits = 22
    private static let half = 1 << (precisionBits - 1)

    /// The source places that one place of the result is made of.
    private struct Weights {
        let first: Int
        let scaled: [Int]
    }

    /// What the model looks at: size * size * 3 bytes.
    public static func preprocess(_ image: RgbImage, sizePx: Int = Constants.sizePx) -> [UInt8] {
        resize(cropped(image), sizePx: sizePx)
    }

    /// A square in pixels. Moved inwards where it would reach over the edge; where the
    /// margin is odd, the smaller half is cut at the top or left.
    public static func box(_ width: Int, _ height: Int, _ crop: Crop) -> Box {
        precondition(
            (0...1).contains(crop.x) && (0...1).contains(crop.y)
                && (leastSide...1).contains(crop.side),
            "the square lies outside the photo")
        let shorter = min(width, height)
        let side = min(max(Int((crop.side * Double(shorter) + 0.5).rounded(.down)), 1), shorter)
        func first(_ middle: Double, _ length: Int) -> Int {
            let start = (middle * Double(length) - Double(side) / 2 - 0.5).rounded(.up)
            return min(max(Int(start), 0), length - side)
        }
        return Box(left: first(crop.x, width), top: first(crop.y, height), side: side)
    }

    /// The square of a photo. The model and the look at the photo's quality get this and
    /// nothing around it.
    public static func cropped(_ image: RgbImage, _ crop: Crop = Crop()) -> RgbImage {
        let found = box(image.width, image.height, crop)
        let (left, top, side) = (found.left, found.top, found.side)
        var square: [UInt8] = []
        square.reserveCapacity(side * side * 3)
        for row in 0..<side {
            let start = ((top + row) * image.width + left) * 3
            square += image.rgb[start..<start + side * 3]
        }
        return RgbImage(width: side, height: side, rgb: square)
    }

    /// Pillow's antialiased bilinear filter, to the byte: integer weights, rows first, then
    /// columns, each pass rounded. Neither Core Image nor vImage does this.
    public static func resize(_ image: RgbImage, sizePx: Int) -> [UInt8] {
        var scaled = image
        if scaled.width != sizePx { scaled = alongRows(scaled, sizePx) }
        if scaled.height != sizePx { scaled = alongColumns(scaled, sizePx) }
        return scaled.rgb
    }

    /// The real number that a pixel level 0...255 stands for.
    public static func normalise(_ level: Int) -> Double {
        (Double(level) - Constants.mean) / Constants.std
    }

    /// The stored value of a real number, the input's unless told; halves go to the even
    /// integer.
    public static func quantise(
        _ real: Double, _ type: String = Constants.inputType,
        _ scale: Double = Constants.inputScale, _ zeroPoint: Double = Constants.inputZeroPoint
    ) -> Double {
        if type == "float32" { return Double(Float(real)) }
        let lowest: Double = type == "int8" ? -128 : 0
        let steps = (real / scale).rounded(.toNearestOrEven)
        return min(max(steps + zeroPoint, lowest), lowest + 255)
    }

    /// The bytes of the input tensor, floats with the least significant byte first.
    public static func store(_ pixels: [UInt8]) -> [UInt8] {
        let table = (0..<256).map { quantise(normalise($0)) }
        if Constants.inputType != "float32" {
            let bytes = table.map { UInt8(truncatingIfNeeded: Int($0)) }
            return pixels.map { bytes[Int($0)] }
        }
        return pixels.flatMap { pixel in
            withUnsafeBytes(of: Float(table[Int(pixel)]).bitPattern.littleEndian, Array.init)
        }
    }

    private static func weights(from: Int, to: Int) -> [Weights] {
        let scale = Double(from) / Double(to)
        let support = max(scale, 1)
        return (0..<to).map { place in
            let centre = (Double(place) + 0.5) * scale
            let first = max(Int(centre - support + 0.5), 0)
            let end = min(Int(centre + support + 0.5), from)
            let real = (first..<end).map { source -> Double in
                let distance = abs((Double(source) - centre + 0.5) * (1 / support))
                return distance < 1 ? 1 - distance : 0
            }
            let sum = real.reduce(0, +)
            let scaled = real.map { weight -> Int in
                let share = sum == 0 ? weight : weight / sum
                return Int(0.5 + share * Double(1 << precisionBits))
            }
            return Weights(first: first, scaled: scaled)
        }
    }

    private static func alongRows(_ image: RgbImage, _ sizePx: Int) -> RgbImage {
        let table = weights(from: image.width, to: sizePx)
        var result: [UInt8] = []
        result.reserveCapacity(sizePx * image.height * 3)
        image.rgb.withUnsafeBufferPointer { rgb in
            for row in 0..<image.height {
                for each in table {
                    let start = (row * image.width + each.first) * 3
                    for colour in 0..<3 {
                        result.append(weighed(rgb, start + colour, 3, each.scaled))
                    }
                }
            }
        }
        return RgbImage(width: sizePx, height: image.height, rgb: result)
    }

    private static func alongColumns(_ image: RgbImage, _ sizePx: Int) -> RgbImage {
        let table = weights(from: image.height, to: sizePx)
        let line = image.width * 3
        var result: [UInt8] = []
        result.reserveCapacity(line * sizePx)
        image.rgb.withUnsafeBufferPointer { rgb in
            for each in table {
                for column in 0..<line {
                    result.append(weighed(rgb, each.first * line + column, line, each.scaled))
                }
            }
        }
        return RgbImage(width: image.width, height: sizePx, rgb: result)
    }

    /// The weighed sum of one colour at every `step` bytes, rounded.
    private static func weighed(
        _ rgb: UnsafeBufferPointer<UInt8>, _ start: Int, _ step: Int, _ scaled: [Int]
    ) -> UInt8 {
        var sum = half
        var at = start
        for weight in scaled {
            sum += Int(rgb[at]) * weight
            at += step
        }
        return UInt8(min(max(sum >> precisionBits, 0), 255))
    }
}
