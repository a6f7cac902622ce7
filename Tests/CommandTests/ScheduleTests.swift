import ArgumentParser
import Foundation
import Testing

@testable import StrongroomCommands

@Suite struct `What is scheduled` {
    /// The commands of all examples, without the program.
    private static func commands() throws -> [String] {
        let directory = Workshop.repository.appending(path: "tools/schedule")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try names.sorted().flatMap { name in
            try String(contentsOf: directory.appending(path: name), encoding: .utf8)
                .replacing("\\\n", with: " ")
                .split(separator: "\n")
                .filter { !$0.hasPrefix("#") && !$0.hasPrefix("Description=") }
                .flatMap { $0.split(separator: "&&") }
                .flatMap { line in
                    line.ranges(of: "strongroom ").prefix(1).map { String(line[$0.upperBound...]) }
                }
        }
    }

    @Test func `is what the program understands`() async throws {
        let commands = try Self.commands()
        for command in commands {
            let words = try #require(CommandWords.split(command))
            await #expect(throws: Never.self, "\(command)") {
                _ = try await StrongroomCommand.asyncParseAsRoot(words)
            }
        }
        for name in ["drill", "ship", "snapshot", "prune", "lock", "status"] {
            #expect(commands.contains { $0.hasPrefix(name) }, "\(name)")
        }
    }
}
