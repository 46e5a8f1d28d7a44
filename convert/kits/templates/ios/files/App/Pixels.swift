// From Apple's pictures to upright RGB pixels.

import CoreGraphics
import LesionKit
import UIKit

enum Pixels {
    /// A decoded file, turned upright and laid on white.
    static func of(_ data: Data) throws -> RgbImage {
        guard let picture = UIImage(data: data) else { throw CocoaError(.fileReadCorruptFile) }
        let size = CGSize(
            width: picture.size.width * picture.scale, height: picture.size.height * picture.scale)
        let format = UIGraphicsImageRendererFormat()
        format.scale = 1
        format.opaque = true
        // Draws by the picture's orientation.
        let upright = UIGraphicsImageRenderer(size: size, format: format).image { _ in
            UIColor.white.setFill()
            UIRectFill(CGRect(origin: .zero, size: size))
            picture.draw(in: CGRect(origin: .zero, size: size))
        }
        guard let image = upright.cgImage else { throw CocoaError(.fileReadCorruptFile) }
        return try of(image)
    }

    /// RGBA by rows, whatever the order of the picture's own bytes.
    static func of(_ image: CGImage) throws -> RgbImage {
        let (width, height) = (image.width, image.height)
        var rgba = [UInt8](repeating: 255, count: width * height * 4)
        // The picture's own colour space: no profile may change the levels.
        let space = image.colorSpace ?? CGColorSpaceCreateDeviceRGB()
        let order = CGImageAlphaInfo.noneSkipLast.rawValue | CGBitmapInfo.byteOrder32Big.rawValue
        guard let context = CGContext(
            data: &rgba, width: width, height: height, bitsPerComponent: 8,
            bytesPerRow: width * 4, space: space, bitmapInfo: order)
        else { throw CocoaError(.featureUnsupported) }
        context.interpolationQuality = .none
        context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for at in stride(from: 0, to: rgba.count, by: 4) { rgb += rgba[at..<at + 3] }
        return RgbImage(width: width, height: height, rgb: rgb)
    }
}
