import ArchiveFileIO
import Foundation
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

/// What disks, servers and enemies do to a vault's objects: sectors zeroed and swapped, bytes cut off,
/// sectors and whole objects of another archive's vault, or another object of the same.
///
/// A verification names the object, and a recovery brings the right records or none.
/// `STRONGROOM_EVERY_BYTE=1` does it to every sector; else to every eleventh.
@Suite struct `A spoiled object of a vault` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_BYTE"] != nil
    private static let sector = 512

    enum Harm: CaseIterable, Sendable {
        case zeroed, cut, swapped, foreign, foreignObject, moved
    }

    @Test(arguments: Harm.allCases)
    func `is named, and brings the right records or none`(by harm: Harm) async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let twin = try await TestArchive.make(counts: [3, 2, 4], seed: 2).vault()
        let theirs = try await twin.names
        let names = try await vault.names.filter { $0 != "vault.json" }
        var count = 0
        for (number, name) in names.enumerated() {
            let whole = try await vault.bytes(name)
            let other = try await vault.bytes(names[(number + 1) % names.count])
            let foreign = try await twin.bytes(number < theirs.count ? theirs[number] : theirs[0])
            let offsets =
                harm.isOfWholeObject ? [0] : Array(stride(from: 0, to: whole.count, by: 512))
            for (turn, offset) in offsets.enumerated() where Self.isFull || turn % 11 == 0 {
                guard
                    let spoiled = Self.apply(
                        harm,
                        whole,
                        at: offset,
                        foreign: foreign,
                        other: other
                    )
                else { continue }
                try await vault.replace(name, spoiled)
                count += 1
                do {
                    try await Self.examine(vault, name, archive)
                } catch {
                    Issue.record("\(harm) \(name) at \(offset): \(error)")
                }
            }
            try await vault.replace(name, whole)
        }
        if Self.isFull { print("\(harm): \(count) damages of a vault") }
        #expect(count > 5)
    }

    /// The spoiled bytes; nil if nothing would differ.
    private static func apply(
        _ harm: Harm,
        _ whole: [UInt8],
        at offset: Int,
        foreign: [UInt8],
        other: [UInt8]
    ) -> [UInt8]? {
        var bytes = whole
        let range = offset..<min(offset + sector, whole.count)
        switch harm {
        case .zeroed: bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
        case .cut: bytes.removeLast(whole.count - offset)
        case .swapped:
            let next = range.upperBound..<min(range.upperBound + sector, whole.count)
            guard next.count == range.count else { return nil }
            bytes.replaceSubrange(range, with: whole[next])
            bytes.replaceSubrange(next, with: whole[range])
        case .foreign:
            guard foreign.count >= range.upperBound else { return nil }
            bytes.replaceSubrange(range, with: foreign[range])
        case .foreignObject: bytes = foreign
        case .moved: bytes = other
        }
        return bytes == whole ? nil : bytes
    }

    private struct BrokenPromise: Error, CustomStringConvertible {
        let description: String
    }

    private static func examine(
        _ vault: MemoryStore,
        _ name: String,
        _ archive: TestArchive
    ) async throws {
        let short = name.split(separator: "/").last.map(String.init) ?? name
        do {
            let report = try await VaultVerification(of: vault, publicKey: archive.publicKey).run()
            let isNamed = report.findings.contains { $0.description.contains(short) }
            guard isNamed else {
                throw BrokenPromise(description: "a verification finds \(report.findings)")
            }
        } catch let error as RecoveryError {
            guard error.message.contains(short) else {
                throw BrokenPromise(description: "an error names no place: \(error.message)")
            }
        }
        let host = SimulatedFileSystem()
        do {
            let result = try await recovery(from: vault, on: host).run(to: "/b")
            guard result.isComplete else {
                guard result.findings.contains(where: { $0.description.contains(short) }) else {
                    throw BrokenPromise(description: "a recovery finds \(result.findings)")
                }
                return
            }
            let known = archive.records[result.snapshot] ?? []
            let expected = Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.body) })
            guard try records(of: host, at: "/b") == expected else {
                throw BrokenPromise(description: "a recovery brings other records")
            }
        } catch let error as RecoveryError {
            guard !host.filePaths.contains("/b/archive.json") else {
                throw BrokenPromise(description: "a recovery failed and left an archive: \(error)")
            }
        }
    }
}

extension `A spoiled object of a vault`.Harm {
    fileprivate var isOfWholeObject: Bool { self == .foreignObject || self == .moved }
}

/// A directory that somebody made who wants to do harm: nothing outside of it is read, nothing grows
/// without bound, and each is told as what it is.
@Suite struct `A hostile vault` {
    private func withVault(
        _ body: (TestArchive, FilePath, DirectoryStore) async throws -> Void
    ) async throws {
        let archive = try TestArchive.tiny()
        try await TemporaryDirectory.withAsync { directory in
            let path = directory.appending("vault")
            let store = DirectoryStore(at: path)
            try await store.create()
            try await archive.shipAll(to: store)
            try await body(archive, directory, store)
        }
    }

    private func recover(_ store: DirectoryStore) async throws -> RecoveryResult {
        try await recovery(from: store, on: SimulatedFileSystem()).run(to: "/b")
    }

    @Test func `whose segment is a link to another file is missing that segment`() async throws {
        try await withVault { archive, directory, store in
            let name = archive.segmentNames[0]
            let outside = directory.appending("outside")
            let files = PosixFileSystem()
            try files.rename(directory.appending("vault/" + name), to: outside)
            try makeLink(at: directory.appending("vault/" + name), to: outside)
            let result = try await recover(store)
            #expect(!result.isComplete)
            #expect(result.findings.map(\.kind) == [.missing])
        }
    }

    /// A sparse file costs nothing to make and all memory to read.
    @Test(arguments: ["archive.json", "keyring.json", "vault.json"])
    func `with a document of a tebibyte reads none of it`(name: String) async throws {
        try await withVault { _, directory, store in
            let file = try PosixFileSystem().open(
                directory.appending("vault/" + name),
                .readWrite
            )
            try file.resize(to: 1 << 40)
            let found = await code { _ = try await self.recover(store) }
            #expect(name == "vault.json" || found != nil)
        }
    }

    @Test func `with a segment of a tebibyte does not fetch it`() async throws {
        try await withVault { archive, directory, store in
            let path = directory.appending("vault/" + archive.segmentNames[0])
            let file = try PosixFileSystem().open(path, .readWrite)
            try file.resize(to: 1 << 40)
            let result = try await recover(store)
            #expect(!result.isComplete)
            #expect(result.findings.map(\.kind) == [.damaged])
        }
    }

    @Test(arguments: [
        String(repeating: "[", count: 500_000),
        #"{"format":"strongroom keyring","format_version":1"#
            + String(repeating: #","a":[[[["#, count: 9_000),
        "{\"slots\":" + String(repeating: "9", count: 400_000) + "}",
    ])
    func `with a keyring that nests or goes on without end is damaged`(
        text: String
    ) async throws {
        try await withVault { _, directory, store in
            let path = directory.appending("vault/keyring.json")
            try PosixFileSystem().replace(path, with: Array(text.utf8))
            #expect(await code { _ = try await self.recover(store) } == .integrity)
        }
    }
}
