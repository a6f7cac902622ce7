import ArchiveBytes
import ArchiveSealing
import Foundation
import Testing

@Suite struct `Bad input` {
    /// Overwrites one byte of a file.
    private func damage(_ name: String, at offset: Int, in workshop: Workshop) throws {
        var bytes = try workshop.read(name)
        bytes[offset] ^= 0xff
        workshop.write(name, bytes)
    }

    private func withRecord<Result>(_ body: (Workshop) throws -> Result) throws -> Result {
        try Workshop.withArchive { workshop in
            #expect(try workshop.run("put", "-r", "A", "a", input: noise(10_000)).status == 0)
            return try body(workshop)
        }
    }

    @Test(arguments: ["ls", "find", "status", "snapshots", "verify", "stats", "rebuild-index"])
    func `a missing archive and a foreign directory end with 10`(command: String) throws {
        try Workshop.with { workshop in
            workshop.write("foreign/letter.txt", "dear all")
            for place in ["nowhere", "foreign", "key"] {
                let outcome = try workshop.run(command, "-r", place)
                #expect(outcome.status == 10, "\(outcome.errors)")
                #expect(outcome.errors.contains(place))
                #expect(outcome.output.isEmpty)
            }
        }
    }

    @Test func `an archive is not made in a directory that holds something`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("foreign/letter.txt", "dear all")
            for place in ["foreign", "A"] {
                let outcome = try workshop.run("init", "-r", place)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(place))
            }
            #expect(try workshop.names(in: "foreign") == ["letter.txt"])
        }
    }

    @Test func `an archive of a newer format is refused and says so`() throws {
        try withRecord { workshop in
            let text = String(decoding: try workshop.read("A/archive.json"), as: UTF8.self)
            workshop.write(
                "A/archive.json",
                text.replacing("\"format_version\":1", with: "\"format_version\":2")
            )
            for command in ["ls", "verify"] {
                let outcome = try workshop.run(command, "-r", "A")
                #expect(outcome.status != 0)
                #expect((outcome.errors + outcome.text).contains("newer release"))
            }
        }
    }

    @Test func `a segment of a newer format is told from damage, and nothing is written`() throws {
        try withRecord { workshop in
            let name = "A/segments/0000000000000001.open"
            // A format number, an incompatible feature, and one that concerns writers alone.
            for (offset, isReadable) in [(8, false), (16, false), (24, true)] {
                let whole = try workshop.read(name)
                var bytes = whole
                bytes[offset] = 2
                let hash = SHA256.hash(Array(bytes[..<4_064]).span)
                bytes.replaceSubrange(4_064..<4_096, with: hash.bytes)
                workshop.write(name, bytes)
                let get = try workshop.run("get", "-r", "A", "a")
                #expect(get.status == (isReadable ? 0 : 1), "\(get.errors)")
                let put = try workshop.run("put", "-r", "A", "b", input: [1])
                #expect(put.status == 1)
                #expect(put.errors.contains("newer release"), "\(put.errors)")
                #expect(try workshop.read(name) == bytes)
                workshop.write(name, whole)
            }
        }
    }

    @Test func `a damaged header ends with 20 and names the place`() throws {
        try withRecord { workshop in
            _ = try workshop.run("snapshot", "-r", "A")
            try damage("A/segments/0000000000000001.seg", at: 3, in: workshop)
            for arguments in [["get", "-r", "A", "a"], ["verify", "-r", "A"]] {
                let outcome = try workshop.execute(Workshop.program, arguments)
                #expect(outcome.status == 20, "\(outcome.errors)")
                let said = outcome.errors + outcome.text
                #expect(said.contains("segment 1") || said.contains("0000000000000001.seg"))
            }
            #expect(try workshop.run("get", "-r", "A", "a").output.isEmpty)
        }
    }

    @Test func `a truncated segment is reported, and writing after it refused`() throws {
        try withRecord { workshop in
            let name = "A/segments/0000000000000001.open"
            let bytes = try workshop.read(name)
            workshop.write(name, Array(bytes.dropLast(200)))
            #expect(try workshop.run("verify", "-r", "A").status == 20)
            let put = try workshop.run("put", "-r", "A", "b", input: [1])
            #expect([20, 24].contains(put.status), "\(put.status) \(put.errors)")
        }
    }

    @Test func `a damaged keyring is not a wrong key`() throws {
        try withRecord { workshop in
            try damage("A/keyring.json", at: 100, in: workshop)
            #expect(try workshop.run("ls", "-r", "A").status == 20)
        }
    }

    @Test func `nothing of a damaged record is written`() throws {
        try withRecord { workshop in
            _ = try workshop.run("snapshot", "-r", "A")
            let name = "A/segments/0000000000000001.seg"
            try damage(name, at: 4096 + 2_000, in: workshop)
            let outcome = try workshop.run("get", "-r", "A", "a")
            #expect(outcome.status == 20)
            #expect(outcome.output.isEmpty)
        }
    }

    @Test func `a long record that is damaged says that the output is not whole`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "large", input: noise(20_000_000))
            _ = try workshop.run("snapshot", "-r", "A")
            let name = "A/segments/0000000000000001.seg"
            try damage(name, at: 15_000_000, in: workshop)
            let outcome = try workshop.run("get", "-r", "A", "large")
            #expect(outcome.status == 20)
            #expect(outcome.output.count < 20_000_000)
            #expect(outcome.errors.contains("do not use it"))
        }
    }

    @Test func `names that no archive can hold are refused before anything is written`() throws {
        try Workshop.withArchive { workshop in
            let long = String(repeating: "x", count: 1_025)
            for name in ["", long] {
                let outcome = try workshop.run("put", "-r", "A", name, input: [1])
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("1024"))
            }
            let fits = String(repeating: "x", count: 1_024)
            #expect(try workshop.run("put", "-r", "A", fits, input: [1]).status == 0)
            #expect(try workshop.run("ls", "-r", "A", "--json").messages.count == 1)
        }
    }

    @Test func `a name on the command line that is no text is refused, not changed`() throws {
        try Workshop.withArchive { workshop in
            let script = "'\(Workshop.program)' put -r A \"$(printf 'caf\\351')\" < key"
            let outcome = try workshop.execute("/bin/sh", ["-c", script])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("argument 4 is not UTF-8"))
            #expect(try workshop.run("ls", "-r", "A").output.isEmpty)
        }
    }

    @Test func `a command that is mistyped is answered with the one that is meant`() throws {
        try Workshop.with { workshop in
            let near = try workshop.run("improt", "x", "--json")
            #expect(near.status == 2)
            let message = try #require(try near.errorMessages.first?["message"]?.asText)
            #expect(message.contains("did you mean import?"))
            let far = try workshop.run("frobnicate")
            #expect(far.status == 2 && far.errors.contains("there are config, delete,"))
            #expect(try workshop.run("help", "import").status == 0)
        }
    }

    @Test func `another public key is told from a damaged archive`() throws {
        try Workshop.withArchive { workshop in
            let other = String(repeating: "0", count: 64)
            let outcome = try workshop.run(
                "verify",
                "-r",
                "A",
                "--keyless",
                "--public-key",
                other
            )
            #expect(outcome.status == 20)
            #expect(outcome.text.contains("another public key"))
        }
    }

    @Test func `a source that cannot be read does not stop the others`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("in/a.txt", "text")
            let some = try workshop.run("import", "-r", "A", "in", "nowhere", "--json")
            #expect(some.status == 3, "\(some.errors)")
            #expect(try some.messages.last?["records"] == 1)
            #expect(some.errors.contains("nowhere"))
            #expect(try workshop.run("import", "-r", "A", "nowhere").status == 1)
            #expect(try workshop.run("put", "-r", "A", "x", "nowhere").status == 1)
            #expect(try workshop.run("put", "-r", "A", "x", "in").status == 1)
            #expect(try workshop.run("get", "-r", "A", "x").status == 1)
        }
    }

    @Test func `a name that is no text is taken in and comes out again`() throws {
        try Workshop.withArchive { workshop in
            let script = "mkdir in && printf hello > \"$(printf 'in/caf\\351.txt')\""
            #expect(try workshop.execute("/bin/sh", ["-c", script]).status == 0)
            let imported = try workshop.run("import", "-r", "A", "in", "--json")
            #expect(imported.status == 0, "\(imported.errors)")
            let record = try #require(try workshop.run("ls", "-r", "A", "--json").messages.first)
            #expect(
                record["source"]?["path_b64"]
                    == .text(Base64.encode(Array("caf".utf8) + [0xe9] + Array(".txt".utf8)))
            )
            #expect(try workshop.run("export", "-r", "A", "--to", "out").status == 0)
            #expect(try workshop.execute("/usr/bin/diff", ["-r", "in", "out"]).status == 0)
        }
    }

    @Test func `what a line cannot mean ends with 2 and says why, in JSON too`() throws {
        try Workshop.withArchive { workshop in
            let lines = [
                ["ls", "-r", "A", "--at", "yesterday"], ["find", "-r", "A", "--code", "8480-6"],
                ["ls"], ["frobnicate"], ["put", "-r", "A"], ["find", "-r", "A", "--limit", "0"],
                ["ls", "-r", "A", "--snapshot", "x", "--at", "2026"],
                ["verify", "-r", "A", "--public-key", "00"],
                ["verify", "-r", "A", "--vault", "V"], ["ship", "-r", "A"],
            ]
            for line in lines {
                let text = try workshop.execute(Workshop.program, line)
                #expect(text.status == 2, "\(line) \(text.errors)")
                #expect(text.errors.hasPrefix("strongroom: "))
                let json = try workshop.execute(Workshop.program, line + ["--json"])
                #expect(json.status == 2)
                let message = try #require(try json.errorMessages.first)
                #expect(message["message_type"] == "error")
                #expect(message["exit_status"] == 2)
            }
        }
    }

    @Test func `an error is one line of JSON where JSON was asked for`() throws {
        try Workshop.withArchive { workshop in
            let outcome = try workshop.run("get", "-r", "A", "nothing", "--json")
            #expect(outcome.status == 1)
            let messages = try outcome.errorMessages
            #expect(messages.count == 1)
            #expect(messages.first?["code"] == "noRecord")
            #expect(messages.first?["exit_status"] == 1)
            let text = try workshop.run("get", "-r", "A", "nothing")
            #expect(text.errors.split(separator: "\n").count == 1)
            // It is not of a moment that the answer is about, unless one was named.
            #expect(!text.errors.contains("as of then"))
            let then = try workshop.run("get", "-r", "A", "nothing", "--at", "2020")
            #expect(then.errors.contains("as of then"))
        }
    }

    @Test func `an answer that cannot be written is a failure, a reader that goes is none`() throws
    {
        try withRecord { workshop in
            let program = "'\(Workshop.program)'"
            let full = try workshop.execute(
                "/bin/sh",
                ["-c", "\(program) get -r A a > /dev/full"]
            )
            #expect(full.status == 1)
            #expect(full.errors.contains("standard output"))
            let list = try workshop.execute(
                "/bin/sh",
                ["-c", "\(program) ls -r A > /dev/full"]
            )
            #expect(list.status == 1)
            let help = try workshop.execute(
                "/bin/sh",
                ["-c", "\(program) --help > /dev/full"]
            )
            #expect(help.status == 1)
            let gone = try workshop.execute(
                "/bin/sh",
                ["-c", "\(program) get -r A a | head -c 1 > /dev/null"]
            )
            #expect(gone.errors.isEmpty)
        }
    }
}
