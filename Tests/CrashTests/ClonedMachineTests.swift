import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Support
import Testing

@testable import Strongroom

/// One saved state of a virtual machine that is started more than once.
@Suite struct `Machines from one saved state` {
    /// Each clone writes the same records at the same places: the worst there is for nonces.
    @Test func `use no nonce for two texts, and each keeps its own records`() throws {
        let ledger = WriteLedger()
        let first = try Life(on: try Life.machine(heardBy: ledger))
        for step in [LifeStep.put(1), .batch(2), .checkpoint, .put(3)] { try first.perform(step) }
        var lives = [first]
        for _ in 0..<3 {
            lives.append(try Life(on: first.machine.clone(), model: first.model))
        }
        for seed in 10..<30 as Range<UInt64> {
            for life in lives {
                for step in [LifeStep.put(seed), .batch(seed), .checkpoint] {
                    try life.perform(step)
                }
                if seed % 7 == 0 { try life.perform(.snapshot) }
                if seed % 11 == 0 { try life.perform(.rebuild) }
            }
        }
        for life in lives { try life.end() }
        #expect(ledger.findings == [])
        #expect(ledger.sealedCount > 4 * 40)
    }

    /// Times only rise in the log, whatever the clock says; nothing else depends on it.
    @Test func `whose clock jumps keep times that never fall`() throws {
        let life = try Life(on: try Life.machine())
        var last: Int64 = 0
        for (number, jump) in [0, -1_000_000_000, 500, 4_000_000_000, -9_000_000_000].enumerated() {
            try life.perform(.clock(deltaSeconds: Int64(jump)))
            for step in [LifeStep.put(UInt64(number)), .snapshot, .reopen] {
                try life.perform(step)
            }
            let time = try #require(life.engine).end.link.time.microseconds
            #expect(time >= last)
            last = time
        }
        try life.check()
        try life.end()
    }
}
