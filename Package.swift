// swift-tools-version: 6.3
import PackageDescription

// Warnings are errors and every unsafe construct is written out, in every target and test.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

// Counted, non-escaping C parameters arrive in Swift as spans, so callers of our C need no pointers.
let strictOverC = strict + [.enableExperimentalFeature("SafeInteropWrappers")]

let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// Vectors and samples that lie beside the tests of a room and are read by path.
let readByPath = [
    "ArchiveCodecs": ["Samples"],
    "ArchiveKeys": ["Vectors"],
    "ArchiveSealing": ["Vectors"],
    "Command": ["Help"],
    "Strongroom": ["Golden", "check_archive.py"],
    "StrongroomHealth": ["Samples"],
]

/// What only the fuzzer's package sees, where tools/fuzz builds it: the commands as a library, and the
/// tests' simulated disk.
let inside: [Product] =
    Context.environment["STRONGROOM_INSIDE"] == nil
    ? [] : [.library(name: "StrongroomInside", targets: ["StrongroomCommands", "Support"])]

let package = Package(
    name: "strongroom",
    products: [
        .library(
            name: "Strongroom",
            targets: ["Strongroom", "StrongroomVaults", "StrongroomRecovery", "StrongroomHealth"]
        ),
        .executable(name: "strongroom", targets: ["strongroom-cli"]),
    ] + inside,
    // Off, so that building needs no libcurl; `tools/test` switches it on.
    traits: [.trait(name: "S3", description: "Vaults in S3 buckets, over libcurl.")],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    ],
    // Lowest room first: a target imports only targets above it in this list.
    targets: [
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .target(name: "CSealing", dependencies: ["COpenSSL"]),
        .target(name: "CCodecs", dependencies: ["CZlib", "CZstd"], exclude: ["dictionaries"]),
        .target(
            name: "CHTTP",
            cSettings: [.define("STRONGROOM_S3", .when(traits: ["S3"]))],
            linkerSettings: [.linkedLibrary("curl", .when(traits: ["S3"]))]
        ),
        .target(name: "ArchiveBytes", swiftSettings: strict),
        .target(
            name: "ArchiveFileIO",
            dependencies: ["ArchiveBytes", "CMalloc", systemPackage],
            swiftSettings: strict
        ),
        .target(
            name: "ArchiveHTTP",
            dependencies: ["ArchiveFileIO", "CHTTP"],
            swiftSettings: strictOverC
        ),
        .target(
            name: "ArchiveSealing",
            dependencies: ["ArchiveBytes", "CSealing"],
            swiftSettings: strictOverC
        ),
        .target(
            name: "ArchiveCodecs",
            dependencies: ["ArchiveBytes", "CCodecs"],
            swiftSettings: strictOverC
        ),
        .target(
            name: "ArchiveFormat",
            dependencies: ["ArchiveBytes", "ArchiveSealing"],
            swiftSettings: strict
        ),
        .target(
            name: "ArchiveSegments",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveSealing", "ArchiveCodecs",
                "ArchiveFormat", systemPackage,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ArchiveIndex",
            dependencies: ["ArchiveBytes", "ArchiveFileIO", "ArchiveSealing", systemPackage],
            swiftSettings: strict
        ),
        .target(
            name: "ArchiveKeys",
            dependencies: ["ArchiveBytes", "ArchiveSealing", "ArchiveFormat"],
            swiftSettings: strict
        ),
        .target(
            name: "Strongroom",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveSealing", "ArchiveCodecs",
                "ArchiveFormat", "ArchiveSegments", "ArchiveIndex", "ArchiveKeys", systemPackage,
                logging,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "StrongroomVaults",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveHTTP", "ArchiveSealing", systemPackage,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "StrongroomRecovery",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveSealing", "ArchiveFormat",
                "ArchiveSegments", "ArchiveKeys", "Strongroom", "StrongroomVaults", systemPackage,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "StrongroomHealth",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveSealing", "Strongroom", systemPackage,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "StrongroomCommands",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveSegments", "Strongroom",
                "StrongroomVaults", "StrongroomRecovery", "StrongroomHealth", systemPackage,
                argumentParser, logging,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "strongroom-cli",
            dependencies: ["StrongroomCommands"],
            path: "Sources/strongroom",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "strongroom-example",
            dependencies: ["Strongroom"],
            path: "Sources/strongroom-example",
            swiftSettings: strict
        ),
        .target(
            name: "Support",
            dependencies: [
                "ArchiveBytes", "ArchiveFileIO", "ArchiveFormat", "ArchiveSealing", systemPackage,
                logging,
            ],
            path: "Tests/Support",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "fault-proxy",
            dependencies: ["Support"],
            path: "Tests/FaultProxy",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "torture-writer",
            dependencies: ["Strongroom", "ArchiveFileIO", "Support"],
            path: "Tests/TortureWriter",
            swiftSettings: strict
        ),
    ]
        + testTargets([
            "ArchiveBytes": ["ArchiveBytes"],
            "ArchiveFileIO": ["ArchiveFileIO", "ArchiveBytes"],
            "ArchiveSealing": ["ArchiveSealing", "ArchiveBytes"],
            "ArchiveCodecs": ["ArchiveCodecs", "ArchiveFileIO", "ArchiveBytes"],
            "ArchiveFormat": ["ArchiveFormat", "ArchiveFileIO", "ArchiveBytes", "ArchiveSealing"],
            "ArchiveSegments": [
                "ArchiveSegments", "ArchiveFormat", "ArchiveFileIO", "ArchiveBytes",
                "ArchiveSealing", "ArchiveCodecs",
            ],
            "ArchiveIndex": ["ArchiveIndex", "ArchiveFileIO", "ArchiveBytes", "ArchiveSealing"],
            "ArchiveKeys": ["ArchiveKeys", "ArchiveFormat", "ArchiveBytes", "ArchiveSealing"],
            "Strongroom": [
                "Strongroom", "ArchiveFileIO", "ArchiveBytes", "ArchiveFormat", "ArchiveKeys",
                "ArchiveCodecs", "ArchiveSealing", "ArchiveSegments",
            ],
            "StrongroomVaults": [
                "StrongroomVaults", "ArchiveFileIO", "ArchiveHTTP", "ArchiveSealing",
                "ArchiveBytes",
            ],
            "StrongroomRecovery": [
                "StrongroomRecovery", "StrongroomVaults", "Strongroom", "ArchiveFileIO",
                "ArchiveBytes", "ArchiveKeys", "ArchiveSealing", "ArchiveFormat",
                "ArchiveSegments", "ArchiveCodecs",
            ],
            "StrongroomHealth": [
                "StrongroomHealth", "Strongroom", "ArchiveFileIO", "ArchiveBytes",
                "ArchiveSealing",
            ],
            "Crash": [
                "Strongroom", "ArchiveFileIO", "ArchiveBytes", "ArchiveFormat", "ArchiveKeys",
                "ArchiveSealing", "ArchiveSegments", "ArchiveIndex",
            ],
            "Command": ["StrongroomCommands", "ArchiveBytes", "ArchiveSealing"],
            "Tidy": ["ArchiveFileIO"],
        ]),
    swiftLanguageModes: [.v6]
)

/// One test target for each room.
func testTargets(_ rooms: [String: [String]]) -> [Target] {
    rooms.sorted { $0.key < $1.key }.map { room, modules in
        .testTarget(
            name: room + "Tests",
            dependencies: modules.map { .init(stringLiteral: $0) } + ["Support", systemPackage],
            exclude: readByPath[room] ?? [],
            swiftSettings: strict
        )
    }
}
