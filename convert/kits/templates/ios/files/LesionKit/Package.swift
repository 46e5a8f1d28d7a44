// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "LesionKit",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "LesionKit", targets: ["LesionKit"])],
    targets: [.target(name: "LesionKit")]
)
