import ArchiveBytes
import ArchiveFileIO

/// How a command answers.
///
/// The only place that tells the formats apart.
struct Output: Sendable {
    enum Format: Sendable {
        case text
        case json
    }

    let format: Format
    /// No progress and no confirmations; answers are answered all the same.
    let isQuiet: Bool

    /// Says what was asked for.
    func answer(_ message: some Message) {
        switch format {
        case .text: for line in message.lines { StandardOutput.shared.write(line: line) }
        case .json: StandardOutput.shared.write(line: message.jsonLine)
        }
    }

    /// Says that something was done, which the quiet do not want to hear.
    func confirm(_ message: some Message) {
        switch format {
        case .text: if !isQuiet { answer(message) }
        case .json: answer(message)
        }
    }

    /// Says something beside the answer, to a person or to a program that keeps a log.
    func warn(_ text: String) {
        Diagnostics(isJSON: format == .json).warn(text)
    }

    /// A line that shows how far a long command is, where somebody looks at it.
    func progress(_ verb: String) -> Progress {
        Progress(
            verb,
            isShown: format == .text && !isQuiet && StandardStream.error.isTerminal
        )
    }

    /// Whether a long answer should go on.
    var goesOn: Bool { StandardOutput.shared.isWritable && !Interruption.isRequested }
}

/// What goes wrong, on standard error.
struct Diagnostics {
    let isJSON: Bool

    func fail(_ failure: CommandFailure) {
        if isJSON {
            say(
                Note(
                    "error",
                    [
                        "code": .text(failure.code),
                        "exit_status": .count(Int(failure.status.rawValue)),
                        "message": .text(failure.message),
                    ],
                    []
                ).jsonLine
            )
        } else {
            note(failure.message)
        }
    }

    func warn(_ text: String) {
        if isJSON {
            say(Note("warning", ["message": .text(text)], []).jsonLine)
        } else {
            note(text)
        }
    }

    func note(_ text: String) { say("strongroom: \(text)") }

    private func say(_ line: String) {
        Progress.clear()
        // There is nobody left to tell if this fails.
        try? StandardStream.error.write(Array((line + "\n").utf8).span)
    }
}
