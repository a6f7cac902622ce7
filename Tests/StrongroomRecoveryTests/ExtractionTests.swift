import ArchiveFileIO
import ArchiveFormat
import Strongroom
import StrongroomVaults
import Support
import SystemPackage
import Testing

@testable import StrongroomRecovery

/// One version of a record, as far as it can be compared.
private struct Version: Equatable {
    let name: String
    let subject: String?
    let recorded: Int64
    let isDeleted: Bool
    let body: [UInt8]
}

/// All versions of an archive in their order.
private func versions(
    of files: any FileSystem,
    at path: FilePath
) throws -> [Version] {
    let engine = try Engine.openForReading(try TestArchive.address(files, path))
    let view = ArchiveView(
        engine.readState,
        reader: RecordReader(log: engine.reader, keys: engine.keys)
    )
    var found: [Version] = []
    try view.forEachInOrder { record in
        guard record.collection != "system" else { return true }
        found.append(
            Version(
                name: record.name,
                subject: record.subject,
                recorded: record.recorded,
                isDeleted: record.isDeleted,
                body: try view.body(of: record)
            )
        )
        return true
    }
    return found
}

@Suite struct `Recovering a part` {
    private func selection(
        collection: String? = nil,
        prefix: String? = nil,
        subject: String? = nil
    ) -> RecoverySelection {
        var selection = RecoverySelection()
        selection.collection = collection
        selection.namePrefix = prefix
        selection.subject = subject
        return selection
    }

    @Test func `has every version of one subject with its time, and of nobody else`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let host = SimulatedFileSystem()
        let all = try versions(of: history.archive.files, at: TestArchive.path)
        let result = try await recovery(from: vault, on: host).extract(
            selection(subject: "record/7"),
            to: "/b"
        )
        let expected = all.filter { $0.subject == "record/7" }
        #expect(expected.contains { !$0.isDeleted })
        #expect(try versions(of: host, at: "/b") == expected)
        #expect(result.recordCount == expected.count && result.lost.isEmpty)
        let engine = try Engine.openForReading(try TestArchive.address(host, "/b"))
        #expect(try engine.verify().isSound)
        #expect(result.archive == engine.document.archiveID.hex && result.archive != result.source)
        #expect(!host.filePaths.map(\.string).contains { $0.contains("recover") })
    }

    @Test func `has what begins with a prefix, as of a time`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let host = SimulatedFileSystem()
        let time = history.states[120].time
        _ = try await recovery(from: vault, on: host).extract(
            selection(collection: "records", prefix: "record/1"),
            to: "/b",
            at: .time(time)
        )
        let expected = history.records(at: time).filter { $0.key.hasPrefix("record/1") }
        #expect(try records(of: host, at: "/b") == expected)
        let none = try await recovery(from: vault, on: host).extract(
            selection(collection: "others"),
            to: "/c"
        )
        #expect(none.recordCount == 0)
    }

    @Test func `fetches no pack of others`() async throws {
        let archive = try TestArchive.make(counts: [1, 1, 1], largeBody: true)
        let vault = try await archive.vault()
        // The large bodies are others': damage in them is not met.
        let name = archive.segmentNames[0]
        try await vault.flip(name, at: 1_000_000)
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).extract(
            selection(prefix: "Observation/"),
            to: "/b"
        )
        #expect(result.recordCount == 3)
    }

    @Test func `brings large bodies`() async throws {
        let archive = try TestArchive.make(counts: [1, 1], largeBody: true)
        let host = SimulatedFileSystem()
        let result = try await recovery(from: try await archive.vault(), on: host).extract(
            selection(prefix: "Binary/"),
            to: "/b"
        )
        let last = try #require(archive.snapshots.last)
        let expected = try #require(archive.records[last]).filter { $0.name.hasPrefix("Binary/") }
        let found = try records(of: host, at: "/b")
        #expect(result.recordCount == 2 && found.count == 2)
        for (name, body) in expected { #expect(found[name] == body) }
    }

    @Test func `goes on after a kill at any change of the disk`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let wanted = selection(prefix: "record/2")
        let trial = SimulatedFileSystem()
        _ = try await recovery(from: vault, on: trial).extract(wanted, to: "/b")
        let expected = try versions(of: trial, at: "/b")
        let count = trial.changeCount
        for number in stride(from: 1, through: count, by: max(1, count / 14)) {
            let host = SimulatedFileSystem()
            let dying = try recovery(from: vault, on: host)
            host.crash(atChange: number)
            _ = await code { _ = try await dying.extract(wanted, to: "/b") }
            let rest = host.afterCrash(.dropAllUnsynced)
            let again = try recovery(from: vault, on: rest)
            if rest.filePaths.contains("/b/archive.json") {
                #expect(
                    await code { _ = try await again.extract(wanted, to: "/b") }
                        == .alreadyExists
                )
            } else {
                _ = try await again.extract(wanted, to: "/b")
            }
            #expect(try versions(of: rest, at: "/b") == expected)
        }
    }

    @Test func `refuses a place that is taken, and damage`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        try host.makeDirectory("/b")
        host.replaceBytes(of: "/b/letter", with: [1])
        try host.makeDirectory("/c.recovering")
        host.replaceBytes(of: "/c.recovering/letter", with: [1])
        let recovery = try recovery(from: vault, on: host)
        for path in ["/b", "/c"] as [FilePath] {
            #expect(
                await code { _ = try await recovery.extract(RecoverySelection(), to: path) }
                    == .alreadyExists
            )
        }
        try await vault.flip(archive.segmentNames[1], at: 4_300)
        #expect(
            await code { _ = try await recovery.extract(RecoverySelection(), to: "/d") }
                == .integrity
        )
        #expect(!host.filePaths.contains("/d/archive.json"))
        // What was begun is not gone on with as something else.
        #expect(
            await code {
                _ = try await recovery.extract(selection(subject: "x"), to: "/d")
            } == .alreadyExists
        )
    }
}

@Suite struct `Recovering what survives` {
    /// Everything but what is lost must be there, and every lost version must be told.
    private func check(
        _ history: History,
        _ vault: MemoryStore
    ) async throws -> ExtractionResult {
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).extract(
            RecoverySelection(),
            to: "/b",
            surviving: true
        )
        let all = try versions(of: history.archive.files, at: TestArchive.path)
        let lost = Set(result.lost.flatMap { Array($0.sequences) })
        let expected = all.enumerated().filter { !lost.contains(UInt64($0.offset + 1)) }
        #expect(try versions(of: host, at: "/b") == expected.map(\.element))
        #expect(Int(result.recordCount) == all.count - lost.count)
        for loss in result.lost where loss.name != nil {
            #expect(loss.name == all[Int(loss.sequences.lowerBound) - 1].name)
        }
        return result
    }

    @Test func `is everything where nothing is damaged`() async throws {
        let history = try History.shared.get()
        let result = try await check(history, try await history.archive.vault())
        #expect(result.lost.isEmpty && result.findings.isEmpty)
    }

    @Test func `leaves out a segment that is missing, and says which records it had`() async throws
    {
        let history = try History.shared.get()
        for name in history.archive.segmentNames {
            let vault = try await history.archive.vault()
            try await vault.remove(name)
            let result = try await check(history, vault)
            #expect(!result.lost.isEmpty && !result.findings.isEmpty)
        }
    }

    private func unlocked(_ history: History) async throws -> UnlockedVault {
        try await UnlockedVault.open(
            try await history.archive.vault(),
            VaultKeys(try TestArchive.key())
        )
    }

    @Test func `goes on behind the newest snapshot that is whole`() async throws {
        // The newest manifests rot: their segments are signed and there, and were left behind without
        // a word; beside a loss, what was lost was told wrong as well.
        let history = try History.shared.get()
        let manifests = try await unlocked(history).snapshots
        for kept in 1..<manifests.count {
            for lost in [nil] + history.archive.segmentNames.dropLast() {
                let vault = try await history.archive.vault()
                for rotten in manifests[kept...] {
                    try await vault.flip(VaultObject.manifest(rotten.manifest.id).text, at: 20)
                }
                if let lost { try await vault.remove(lost) }
                let result = try await check(history, vault)
                #expect(result.lost.isEmpty == (lost == nil))
                #expect(result.findings.count >= manifests.count - kept)
            }
        }
    }

    @Test func `brings no more than a snapshot that is named`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let first = try await unlocked(history).snapshots[0].manifest
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).extract(
            RecoverySelection(),
            to: "/b",
            at: .snapshot(first.id),
            surviving: true
        )
        #expect(result.recordCount == first.recordCount)
    }

    @Test func `names the records of a damaged commit`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let name = history.archive.segmentNames[1]
        try await vault.flip(name, at: try await vault.bytes(name).count / 3)
        let result = try await check(history, vault)
        #expect(result.lost.count == 1 && result.lost.first?.name != nil)
        #expect(result.lost.first?.collection == "records")
    }

    @Test func `survives random damage in every segment`() async throws {
        let history = try History.shared.get()
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<6 {
            let vault = try await history.archive.vault()
            for name in history.archive.segmentNames {
                let bytes = try await vault.bytes(name)
                let offset = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: try await vault.replace(name, Array(bytes.prefix(offset)))
                default: try await vault.flip(name, at: offset)
                }
            }
            _ = try await check(history, vault)
        }
    }

    @Test func `tells of a large body with a lost chunk`() async throws {
        let archive = try TestArchive.make(counts: [1], largeBody: true)
        let vault = try await archive.vault()
        try await vault.flip(archive.segmentNames[0], at: 1_000_000)
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).extract(
            RecoverySelection(),
            to: "/b",
            surviving: true
        )
        #expect(result.lost.map(\.name) == ["Binary/1"])
        #expect(try records(of: host, at: "/b").keys.sorted() == ["Observation/0"])
    }
}
