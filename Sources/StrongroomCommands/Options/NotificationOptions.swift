import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import StrongroomRecovery

/// Whom to tell how it went.
struct NotificationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run this if it does not succeed, with the answer as JSON on its standard input. No shell.",
            valueName: "command"
        )
    )
    var onFailure: String?
    @Option(
        help: ArgumentHelp("The same if it succeeds.", valueName: "command")
    )
    var onSuccess: String?

    /// A program that has not taken the news by then is ended.
    private static let timeout = Duration.seconds(60)
    private static let pool = BlockingPool(label: "strongroom.notifications", width: 1)

    func validate() throws {
        for command in [onFailure, onSuccess].compactMap(\.self)
        where CommandWords.split(command) == nil {
            throw ValidationError("the command to run is empty or leaves a quote open: \(command)")
        }
    }

    /// Tells it.
    ///
    /// A program that fails is a warning: what was done is done.
    func tell(_ message: some Message, isSuccess: Bool, _ output: Output) async {
        guard let words = (isSuccess ? onSuccess : onFailure).flatMap(CommandWords.split) else {
            return
        }
        let input = Array((message.jsonLine + "\n").utf8)
        let outcome = await Self.pool.run { cancellation in
            Result { () throws(SystemError) in
                try Subprocess.run(
                    words,
                    input: input,
                    timeout: Self.timeout,
                    isCancelled: { cancellation.isCancelled }
                )
            }
        }
        switch outcome {
        case .failure(let error): output.warn("cannot run \(words[0]): \(error.errno)")
        case .success(let ending):
            guard ending.status != 0 else { return }
            let end = ending.status.map { "ended with status \($0)" } ?? "did not end in time"
            let words = VisibleText.text(String(decoding: ending.words.suffix(200), as: UTF8.self))
            output.warn("the notification \(end)" + (words.isEmpty ? "" : ": \(words)"))
        }
    }

    /// Tells of a failure before there was an answer.
    func tell(_ error: any Error, of command: String, _ output: Output) async {
        let failure = CommandFailure(error)
        // Whoever stopped it knows.
        guard failure?.status != .interrupted else { return }
        await tell(
            Note(
                command,
                [
                    "result": "error", "code": .optional(failure?.code),
                    "message": .text(failure?.message ?? "\(error)"),
                ],
                []
            ),
            isSuccess: false,
            output
        )
    }

    /// Runs a command and tells how it went.
    func watch(
        _ command: String,
        _ output: Output,
        _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch {
            await tell(error, of: command, output)
            throw error
        }
        await tell(Note(command, ["result": "done"], []), isSuccess: true, output)
    }
}
