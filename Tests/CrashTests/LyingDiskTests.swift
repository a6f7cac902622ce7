import ArchiveFileIO
import Foundation
import Strongroom
import Support
import SystemPackage
import Testing

/// Disks that say they have synced and have lost a sector, or have put it elsewhere.
///
/// No disk that lies is promised against, but what it leaves is: what was there at some moment, or an
/// error, and never other bytes. `STRONGROOM_EVERY_BYTE=1` tries more sectors of each sync.
@Suite struct `A disk that lies` {
    private static let seeds: UInt64 =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_BYTE"] == nil ? 1 : 40
    private static let steps: [LifeStep] = [
        .put(1), .batch(5), .checkpoint, .snapshot, .put(9), .delete(1), .seal,
        .put(11), .checkpoint, .put(12),
    ]

    private struct Counts {
        var lies = 0
        var noticed = 0
        var older = 0
    }

    /// What the archive held after each step, the oldest first.
    private static func live(
        on machine: SimulatedFileSystem,
        closing: Bool
    ) throws -> [[String: [UInt8]]] {
        let life = try Life(on: machine)
        var states = [life.model.acknowledged]
        for step in steps {
            try life.perform(step)
            states.append(life.model.acknowledged)
        }
        if closing { try life.end() } else { life.engine = nil }
        return states
    }

    @Test(arguments: SilentMishap.Kind.allCases, [false, true])
    func `brings what was there at some moment, or an error, and never other bytes`(
        kind: SilentMishap.Kind,
        closing: Bool
    ) throws {
        let base = try Life.machine()
        var counts = Counts()
        for call in 1...60 {
            var isOver = false
            for seed in 0..<Self.seeds {
                let machine = base.clone()
                machine.inject(SilentMishap(kind, call: call, seed: seed))
                let states = try Self.live(on: machine, closing: closing)
                isOver = machine.isMishapPending
                guard !isOver else { break }
                counts.lies += 1
                // Only now is the cache gone, which had the right bytes.
                let left = machine.afterCrash(.dropAllUnsynced)
                do {
                    try Self.examine(left, states, closing: closing, &counts)
                } catch {
                    Issue.record("\(kind), sync \(call), seed \(seed): \(error)")
                }
            }
            if isOver { break }
        }
        print("\(kind), closed \(closing): \(counts)")
        #expect(counts.lies > 12 && counts.noticed > 0)
    }

    private static func examine(
        _ machine: SimulatedFileSystem,
        _ states: [[String: [UInt8]]],
        closing: Bool,
        _ counts: inout Counts
    ) throws {
        for isWriter in [false, true] {
            let copy = machine.clone()
            let address = try Life.address(on: copy)
            do {
                let engine =
                    isWriter ? try Engine.open(address) : try Engine.openForReading(address)
                let found = try Life.contents(of: engine)
                guard let newest = states.lastIndex(of: found) else {
                    throw BrokenPromise("it holds what it never held at one moment")
                }
                let isSound = try engine.verify().isSound
                if newest < states.count - 1 {
                    counts.older += 1
                    // The head and the index know how a writer ended that ended in order.
                    if closing, isSound {
                        throw BrokenPromise("the newest records are gone, and nobody says so")
                    }
                }
                if !isSound { counts.noticed += 1 }
            } catch let error as ArchiveError {
                counts.noticed += 1
                guard [.corrupt, .rollback].contains(error.code) else {
                    throw BrokenPromise("it is told as \(error.code): \(error)")
                }
            }
        }
    }
}

/// Sectors that cannot be read any more while the archive is open, and after.
@Suite struct `A sector that goes bad` {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `under a life is told as unreadable, and nothing else is lost`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let life = try Life(on: try Life.machine())
        for step in [LifeStep.put(1), .batch(2), .snapshot, .batch(3)] { try life.perform(step) }
        for _ in 0..<12 {
            try life.perform(.badSector(seed: generator.next()))
            for step in [LifeStep.put(generator.next() % 50), .checkpoint, .kill, .batch(7)] {
                try life.perform(step)
            }
            try life.perform(.heal)
            try life.perform(.reopen)
            try life.check()
        }
        try life.end()
    }
}
