import ArchiveFileIO
import ArgumentParser
import Glibc

/// The program: parses, runs, and turns what went wrong into a line and an exit status.
package enum CommandLineTool {
    /// Runs the program with the process's arguments and ends the process.
    ///
    /// The command runs on other threads; this one, the main thread, waits for signals.
    package static func main() -> Never {
        MemoryPolicy.keepSmall()
        CrashDumps.forbid()
        StandardStream.holdPlaces()
        // One that takes rights from the owner would make files that nobody can open.
        umask(0o077)
        Interruption.holdSignals()
        let arguments = Array(CommandLine.arguments.dropFirst())
        let work = Task.detached { exit((await run(arguments)).rawValue) }
        Interruption.takeSignals { asked in
            guard asked == 1 else { _exit(ExitStatus.interrupted.rawValue) }
            work.cancel()
            guard StandardStream.error.isTerminal else { return }
            Diagnostics(isJSON: false).note(
                "stopping at the next safe point; press Ctrl-C again to stop at once"
            )
        }
    }

    /// Whether the command line asks for JSON.
    ///
    /// Known also for a line that does not parse: whoever asked for JSON can read its error.
    static var wantsJSON: Bool {
        CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")
    }

    /// Runs one command line and answers how it ended.
    static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            do {
                try await carryOut(arguments)
                try StandardOutput.shared.finish()
                return .ok
            } catch {
                // What was said before the failure is part of the answer.
                try? StandardOutput.shared.finish()
                throw error
            }
        } catch {
            return report(error, wantsJSON: wantsJSON)
        }
    }

    private static func carryOut(_ arguments: [String]) async throws {
        try refuseUnknown(arguments)
        let arguments = try ProfileArguments.expand(arguments)
        var command = try await StrongroomCommand.asyncParseAsRoot(arguments)
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }

    /// Refuses what no command can understand, in words of its own.
    private static func refuseUnknown(_ arguments: [String]) throws {
        if let number = ProcessArguments.firstWithoutText {
            throw CommandFailure(
                .usage,
                code: "usage",
                "argument \(number) is not UTF-8; use a name that is, or for a file name its folder"
            )
        }
        let known = Set(StrongroomCommand.commandNames + ["help"])
        guard let name = arguments.first, !name.hasPrefix("-"), !known.contains(name) else {
            return
        }
        throw CommandFailure(
            .usage,
            code: "usage",
            ProfileFile.unknown("command", VisibleText.text(name), known)
        )
    }

    private static func report(_ error: any Error, wantsJSON: Bool) -> ExitStatus {
        if let failure = CommandFailure(error) {
            Diagnostics(isJSON: wantsJSON).fail(failure)
            return failure.status
        }
        let text = StrongroomCommand.fullMessage(for: error)
        guard StrongroomCommand.exitCode(for: error) != .success else {
            // Help and version are answers.
            StandardOutput.shared.write(line: text)
            do {
                try StandardOutput.shared.finish()
                return .ok
            } catch {
                return self.report(error, wantsJSON: wantsJSON)
            }
        }
        // A program wants the reason alone; a person also how the command is used.
        let spoken = text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text
        let message = wantsJSON ? StrongroomCommand.message(for: error) : spoken
        let failure = CommandFailure(.usage, code: "usage", message)
        Diagnostics(isJSON: wantsJSON).fail(failure)
        return .usage
    }
}
