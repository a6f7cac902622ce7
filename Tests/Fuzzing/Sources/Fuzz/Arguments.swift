import ArgumentParser

@testable import StrongroomCommands

/// A command line, one word a line; a byte before a word may stand for a command or an option.
func fuzzArguments(_ input: inout FuzzInput) throws {
    var words: [String] = []
    while !input.isAtEnd, words.count < 24 {
        var line = input.line()
        if let first = line.first, first < 0x20 || first >= 0x80 {
            line.removeFirst()
            words.append(known[Int(first) % known.count])
            if line.isEmpty { continue }
        }
        words.append(String(decoding: line, as: UTF8.self))
    }
    do {
        _ = try StrongroomCommand.parseAsRoot(words)
    } catch {
        // The message must be made as well.
        require(!StrongroomCommand.message(for: error).isEmpty || isHelp(error), "errors say why")
    }
}

private func isHelp(_ error: any Error) -> Bool {
    StrongroomCommand.exitCode(for: error) == .success
}

private let known =
    StrongroomCommand.commandNames + [
        "--archive", "-r", "--json", "--at", "--since", "--until", "--label", "--key-file",
        "--password-file", "--from", "--to", "--subject", "--collection", "--term", "--limit", "--",
        "--help", "--version", "--follow", "--verify", "add", "list", "remove", "sync", "check",
    ]
