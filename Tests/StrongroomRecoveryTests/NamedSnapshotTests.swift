import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

/// Snapshots are named by their ids or the beginnings of these, as everywhere else.
@Suite struct `A snapshot by the beginning of its id` {
    /// The shortest beginning that is no other's.
    private func beginning(_ id: String, _ all: [String]) -> String {
        let lengths = 1...id.count
        let length = lengths.first { count in
            all.count { $0.hasPrefix(id.prefix(count)) } == 1
        }
        return String(id.prefix(length ?? id.count))
    }

    @Test func `is shipped, recovered, taken out in part and rehearsed`() async throws {
        let archive = try TestArchive.standard()
        let second = archive.snapshots[1]
        let name = beginning(second, archive.snapshots)
        #expect(name.count < second.count)
        let plan = try await archive.ship(to: MemoryStore()).plan(snapshot: name)
        #expect(plan.snapshots == [second])
        let latest = try await archive.ship(to: MemoryStore()).plan(snapshot: "latest")
        #expect(latest.snapshots == [archive.snapshots[2]])

        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: vault, on: host)
        #expect(try await recovery.run(to: "/b", snapshot: name).snapshot == second)
        let part = try await recovery.extract(
            RecoverySelection(),
            to: "/c",
            at: .snapshot(name)
        )
        #expect(part.snapshot == second)
        var options = Drill.Options()
        options.snapshot = name
        let report = try await drill(vault, on: SimulatedFileSystem()).run(options)
        #expect(report.outcome == .passed && report.source?.snapshot == second)
    }

    @Test func `goes on with a recovery that was begun by it`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        let lost = archive.segmentNames[0]
        let bytes = try await vault.bytes(lost)
        try await vault.remove(lost)
        let name = beginning(archive.snapshots[1], archive.snapshots)
        let recovery = try recovery(from: vault, on: host)
        #expect(try await !recovery.run(to: "/b", snapshot: name).isComplete)
        try await vault.replace(lost, bytes)
        #expect(try await recovery.run(to: "/b", snapshot: name).isComplete)
    }

    @Test func `is refused where several begin so, and where none does`() async throws {
        let made = try severalOfOneBeginning()
        let vault = try await made.archive.vault()
        let recovery = try recovery(from: vault, on: SimulatedFileSystem())
        for (wrong, expected): (String, RecoveryError.Code) in [
            (made.beginning, .invalid), ("", .noSnapshot), ("xyz", .noSnapshot),
        ] {
            #expect(
                await code { _ = try await recovery.run(to: "/b", snapshot: wrong) } == expected
            )
            let ship = made.archive.ship(to: MemoryStore())
            #expect(await code { _ = try await ship.plan(snapshot: wrong) } == expected)
        }
    }

    /// Of seventeen ids two begin with the same digit.
    private func severalOfOneBeginning() throws -> (archive: TestArchive, beginning: String) {
        let archive = try TestArchive.make(counts: Array(repeating: 1, count: 17))
        let digits = archive.snapshots.map { String($0.prefix(1)) }
        let several = digits.first { digit in digits.count { $0 == digit } > 1 }
        return (archive, try #require(several))
    }

    private func drill(_ vault: MemoryStore, on files: SimulatedFileSystem) throws -> Drill {
        Drill(from: vault, unlocking: VaultKeys(try TestArchive.key()), on: files)
    }
}

/// The directory of an archive holds what a vault holds, and more.
@Suite struct `An archive where a vault is meant` {
    private func store(_ archive: TestArchive) async throws -> MemoryStore {
        let vault = try await archive.vault()
        try await vault.remove("vault.json")
        try await vault.replace("head", [1])
        return vault
    }

    @Test func `is told from a damaged vault`() async throws {
        let archive = try TestArchive.tiny()
        let store = try await store(archive)
        let verification = try VaultVerification(of: store, publicKey: archive.publicKey)
        #expect(await code { _ = try await verification.run() } == .notFound)
    }

    @Test func `is not shipped to`() async throws {
        // Its own directory became a vault, and from then on nothing could be put into the archive.
        let archive = try TestArchive.tiny()
        let store = try await store(archive)
        #expect(await code { _ = try await archive.ship(to: store).plan() } == .foreign)
        #expect(try await store.status(ObjectName("vault.json")) == nil)
    }
}
