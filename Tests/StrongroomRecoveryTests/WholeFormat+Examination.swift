import ArchiveFileIO
import ArchiveFormat
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage

@testable import Strongroom

/// What the objects of a vault are for.
enum VaultPart {
    /// Whether a recovery does without it.
    static func isOfOthers(_ name: String) -> Bool {
        ["checks/", "prune/", "sweeping/", "arriving/"].contains { name.hasPrefix($0) }
    }
}

private struct BrokenPromise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension WholeFormat {
    /// Words one of which tells a reader where to look.
    private static func names(of path: String) -> [String] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let stem = name.split(separator: ".").first.map(String.init) ?? name
        var names = [name, stem]
        if let number = SegmentNumber(stem: stem) { names.append("segment \(number.value)") }
        if path.contains("/index/") { names.append("index") }
        return names
    }

    private static func require(_ path: String, in texts: [String]) throws {
        let names = names(of: path)
        guard texts.contains(where: { text in names.contains { text.contains($0) } }) else {
            throw BrokenPromise("no place is named: \(texts)")
        }
    }

    private func requireRight(_ found: [String: [UInt8]], isWhole: Bool) throws {
        let wrong = found.filter { contents[$0.key] != $0.value }.keys.sorted()
        guard wrong.isEmpty, !isWhole || found.count == contents.count else {
            throw BrokenPromise("\(found.count) of \(contents.count) records, wrong: \(wrong)")
        }
    }

    /// Whether the damage is noticed; throws if it is neither named nor without harm.
    func examine(
        _ files: SimulatedFileSystem,
        _ path: FilePath,
        byWriterToo: Bool
    ) throws -> Bool {
        var isNoticed = false
        for isWriter in byWriterToo ? [false, true] : [false] {
            let address = try Self.address(isWriter ? files.clone() : files)
            do {
                let engine =
                    isWriter ? try Engine.open(address) : try Engine.openForReading(address)
                let report = try engine.verify()
                if report.isSound {
                    try requireRight(try Self.contents(of: engine), isWhole: true)
                } else {
                    isNoticed = true
                    try Self.require(path.string, in: report.findings)
                    if let found = try? Self.contents(of: engine) {
                        try requireRight(found, isWhole: false)
                    }
                }
            } catch let error as ArchiveError {
                isNoticed = true
                try Self.require(path.string, in: [error.message])
            }
        }
        return isNoticed
    }

    /// The same of a vault's object.
    func examine(
        _ vault: MemoryStore,
        _ name: String,
        recovering: Bool
    ) async throws -> Bool {
        let keys = VaultKeys(try ArchiveKey.keyFile(Self.keyFile))
        do {
            let report = try await VaultVerification(of: vault, unlocking: keys).run()
            if !report.findings.isEmpty {
                try Self.require(name, in: report.findings.map(\.description))
                return true
            }
        } catch let error as RecoveryError {
            try Self.require(name, in: [error.message])
            return true
        }
        guard recovering else { return false }
        let host = SimulatedFileSystem()
        let recovery = Recovery(
            from: vault,
            unlocking: keys,
            on: host,
            configuration: Self.configuration,
            parallelism: 1
        )
        guard try await recovery.run(to: TestArchive.path).isComplete else {
            throw BrokenPromise("the vault is sound, and its recovery is not complete")
        }
        let engine = try Engine.openForReading(try Self.address(host))
        try requireRight(try Self.contents(of: engine), isWhole: true)
        return false
    }

    /// The same of a file of a thin archive, whose vault is whole.
    func examineThin(_ vault: MemoryStore, _ path: FilePath) async throws -> Bool {
        do {
            let report = try await archive.verifyThin(vault)
            guard report.isSound else {
                try Self.require(path.string, in: report.findings)
                return true
            }
        } catch let error as ArchiveError {
            try Self.require(path.string, in: [error.message])
            return true
        }
        let expected = contents.filter { $0.key.hasPrefix("records/") }
        let found = try await archive.readThin(vault)
        guard
            found.allSatisfy({ record in
                expected.contains {
                    $0.key.hasPrefix("records/\(record.key)#") && $0.value == record.value
                }
            }), found.count > 7
        else { throw BrokenPromise("\(found.count) records are read") }
        return false
    }
}
