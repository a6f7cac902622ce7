import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `A witness` {
    @Test func `finds what goes on from what was seen right`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let last = archive.snapshots[2]
        let manifest = try await vault.bytes("snapshots/\(last).json")
        try await vault.remove("snapshots/\(last).json")
        let witness = try await Witness.newest(in: vault, publicKey: archive.publicKey)
        let same = try await witness.check(vault)
        #expect(same.seenCommitCount == same.commitCount)
        try await vault.replace("snapshots/\(last).json", manifest)
        let report = try await witness.check(vault, publicKey: archive.publicKey)
        #expect(report.seenCommitCount < report.commitCount)
        let own = DirectoryStore(at: TestArchive.path, on: archive.files)
        #expect(try await witness.check(own) == report)
    }

    @Test func `finds a vault that was put back`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let witness = try await Witness.newest(in: vault)
        try await vault.remove("snapshots/\(archive.snapshots[2]).json")
        #expect(await code { _ = try await witness.check(vault) } == .rollback)
    }

    @Test func `finds another history of the same archive`() async throws {
        let archive = try TestArchive.standard()
        let twin = archive.files.clone()
        var vaults: [MemoryStore] = []
        for (files, count) in [(archive.files, 1), (twin, 3)] {
            let engine = try Engine.open(try TestArchive.address(files))
            for number in 0..<count {
                _ = try engine.commit([NewRecord(name: "x", body: [UInt8(number)])])
            }
            _ = try engine.snapshot(label: "")
            try engine.close()
            let vault = MemoryStore()
            let ship = Ship(archiveAt: TestArchive.path, on: files, to: vault)
            try await ship.carryOut(try await ship.plan())
            vaults.append(vault)
        }
        let witness = try await Witness.newest(in: vaults[0])
        #expect(await code { _ = try await witness.check(vaults[1]) } == .rollback)
    }

    @Test func `counts with other signatures below, and not if it was changed`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        let note = try await Witness.newest(in: vault).note
        let cosigned = Witness(note: note + "\u{2014} witness.example AAAA\n")
        #expect(try await cosigned.check(vault).commitCount > 0)
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        let other = Witness(note: ([lines[0], "1"] + lines.dropFirst(2)).joined(separator: "\n"))
        for wrong in [other, Witness(note: "")] {
            #expect(await code { _ = try await wrong.check(vault) } == .foreign)
        }
        let stranger = try TestArchive.make(counts: [1], seed: 8)
        let strange = try await stranger.vault()
        #expect(await code { _ = try await cosigned.check(strange) } == .foreign)
    }

    @Test func `says what keeps it from checking`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let witness = try await Witness.newest(in: vault)
        #expect(await code { _ = try await witness.check(MemoryStore()) } == .notFound)
        let key = String(repeating: "0", count: 64)
        #expect(await code { _ = try await witness.check(vault, publicKey: key) } == .integrity)
        try await vault.remove(archive.segmentNames[0])
        #expect(await code { _ = try await witness.check(vault) } == .integrity)
        for id in archive.snapshots { try await vault.remove("snapshots/\(id).json") }
        #expect(await code { _ = try await Witness.newest(in: vault) } == .noSnapshot)
    }
}
