import Foundation
import Support
import SystemPackage
import Testing

/// Each call of the system in turn fails, once or from then on, under each thing an archive does.
///
/// Afterwards the archive opens and every promise holds; the failure itself is told as what it is and
/// never as damage. `STRONGROOM_EVERY_FAILURE=1` fails each call; else every eleventh.
@Suite struct `A failing system call` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_FAILURE"] != nil
    private static let stride = isFull ? 1 : 11
    private static let reasons: [Errno] =
        isFull ? [.ioError, .noSpace, .tooManyOpenFiles, .permissionDenied] : [.ioError, .noSpace]

    @Test(arguments: LifeStep.alphabet + [.kill, .rebuild, .advanceHead])
    func `breaks no promise and is told as what it is`(in step: LifeStep) throws {
        let base = try Self.prepared()
        let calls = try Self.callCount(of: step, on: base)
        #expect(calls > 0)
        var count = 0
        for (turn, call) in Swift.stride(from: 1, through: calls, by: Self.stride).enumerated() {
            for isForever in [false, true] {
                let reasons = Self.isFull ? Self.reasons : [Self.reasons[turn % 2]]
                for reason in reasons {
                    do {
                        try Self.fail(step, on: base, at: call, reason, isForever)
                    } catch {
                        Issue.record("\(step), call \(call), \(reason), \(isForever): \(error)")
                    }
                    count += 1
                }
            }
        }
        if Self.isFull { print("failures in \(step): \(count)") }
    }

    /// A machine with an archive that has a sealed segment, a snapshot and an active segment.
    private static func prepared() throws -> (machine: SimulatedFileSystem, model: LifeModel) {
        let life = try Life(on: try Life.machine())
        for step in [LifeStep.put(1), .batch(5), .snapshot, .put(8), .delete(1), .put(11)] {
            try life.perform(step)
        }
        let model = life.model
        try life.end()
        return (life.machine, model)
    }

    private static func callCount(
        of step: LifeStep,
        on base: (machine: SimulatedFileSystem, model: LifeModel)
    ) throws -> Int {
        let life = try started(on: base)
        let before = life.machine.operationCount
        try life.perform(step)
        return life.machine.operationCount - before
    }

    private static func fail(
        _ step: LifeStep,
        on base: (machine: SimulatedFileSystem, model: LifeModel),
        at call: Int,
        _ reason: Errno,
        _ isForever: Bool
    ) throws {
        let life = try started(on: base)
        try life.perform(
            .fault(.any, call: call, errno: reason.rawValue, isForever: isForever)
        )
        try life.perform(step)
        // What comes after a failure is where promises break.
        try life.perform(.put(13))
        try life.perform(.heal)
        try life.perform(.put(14))
        try life.end()
    }

    /// A life with an active segment that was written to, so that a kill leaves something to recover.
    private static func started(
        on base: (machine: SimulatedFileSystem, model: LifeModel)
    ) throws -> Life {
        let life = try Life(on: base.machine.clone(), model: base.model)
        try life.perform(.put(12))
        return life
    }
}
