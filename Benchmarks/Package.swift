// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that users of the library never resolve what only benchmarks need.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "strongroom", path: "..")],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: [.product(name: "Strongroom", package: "strongroom")],
            swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)]
        )
    ],
    swiftLanguageModes: [.v6]
)
