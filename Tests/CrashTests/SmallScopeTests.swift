import ArchiveSealing
import Dispatch
import Foundation
import Strongroom
import Support
import Synchronization
import SystemPackage
import Testing

/// Nearly all faults of storage show in a few steps on a fresh disk: so all short lives are lived.
///
/// Every sequence of up to three steps, a loss of power at each of its changes, and after each of them
/// every subset of up to six pending sectors and names. `STRONGROOM_SMALL_SCOPE=1` does all of it; else
/// every 97th sequence and up to two pending sectors of each point.
@Suite struct `A short life` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_SMALL_SCOPE"] != nil
    private static let freeLimit = isFull ? 6 : 2

    /// What was examined.
    private struct Counts {
        var sequences = 0
        var points = 0
        var states = 0
        var failures: [String] = []
    }

    @Test func `of up to three steps keeps every promise wherever the power goes`() throws {
        let all = Self.sequences()
        #expect(all.count == 8 + 64 + 512)
        let chosen = Self.isFull ? all : stride(from: 7, to: all.count, by: 97).map { all[$0] }
        let base = try Life.machine()
        let counts = Mutex(Counts())
        DispatchQueue.concurrentPerform(iterations: 2) { half in
            for index in stride(from: half, to: chosen.count, by: 2) {
                let found = Self.examine(chosen[index], on: base)
                counts.withLock { counts in
                    counts.sequences += 1
                    counts.points += found.points
                    counts.states += found.states
                    counts.failures += found.failures
                    if Self.isFull, counts.sequences % 20 == 0 {
                        print("\(counts.sequences) sequences, \(counts.states) states")
                    }
                }
            }
        }
        let sum = counts.withLock { $0 }
        print("short lives: \(sum.sequences), crash points: \(sum.points), states: \(sum.states)")
        #expect(sum.states > 10 * sum.sequences)
        for failure in sum.failures.prefix(10) { Issue.record("\(failure)") }
    }

    private static func sequences() -> [[LifeStep]] {
        var all: [[LifeStep]] = []
        var longest: [[LifeStep]] = [[]]
        for _ in 1...3 {
            longest = longest.flatMap { sequence in LifeStep.alphabet.map { sequence + [$0] } }
            all += longest
        }
        return all
    }

    /// A point at which the power could fail, and what had been promised by then.
    private struct Point: Sendable {
        let machine: SimulatedFileSystem
        let model: LifeModel
    }

    private static func examine(_ steps: [LifeStep], on base: SimulatedFileSystem) -> Counts {
        var counts = Counts()
        do {
            var seen: Set<Digest> = []
            var model: LifeModel?
            for (number, point) in try points(of: steps, on: base).enumerated() {
                if point.model != model { seen = [] }
                model = point.model
                counts.points += 1
                var oracle = BoundedOracle(freeLimit: freeLimit, seed: UInt64(number))
                repeat {
                    let after = point.machine.afterCrash(&oracle)
                    guard seen.insert(after.digest).inserted else { continue }
                    counts.states += 1
                    do {
                        try goOn(after, point.model)
                    } catch {
                        counts.failures.append("\(steps), change \(number): \(error)")
                    }
                } while oracle.advance()
            }
        } catch {
            counts.failures.append("\(steps): \(error)")
        }
        return counts
    }

    private static func points(
        of steps: [LifeStep],
        on base: SimulatedFileSystem
    ) throws -> [Point] {
        let machine = base.clone()
        let life = try Life(on: machine)
        let found = Mutex<[Point]>([])
        let watched = Watched(life)
        machine.observeCrashPoints { disk in
            found.withLock { $0.append(Point(machine: disk, model: watched.life.model)) }
        }
        for step in steps { try life.perform(step) }
        try life.engine?.close()
        machine.observeCrashPoints(nil)
        return found.withLock { $0 }
    }

    /// What follows a loss of power: everything is there, and goes on.
    private static func goOn(_ machine: SimulatedFileSystem, _ model: LifeModel) throws {
        let life = try Life(on: machine, model: model)
        try life.check()
        try life.perform(.put(4))
        try life.end()
    }

    /// A life that is looked at by its own thread only.
    private final class Watched: @unchecked Sendable {
        let life: Life
        init(_ life: Life) { self.life = life }
    }
}

extension SimulatedFileSystem {
    /// Names and bytes of all files.
    var digest: Digest {
        let hasher = SHA256()
        for path in filePaths {
            let bytes = bytes(of: path) ?? []
            hasher.update(Array("\(path.string) \(bytes.count)\n".utf8).span)
            hasher.update(bytes.span)
        }
        return hasher.finish()
    }
}
