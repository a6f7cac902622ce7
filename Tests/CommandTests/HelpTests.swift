import Foundation
import Testing

@testable import StrongroomCommands

/// What the program says about itself is part of what is promised: changes are made on purpose.
///
/// To take over a change: STRONGROOM_RECORD_HELP=1 swift test --filter CommandTests, and read the
/// difference.
@Suite struct `Help` {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Help")

    static let commands = [
        "", "init", "status", "stats", "key", "key list", "key add", "key remove", "verify",
        "doctor",
        "rebuild-index", "import", "export", "put", "get", "delete", "ls", "find", "log",
        "snapshot", "snapshots", "vault", "vault init", "vault sync", "ship", "recover",
        "repair", "drill", "report", "report verify", "witness", "witness export", "witness check",
        "prune", "undelete", "hold", "hold place", "hold release", "hold list",
        "config", "config check", "lock", "lock set", "lock report", "thin",
    ]

    @Test(arguments: commands)
    func `the help of a command is what was written down`(command: String) throws {
        try Workshop.with { workshop in
            let words = command.split(separator: " ").map(String.init)
            let outcome = try workshop.execute(Workshop.program, words + ["--help"])
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty)
            let name = command.isEmpty ? "strongroom" : command.replacing(" ", with: "-")
            let file = Self.directory.appending(path: "\(name).txt")
            if ProcessInfo.processInfo.environment["STRONGROOM_RECORD_HELP"] == "1" {
                try Data(outcome.output).write(to: file)
            }
            let written = try String(contentsOf: file, encoding: .utf8)
            #expect(outcome.text == written)
        }
    }

    @Test func `every command has its help written down`() {
        #expect(
            Set(StrongroomCommand.commandNames)
                == Set(Self.commands.filter { !$0.isEmpty && !$0.contains(" ") })
        )
    }

    @Test func `no line of help is wider than a terminal`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
        #expect(files.count == Self.commands.count)
        for file in files {
            let text = try String(
                contentsOf: Self.directory.appending(path: file),
                encoding: .utf8
            )
            for line in text.split(separator: "\n") {
                #expect(line.count <= 100, "\(file): \(line)")
            }
        }
    }
}
