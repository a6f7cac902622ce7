import ArchiveBytes
import Foundation
import Testing

@testable import StrongroomCommands

@Suite struct `Unlocking` {
    @Test func `a passphrase opens by file, command, descriptor and environment`() throws {
        try Workshop.with { workshop in
            let workshop = workshop.setting(["STRONGROOM_KEY_FILE": nil])
            workshop.write("pw", "correct horse\n")
            workshop.write("other", "battery staple")
            #expect(try workshop.run("init", "-r", "A", "--password-file", "pw").status == 0)
            let ways: [(arguments: [String], environment: [String: String?])] = [
                (["--password-file", "pw"], [:]),
                (["--password-command", "cat pw"], [:]),
                (["--password-fd", "0"], [:]),
                ([], ["STRONGROOM_PASSWORD": "correct horse"]),
                ([], ["STRONGROOM_PASSWORD_FILE": "pw"]),
                ([], ["STRONGROOM_PASSWORD_COMMAND": "echo 'correct horse'"]),
                // What is named on the line goes before the environment.
                (["--password-file", "pw"], ["STRONGROOM_PASSWORD": "wrong"]),
            ]
            for way in ways {
                let outcome = try workshop.setting(way.environment).execute(
                    Workshop.program,
                    ["ls", "-r", "A"] + way.arguments,
                    input: Array("correct horse\n".utf8)
                )
                #expect(outcome.status == 0, "\(way): \(outcome.errors)")
            }
            let wrong = try workshop.run("ls", "-r", "A", "--password-file", "other")
            #expect(wrong.status == 12)
            #expect(!wrong.errors.contains("battery"))
        }
    }

    @Test func `keys are added, listed without a key, and removed`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("second", noise(32))
            let added = try workshop.run(
                "key",
                "add",
                "-r",
                "A",
                "--label",
                "two",
                "--new-key-file",
                "second",
                "--json"
            )
            #expect(added.status == 0, "\(added.errors)")
            let slot = try #require(try added.messages.first)
            #expect(slot["message_type"] == "key")
            #expect(slot["label"] == "two")
            #expect(slot["kind"] == "key-file")
            let stranger = workshop.setting(["STRONGROOM_KEY_FILE": nil])
            let slots = try stranger.run("key", "list", "-r", "A", "--json").messages
            #expect(slots.count == 2)
            #expect(try workshop.run("ls", "-r", "A", "--key-file", "second").status == 0)

            let first = try #require(slots.first?["id"]?.asText)
            #expect(try workshop.run("key", "remove", "-r", "A", first).status == 0)
            #expect(try workshop.run("ls", "-r", "A").status == 12)
            #expect(try workshop.run("ls", "-r", "A", "--key-file", "second").status == 0)
            let last = try #require(slot["id"]?.asText)
            let refused = try workshop.run(
                "key",
                "remove",
                "-r",
                "A",
                last,
                "--key-file",
                "second"
            )
            #expect(refused.status == 1)
            #expect(try workshop.run("ls", "-r", "A", "--key-file", "second").status == 0)
        }
    }

    @Test func `nothing is asked where nobody can answer`() throws {
        try Workshop.withArchive { workshop in
            let stranger = workshop.setting(["STRONGROOM_KEY_FILE": nil])
            let outcome = try stranger.run("ls", "-r", "A")
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("--password-file"))
        }
    }

    @Test func `an empty passphrase, a short key file and two ways at once are refused`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("empty", "\n")
            workshop.write("short", noise(31))
            let empty = try workshop.run("ls", "-r", "A", "--password-file", "empty")
            #expect(empty.status == 2)
            #expect(empty.errors.contains("empty"))
            #expect(try workshop.run("ls", "-r", "A", "--key-file", "short").status == 1)
            #expect(try workshop.run("ls", "-r", "A", "--key-file", "nowhere").status == 1)
            let both = try workshop.run(
                "ls",
                "-r",
                "A",
                "--key-file",
                "key",
                "--password-file",
                "empty"
            )
            #expect(both.status == 2)
            let failing = try workshop.run("ls", "-r", "A", "--password-command", "exit 7")
            #expect(failing.status == 1)
            #expect(failing.errors.contains("7"))
        }
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"),
        ("secret\n\n", "secret\n"), ("\n", ""), ("", ""), ("a\r", "a\r"),
    ])
    func `one newline at the end is not part of the passphrase`(text: String, secret: String) {
        #expect(PasswordSource.withoutNewline(Array(text.utf8)) == Array(secret.utf8))
    }
}
