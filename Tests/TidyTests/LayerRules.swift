/// Who may import whom.
enum LayerRules {
    /// Dependencies in the manifest that stand for modules of other packages.
    static let packages = [
        "systemPackage": "SystemPackage", "argumentParser": "ArgumentParser", "logging": "Logging",
    ]
    /// Modules that come with Swift and are safe and small.
    static let toolchain: Set<String> = ["Swift", "Synchronization", "Dispatch"]
    /// Rooms that may talk to the C library: the door to files, and the edge that owns the terminal.
    static let systemRooms: Set<String> = ["Sources/ArchiveFileIO", "Sources/StrongroomCommands"]

    /// Targets that depend on something not above them in the manifest.
    static func order(_ manifest: Manifest) -> [String] {
        var above: Set<String> = []
        var findings: [String] = []
        for target in manifest.targets {
            for dependency in target.dependencies
            where packages[dependency] == nil && !above.contains(dependency) {
                findings.append("Package.swift: \(target.name) needs \(dependency) above it")
            }
            above.insert(target.name)
        }
        return findings
    }

    /// Imports that the manifest does not allow for the file's target.
    static func imports(_ file: SourceFile, _ manifest: Manifest) -> [String] {
        guard file.isSwift, file.isProduct || file.room == "Tests/Support" else { return [] }
        guard let target = manifest.target(in: file.room) else {
            return [file.finding(1, "\(file.room) is no target's directory")]
        }
        var allowed = toolchain.union(target.dependencies.map { packages[$0] ?? $0 })
        if systemRooms.contains(file.room) || file.isTest { allowed.insert("Glibc") }
        return imported(file).compactMap { line, module in
            guard !allowed.contains(module) else { return nil }
            return file.finding(line, "\(target.name) may not import \(module)")
        }
    }

    private static func imported(_ file: SourceFile) -> [(Int, String)] {
        file.code.words.enumerated().compactMap { index, words in
            guard let position = words.firstIndex(of: "import"), position < 2 else { return nil }
            // `import struct Module.Name` names a kind first.
            let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "typealias"]
            return words[(position + 1)...].first { !kinds.contains($0) }.map { (index + 1, $0) }
        }
    }
}
