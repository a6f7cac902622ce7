// swift-tools-version: 6.3
import PackageDescription

// The parsers are the inner rooms' own, so this package compiles as a part of the library's: SwiftPM
// calls that by its directory.
let library = Context.packageDirectory.split(separator: "/").dropLast(2).last ?? "strongroom"
let identity = String(library.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })

let inner: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .unsafeFlags(["-package-name", identity]),
]

let package = Package(
    name: "fuzzing",
    // A package of its own, so that nobody who builds the library pays for the fuzzer.
    dependencies: [
        .package(path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                .product(name: "Strongroom", package: library.lowercased()),
                .product(name: "StrongroomInside", package: library.lowercased()),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            packageAccess: false,
            swiftSettings: inner
        )
    ],
    swiftLanguageModes: [.v6]
)
