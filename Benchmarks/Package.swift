// swift-tools-version: 6.3
import PackageDescription

// The inner rooms of the library (sealing, codecs, reading in the order of the log) are measured on
// their own, so this package compiles as a part of the library's: SwiftPM calls that by its directory.
let library = Context.packageDirectory.split(separator: "/").dropLast().last ?? "strongroom"
let identity = String(library.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })

// A package of its own, so that users of the library never resolve what only benchmarks need.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(path: "..")],
    targets: [
        .target(name: "CMachine"),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "CMachine", .product(name: "Strongroom", package: library.lowercased()),
            ],
            packageAccess: false,
            swiftSettings: [
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .unsafeFlags(["-package-name", identity]),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
