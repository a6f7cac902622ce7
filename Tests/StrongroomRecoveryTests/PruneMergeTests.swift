import ArchiveFormat
import StrongroomVaults
import Synchronization
import Testing

@testable import StrongroomRecovery

@Suite struct `What prunes have said over the years` {
    private static let grace: Int64 = 7 * 86_400_000_000

    private var all: KeepRules {
        var rules = KeepRules()
        rules.last = 3
        return rules
    }

    private func snapshot(_ number: Int) -> PruneDocument.Snapshot {
        let digits = String(number, radix: 16)
        let id = String(repeating: "0", count: 16 - digits.count) + digits
        return PruneDocument.Snapshot(id: id, lastSequence: UInt64(number), time: 1)
    }

    /// As so many nights leave it: each condemned one snapshot; answers with the documents' ids.
    private func condemn(_ count: Int, _ prune: Prune) async throws -> [String] {
        var ids: [String] = []
        for number in 1...count {
            var document = try prune.document(.condemned)
            document.grace = Self.grace
            document.snapshots = [snapshot(number)]
            // One that the vault has, and one that was removed long ago.
            document.segments = [SegmentNumber(1), SegmentNumber(900)]
            try await prune.put(.prune(document.id), document)
            ids.append(document.id)
        }
        return ids
    }

    private func restore(_ number: Int, _ cancels: [String], _ prune: Prune) async throws {
        var document = try prune.document(.restored)
        document.snapshots = [snapshot(number)]
        document.cancels = cancels
        try await prune.put(.prune(document.id), document)
    }

    private func ledger(_ prune: Prune) async throws -> PruneLedger {
        let contents = try await VaultContents.read(prune.store)
        let document = try contents.document(publicKey: prune.authority.publicKey)
        return try await PruneLedger.read(prune.store, document)
    }

    @Test func `becomes one document when its grace is over, and says the same`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let clock = DrivenClock()
        let prune = Prune(vault, by: try archive.authority(), clock: clock.clock)
        func documents() async throws -> Int {
            try await vault.names.count { $0.hasPrefix("prune/") }
        }
        func run() async throws { _ = try await prune.carryOut(try await prune.plan(all)) }

        let ids = try await condemn(Prune.mergeCount, prune)
        try await restore(5, [ids[4]], prune)
        try await run()
        #expect(try await documents() == Prune.mergeCount + 1)
        clock.advance(days: 8)
        let late = try await condemn(1, prune)
        try await run()

        // The one that stands for all, the one that restored, and the one whose grace is not over.
        #expect(try await documents() == 3)
        let after = try await ledger(prune)
        let wanted = Set((1...Prune.mergeCount).filter { $0 != 5 }.map { snapshot($0).id })
        #expect(Set(after.snapshots.keys) == wanted)
        #expect(after.snapshots[snapshot(1).id]?.documents.contains(late[0]) == true)
        #expect(after.segments.keys.sorted() == [SegmentNumber(1), SegmentNumber(900)])
        let merged = try #require(after.snapshots[snapshot(2).id])
        #expect(merged.due == clock.time.withLock { $0 })

        // Restored by somebody who had read the documents of before.
        try await restore(7, [ids[6]], prune)
        #expect(try await ledger(prune).snapshots[snapshot(7).id] == nil)
        // Restored by the document that stands for them.
        try await restore(8, merged.documents, prune)
        #expect(try await ledger(prune).snapshots[snapshot(8).id] == nil)

        // Much later all that is cancelled twice removed is forgotten, and nothing comes back.
        for _ in 0..<2 {
            _ = try await condemn(Prune.mergeCount, prune)
            clock.advance(days: 8)
            try await run()
        }
        #expect(try await documents() == 1)
        #expect(try await ledger(prune).snapshots.count == Prune.mergeCount)
    }
}

extension Prune {
    /// A new document of this moment.
    func document(_ kind: PruneDocument.Kind) throws -> PruneDocument {
        PruneDocument(
            kind: kind,
            archive: authority.archive,
            id: try VaultObject.newIdentity(),
            time: clock.now()
        )
    }
}
