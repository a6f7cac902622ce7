import ArchiveFileIO
import ArchiveFormat
import Strongroom
import Support
import SystemPackage
import Testing

@Suite struct `A loss of power` {
    @Test func `at any write, sync or rename loses nothing acknowledged and leaves nothing half`()
        throws
    {
        let base = SimulatedFileSystem()
        try base.makeDirectories("/srv")
        try Engine.create(try CrashWorkload.address(base)).close()

        let whole = base.clone()
        let start = whole.changeCount
        let end = CrashWorkload.run(on: whole)
        #expect(end.pending.isEmpty && end.snapshots.count == 1)
        let changes = whole.changeCount - start
        #expect(changes > 60, "the workload must have many points to stop at")

        var checked = 0
        for change in 1...changes {
            for mode in modes(change) {
                let machine = base.clone()
                machine.crash(atChange: start + change)
                let promise = CrashWorkload.run(on: machine)
                let after = machine.afterCrash(mode)
                do {
                    try check(after, promise)
                } catch {
                    Issue.record("change \(change), \(mode): \(error)")
                }
                checked += 1
            }
        }
        #expect(checked == changes * 4)
    }

    private func modes(_ change: Int) -> [CrashMode] {
        [.dropAllUnsynced, .keepAll, .seeded(UInt64(change)), .seeded(UInt64(change) << 32 | 9)]
    }

    /// Opens after the crash and holds what is there against what was promised.
    private func check(
        _ fileSystem: SimulatedFileSystem,
        _ promise: CrashWorkload.Promise
    ) throws {
        let engine = try Engine.open(try CrashWorkload.address(fileSystem))
        let found = try CrashWorkload.contents(of: engine)
        var expected = promise.acknowledged.compactMapValues(\.self)
        if found != expected {
            // The batch in flight may have become durable: then all of it is there.
            for batch in promise.pending {
                for (name, body) in batch { expected[name] = body }
            }
        }
        #expect(found == expected)
        let kept = Set(try engine.snapshots().map(\.id))
        #expect(kept.isSuperset(of: promise.snapshots))
        let report = try engine.verify()
        #expect(report.findings == [])

        var more = CrashWorkload.Promise()
        try CrashWorkload.put(["z": "life goes on"], engine, &more)
        try engine.close()
        let again = try Engine.openForReading(try CrashWorkload.address(fileSystem))
        #expect(try CrashWorkload.contents(of: again)["z"] == Array("life goes on".utf8))
    }
}
