import Foundation
import Support
import Testing

/// Long random lives on a machine where everything fails that can.
///
/// `STRONGROOM_LIVES=COUNT` runs that many from `STRONGROOM_SEED` on; a failure prints the seed and
/// the fewest steps that still break the promise.
@Suite struct `A random life` {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["STRONGROOM_LIVES"].flatMap { Int($0) } ?? 12
    private static let first = environment["STRONGROOM_SEED"].flatMap { UInt64($0) } ?? 1
    private static let stepCount = 40

    @Test func `keeps every promise, whatever fails and whenever the power goes`() throws {
        var checks = 0
        for seed in Self.first..<(Self.first + UInt64(Self.count)) {
            let steps = Self.steps(seed)
            guard let failure = Self.failure(seed, steps, &checks) else { continue }
            let fewest = Self.shortened(seed, steps)
            let list = fewest.map { "  \($0)" }.joined(separator: "\n")
            Issue.record("seed \(seed): \(failure)\nin the fewest steps:\n\(list)")
        }
        print("random lives: \(Self.count) from seed \(Self.first), \(checks) examinations")
        #expect(checks > 5 * Self.count)
        #expect(LifeLog.count > Self.count, "nothing was logged, so nothing was heard")
    }

    static func steps(_ seed: UInt64) -> [LifeStep] {
        var generator = SeededGenerator(seed: seed)
        return (0..<stepCount).map { _ in LifeStep.random(&generator) }
    }

    /// What breaks, if anything does.
    static func failure(_ seed: UInt64, _ steps: [LifeStep], _ checks: inout Int) -> String? {
        let ledger = WriteLedger()
        do {
            let machine = try Life.machine(heardBy: ledger)
            machine.setSynchronizationFailure(SynchronizationFailure.all[Int(seed % 4)])
            let life = try Life(on: machine)
            life.looksAfterEachStep = true
            defer { checks += life.checkCount }
            for step in steps { try life.perform(step) }
            try life.end()
        } catch {
            return "\(error)"
        }
        return ledger.findings.first
    }

    /// Leaves out steps as long as a promise is still broken.
    static func shortened(_ seed: UInt64, _ steps: [LifeStep]) -> [LifeStep] {
        var steps = steps
        var checks = 0
        var width = steps.count / 2
        while width > 0 {
            var start = 0
            while start < steps.count {
                var fewer = steps
                fewer.removeSubrange(start..<min(start + width, steps.count))
                if failure(seed, fewer, &checks) != nil { steps = fewer } else { start += width }
            }
            width /= 2
        }
        return steps
    }
}

extension SynchronizationFailure {
    static let all: [SynchronizationFailure] = [.keepsDirty, .marksClean, .reverts, .shutsDown]
}
