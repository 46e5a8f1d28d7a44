// How far a picture is from the photos that the models learnt from, in standard
// deviations; edge_runtime/photos/familiarity.py gives the reasons.

import Foundation

enum Familiarity {
    private typealias Limits = QualityLimits
    private static let side = 64
    private static let coarse = 16
    private static let fine = 32

    /// `look` is the centre square, `lookSide` pixels a side.
    static func distance(_ look: [UInt8], _ lookSide: Int, _ structured: Double) -> Double {
        let square = Preprocessing.resize(
            RgbImage(width: lookSide, height: lookSide, rgb: look), sizePx: side)
        let luma = Quality.luma(of: square)
        let mean = max(Quality.mean(luma), 1)
        var measures = colours(square)
        measures += fields(luma, mean)
        measures += edges(luma, mean)
        measures += [Quality.shareOfReddish(square), log(structured)]
        var squares = 0.0
        for row in 0..<Limits.measures {
            var sum = 0.0
            for column in 0..<Limits.measures {
                sum += Limits.familiarWhitening[row * Limits.measures + column]
                    * (measures[column] - Limits.familiarMean[column])
            }
            squares += sum * sum
        }
        return squares.squareRoot()
    }

    private static func colours(_ rgb: [UInt8]) -> [Double] {
        var saturation: [Double] = []
        var reds: [Double] = []
        var blues: [Double] = []
        for at in stride(from: 0, to: rgb.count, by: 3) {
            let (red, green, blue) = (Double(rgb[at]), Double(rgb[at + 1]), Double(rgb[at + 2]))
            let top = max(red, green, blue, 1)
            let total = red + green + blue + 1
            saturation.append((top - min(red, green, blue)) / top)
            reds.append(red / total)
            blues.append(blue / total)
        }
        return [
            Quality.mean(saturation), log(Quality.deviation(saturation)),
            log(Quality.deviation(reds)), log(Quality.deviation(blues)),
        ]
    }

    private static func fields(_ luma: [Double], _ mean: Double) -> [Double] {
        let fields = blocks(luma, coarse)
        let halves = blocks(luma, fine)
        let detail = Quality.deviation(without(luma, side, fields))
        let spread = Quality.deviation(fields)
        var total = 0.0
        for at in fields.indices {
            if at >= coarse { total += abs(fields[at] - fields[at - coarse]) }
            if at % coarse > 0 { total += abs(fields[at] - fields[at - 1]) }
        }
        let steps = total / Double(coarse * (coarse - 1))
        return [
            log(detail / mean), log(detail / max(spread, 1e-3)),
            log(Quality.deviation(without(halves, fine, fields)) / mean),
            log(steps / max(spread, 1)),
        ]
    }

    private static func edges(_ luma: [Double], _ mean: Double) -> [Double] {
        var sharp = 0.0
        var flat = 0.0
        var upright = 0.0
        var total = 0.0
        for row in 1..<side - 1 {
            for column in 1..<side - 1 {
                let at = row * side + column
                let down = luma[at + side] - luma[at - side]
                let across = luma[at + 1] - luma[at - 1]
                let power = (down * down + across * across) / 4
                // Times the cosine of four times its angle: 1 for upright and level edges.
                upright += power - down * across * down * across / 2 / max(power, 1e-9)
                total += power
                if power.squareRoot() > 0.15 * mean { sharp += 1 }
                if abs(Quality.laplacian(luma, side, at)) < mean / 150 { flat += 1 }
            }
        }
        let count = Double((side - 2) * (side - 2))
        return [sharp / count, upright / max(total, 1e-9), flat / count]
    }

    /// Means of count x count squares.
    private static func blocks(_ luma: [Double], _ count: Int) -> [Double] {
        let step = side / count
        var fields = [Double](repeating: 0, count: count * count)
        for at in luma.indices {
            fields[at / side / step * count + at % side / step] += luma[at] / Double(step * step)
        }
        return fields
    }

    /// Differences from the coarse fields.
    private static func without(_ values: [Double], _ side: Int, _ fields: [Double]) -> [Double] {
        let step = side / coarse
        return values.indices.map {
            values[$0] - fields[$0 / side / step * coarse + $0 % side / step]
        }
    }

    private static func log(_ value: Double) -> Double { Foundation.log(max(value, 1e-3)) }
}
