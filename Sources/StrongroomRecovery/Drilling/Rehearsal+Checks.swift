import ArchiveFileIO
import SystemPackage

// The user's own checks of what came back.
extension Rehearsal {
    /// A check that takes longer is ended, and the drill then proves nothing.
    private static let checkTimeout = Duration.seconds(3600)

    /// Runs the checks one after another.
    mutating func check(_ path: FilePath) async throws(RecoveryError) {
        for command in options.checks where !command.isEmpty {
            try RecoveryError.checkCancellation("checking")
            journal.begin("checking")
            try await check(command, path)
        }
    }

    private mutating func check(
        _ command: [String],
        _ path: FilePath
    ) async throws(RecoveryError) {
        let program = FilePath(command[0]).lastComponent?.string ?? command[0]
        let start = clock.elapsed()
        let outcome = await LocalFiles.pool.run { cancellation in
            Result { () throws(SystemError) in
                try Subprocess.run(
                    command + [path.string],
                    input: [],
                    timeout: Self.checkTimeout,
                    isCancelled: { cancellation.isCancelled }
                )
            }
        }
        try RecoveryError.checkCancellation("checking")
        let status = (try? outcome.get())?.status
        let check = DrillReport.Check(
            program: program,
            status: status,
            duration: clock.elapsed() - start
        )
        report.checks.append(check)
        switch outcome {
        case .failure(let error):
            report.conclude(
                .inconclusive,
                DrillReport.checkReason,
                "the check \(program) could not be started: \(error.errno)"
            )
        case .success where status == nil:
            report.conclude(
                .inconclusive,
                DrillReport.checkReason,
                "the check \(program) did not end within an hour"
            )
        case .success where status != 0:
            report.conclude(
                .failed,
                DrillReport.checkReason,
                "the check \(program) ended with status \(status ?? -1)"
            )
        case .success: break
        }
    }
}
