import ArchiveBytes
import Foundation
import Support
import SystemPackage
import Testing

@Suite struct `A vault elsewhere` {
    @Test func `is prepared where a directory is meant`() throws {
        try Workshop.with { workshop in
            let outcome = try workshop.run("vault", "init", "deep/vault", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let message = try outcome.last()
            #expect(message["message_type"] == "vault")
            #expect(message["write_once"] == "honoured")
            #expect(message["warnings"] == [])
            #expect(workshop.exists("deep/vault"))
        }
    }

    @Test(arguments: ["s3://x", "sftp://host", "ftp://host/path", "sftp://-x/path"])
    func `is refused where nothing can be`(location: String) throws {
        try Workshop.withArchive { workshop in
            for arguments in [
                ["vault", "init", location], ["ship", "-r", "A", "--to", location],
                ["recover", "--from", location, "--to", "B"], ["verify", "--vault", location],
                ["drill", "--from", location],
            ] {
                let outcome = try workshop.execute(Workshop.program, arguments + ["--json"])
                #expect(outcome.status == 1)
                #expect(try outcome.errorMessages.last?["code"] == "invalidName")
            }
        }
    }

    #if S3
    @Test func `is not spoken to without encryption unless that is said`() throws {
        try Workshop.with { workshop in
            let outcome = try workshop.setting([
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "A",
                "AWS_SECRET_ACCESS_KEY": "do-not-print",
            ]).run("vault", "init", "s3://records")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--allow-plain-http"))
            #expect(!outcome.errors.contains("do-not-print"))
        }
    }

    @Test(.enabled(if: SeaweedFS.isInstalled, "\(SeaweedFS.absence)"))
    func `in a bucket gives everything back`() throws {
        let server = try SeaweedFS.server()
        try Workshop.withArchive { workshop in
            let bucket = workshop.setting([
                "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)",
                "AWS_ACCESS_KEY_ID": SeaweedFS.accessKey,
                "AWS_SECRET_ACCESS_KEY": SeaweedFS.secretKey,
            ])
            let options = ["--allow-plain-http", "--create-bucket"]
            try giveBack("s3://commands/vault", options, in: bucket)
        }
    }
    #endif

    @Test(.enabled(if: SSHServer.isInstalled, "\(SSHServer.absence)"))
    func `on an SSH server gives everything back`() throws {
        try Workshop.withArchive { workshop in
            let server = try SSHServer(in: workshop.directory)
            defer { server.stop() }
            let ssh = server.command.joined(separator: " ")
            let vault = "sftp://vault" + workshop.path("V")
            try giveBack(vault, [], in: workshop.setting(["STRONGROOM_SSH_COMMAND": ssh]))
            #expect(workshop.exists("V/keyring.json"))
        }
    }

    @Test func `remembers who verified what, for all who verify`() throws {
        try Workshop.withArchive { workshop in
            for name in ["a", "b"] {
                #expect(try workshop.run("put", "-r", "A", name, input: [1]).status == 0)
                #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            }
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            let status = try workshop.run("status", "-r", "A", "--json").last()
            let key = try #require(status["public_key"]?.asText)
            let keyless = ["verify", "--vault", "V", "--keyless", "--public-key", key, "--json"]
            func verify(_ arguments: String...) throws -> JSONValue {
                let words = keyless + arguments
                let outcome = try workshop.execute(Workshop.program, words)
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try outcome.last()
            }
            let part = try verify("--sign-with", "me", "--shard", "1/2")
            #expect(part["segments"]?.asInteger == 1)
            let verifier = try #require(part["recorded_by"]?.asText)
            #expect(try workshop.read("me").count == 32)
            let rest = try verify("--sign-with", "me", "--max-age", "30d")
            #expect(rest["segments"]?.asInteger == 1)
            #expect(rest["recorded_by"]?.asText == verifier)
            #expect(try verify("--max-age", "30d")["segments"]?.asInteger == 2)
            let trusting = try verify("--max-age", "30d", "--trust-verifier", verifier)
            #expect(trusting["segments"]?.asInteger == 0)
            for words in [
                ["verify", "-r", "A", "--max-age", "1d"], keyless + ["--shard", "3/2"],
                ["verify", "--vault", "V", "--sign-with", "me"],
                keyless + ["--trust-verifier", "12"],
                keyless + ["--sign-with", "me", "--no-record"],
            ] {
                #expect(try workshop.execute(Workshop.program, words).status == 2, "\(words)")
            }
        }
    }

    /// Waits for another process, a minute at most.
    private func wait(_ isDone: () throws -> Bool) rethrows {
        for _ in 0..<6_000 where try !isDone() { usleep(10_000) }
    }

    @Test func `is followed until the program is told to stop`() throws {
        try Workshop.withArchive { workshop in
            #expect(try workshop.run("put", "-r", "A", "a", input: [1]).status == 0)
            #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            let (process, _) = try workshop.start(
                "ship",
                "-r",
                "A",
                "--to",
                "V",
                "--follow",
                "--every",
                "1s",
                "--json"
            )
            try wait {
                try String(decoding: workshop.read("out"), as: UTF8.self).contains("followed")
            }
            #expect(try workshop.run("put", "-r", "A", "b", input: [2]).status == 0)
            wait { (try? workshop.names(in: "V/parts").isEmpty) == false }
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let outcome = try workshop.run("recover", "--from", "V", "--to", "B", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.last()["followed_commits"]?.asInteger == 1)
            #expect(try workshop.run("get", "-r", "B", "b").output == [2])
            for words in [["--every", "1s"], ["--follow", "--dry-run"]] {
                let arguments = ["ship", "-r", "A", "--to", "V"] + words
                #expect(try workshop.execute(Workshop.program, arguments).status == 2)
            }
        }
    }

    @Test func `in a directory is read in place, and not when it was put back`() throws {
        try Workshop.withArchive { workshop in
            let place = workshop.setting(["STRONGROOM_CACHE": workshop.path("cache")])
            func ship(_ name: String) throws {
                #expect(try place.run("put", "-r", "A", name, input: [1]).status == 0)
                #expect(try place.run("snapshot", "-r", "A").status == 0)
                #expect(try place.run("ship", "-r", "A", "--to", "V").status == 0)
            }
            try ship("a")
            try FileManager.default.copyItem(
                atPath: place.path("V"),
                toPath: place.path("old")
            )
            try ship("b")
            #expect(try place.run("ls", "-r", "V", "--json").messages.count == 2)
            #expect(try place.run("status", "-r", "V", "--json").last()["snapshots"] == 2)
            try FileManager.default.removeItem(atPath: place.path("V"))
            try FileManager.default.moveItem(
                atPath: place.path("old"),
                toPath: place.path("V")
            )
            #expect(try place.run("ls", "-r", "V").status == 24)
            let wrong = place.setting(["STRONGROOM_CACHE_SIZE": "much"])
            #expect(try wrong.run("ls", "-r", "V").status == 2)
        }
    }

    @Test func `that was put back is told by a checkpoint that was kept`() throws {
        try Workshop.withArchive { workshop in
            func ship(_ name: String) throws {
                #expect(try workshop.run("put", "-r", "A", name, input: [1]).status == 0)
                #expect(try workshop.run("snapshot", "-r", "A").status == 0)
                #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            }
            try ship("a")
            try FileManager.default.copyItem(
                atPath: workshop.path("V"),
                toPath: workshop.path("old")
            )
            let first = try workshop.run("witness", "export", "-r", "A", "--to", "first")
            #expect(first.status == 0, "\(first.errors)")
            try ship("b")
            let printed = try workshop.run("witness", "export", "--vault", "V")
            #expect(printed.text.hasPrefix("strongroom/"))
            workshop.write("second", printed.output)
            for place in [["-r", "A"], ["--vault", "V"]] {
                for note in ["first", "second"] {
                    let check = try workshop.execute(
                        Workshop.program,
                        ["witness", "check", note, "--json"] + place
                    )
                    #expect(check.status == 0, "\(check.errors)")
                    #expect(try check.last()["message_type"] == "witnessed")
                }
            }
            #expect(
                try workshop.run("witness", "check", "second", "--vault", "old").status == 24
            )
            let old = ["recover", "--from", "old", "--witness", "second"]
            #expect(try workshop.execute(Workshop.program, old + ["--to", "B"]).status == 24)
            #expect(!workshop.exists("B"))
            let accepted = try workshop.execute(
                Workshop.program,
                old + ["--to", "B", "--accept-rollback"]
            )
            #expect(accepted.status == 0 && accepted.errors.contains("put back"))
            let verified = try workshop.run("verify", "--vault", "old", "--witness", "second")
            #expect(verified.status == 24)
            #expect(
                try workshop.run("verify", "--vault", "V", "--witness", "first").status == 0
            )
        }
    }

    @Test func `is copied and mended without a passphrase`() throws {
        try Workshop.withArchive { workshop in
            #expect(try workshop.run("put", "-r", "A", "a", input: noise(90_000)).status == 0)
            #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            let keyless = workshop.setting(["STRONGROOM_KEY_FILE": ""])
            let synced = try keyless.run("vault", "sync", "--from", "V", "--to", "W", "--json")
            #expect(synced.status == 0, "\(synced.errors)")
            #expect(try synced.last()["sent_objects"] == 5)

            let segment = "segments/0000000000000001.seg"
            var bytes = try workshop.read("V/" + segment)
            bytes[50_000] ^= 1
            workshop.write("V/" + segment, bytes)
            let mend = ["repair", "--vault", "V", "--from", "W", "--from", "A", "--json"]
            let planned = try keyless.execute(Workshop.program, mend + ["--dry-run"])
            #expect(try planned.last()["objects"]?.asArray?.count == 1)
            #expect(try workshop.read("V/" + segment) == bytes)
            let mended = try keyless.execute(Workshop.program, mend)
            #expect(mended.status == 0, "\(mended.errors)")
            #expect(try mended.messages.first?["object"]?.asText == segment)
            #expect(try mended.last()["mended"] == 1)
            #expect(try workshop.read("V/" + segment) == workshop.read("W/" + segment))

            workshop.write("A/" + segment, bytes)
            workshop.write("V/" + segment, bytes)
            let hopeless = try keyless.run("repair", "-r", "A", "--from", "V", "--json")
            #expect(hopeless.status == 20)
            #expect(try hopeless.errorMessages.last?["code"] == "integrity")
            let text = try keyless.run("repair", "-r", "A", "--from", "W")
            #expect(text.status == 0 && text.text.contains("1 object mended"))
            #expect(try workshop.run("verify", "-r", "A").status == 0)
        }
    }

    @Test func `gives back the archive as of a time`() throws {
        try Workshop.withArchive { workshop in
            func put(_ text: String) throws -> String {
                let input = Array(text.utf8)
                let outcome = try workshop.run("put", "-r", "A", "a", "--json", input: input)
                return try #require(try outcome.last()["recorded"]?.asText)
            }
            let first = try put("first")
            _ = try put("second")
            #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            for (option, value) in [("--at", first), ("--sequence", "1")] {
                let target = "B" + option
                let outcome = try workshop.run(
                    "recover",
                    "--from",
                    "V",
                    "--to",
                    target,
                    option,
                    value,
                    "--json"
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(try outcome.last()["cut"] == true)
                #expect(try outcome.last()["records"] == 1)
                #expect(try workshop.run("get", "-r", target, "a").text == "first")
            }
            let both = try workshop.run(
                "recover",
                "--from",
                "V",
                "--to",
                "C",
                "--at",
                first,
                "--sequence",
                "1"
            )
            #expect(both.status == 2)
        }
    }

    @Test func `gives back a part, and what survives of it`() throws {
        try Workshop.withArchive { workshop in
            for (name, subject) in [("a/1", "x"), ("a/2", "y"), ("b/1", "x")] {
                let input = Array(name.utf8)
                let put = try workshop.run(
                    "put",
                    "-r",
                    "A",
                    name,
                    "--subject",
                    subject,
                    input: input
                )
                #expect(put.status == 0, "\(put.errors)")
                #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            }
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            let part = ["recover", "--from", "V", "--json", "--to"]
            let one = try workshop.execute(
                Workshop.program,
                part + ["B", "--subject", "x", "--prefix", "a"]
            )
            #expect(one.status == 0, "\(one.errors)")
            #expect(try one.last()["records"] == 1)
            #expect(try workshop.run("get", "-r", "B", "a/1").text == "a/1")
            #expect(try workshop.run("get", "-r", "B", "b/1").status != 0)

            try FileManager.default.removeItem(
                atPath: workshop.path("V/segments/0000000000000002.seg")
            )
            let whole = try workshop.execute(Workshop.program, part + ["C"])
            #expect(whole.status == 20)
            let rest = try workshop.execute(Workshop.program, part + ["D", "--surviving"])
            #expect(rest.status == 3)
            #expect(try rest.last()["records"] == 2 && rest.last()["lost_records"] == 1)
            let lost = try rest.messages.first { $0["message_type"] == "lost" }
            #expect(lost?["first_sequence"] == 2)
            #expect(try workshop.run("get", "-r", "D", "b/1").text == "b/1")
            #expect(try workshop.run("verify", "-r", "D").status == 0)
            let wrong = try workshop.execute(
                Workshop.program,
                part + ["E", "--surviving", "--beside-others"]
            )
            #expect(wrong.status == 2)
        }
    }

    private func giveBack(_ vault: String, _ options: [String], in workshop: Workshop) throws {
        func run(_ arguments: String...) throws -> Outcome {
            let common = options.filter { $0 == "--allow-plain-http" }
            return try workshop.execute(Workshop.program, arguments + common + ["--json"])
        }
        let made = try workshop.execute(Workshop.program, ["vault", "init", vault] + options)
        #expect(made.status == 0, "\(made.errors)")
        let bytes = noise(50_000)
        #expect(try workshop.run("put", "-r", "A", "a", input: bytes).status == 0)
        #expect(try workshop.run("snapshot", "-r", "A").status == 0)
        let shipped = try run("ship", "-r", "A", "--to", vault)
        #expect(shipped.status == 0, "\(shipped.errors)")
        #expect(try run("ship", "-r", "A", "--to", vault).last()["sent_objects"] == 0)
        #expect(try run("verify", "--vault", vault).status == 0)
        let recovered = try run("recover", "--from", vault, "--to", "B")
        #expect(recovered.status == 0, "\(recovered.errors)")
        #expect(try workshop.run("get", "-r", "B", "a").output == bytes)
        #expect(try run("drill", "--from", vault).status == 0)
        let test = try run("drill", "--from", vault, "--self-test", "--json")
        #expect(test.status == 0, "\(test.errors)")
        #expect(try test.last()["missed"] == 0)
        // In place, with nothing recovered.
        let place = workshop.setting([
            "STRONGROOM_CACHE": workshop.path("cache"), "STRONGROOM_ALLOW_PLAIN_HTTP": "1",
        ])
        let read = try place.run("get", "-r", vault, "a")
        #expect(read.output == bytes, "\(read.errors)")
        #expect(try place.run("ls", "-r", vault, "--json").messages.count == 1)
        let written = try place.run("put", "-r", vault, "b", "--json", input: [1])
        #expect(try written.errorMessages.last?["code"] == "readOnly")
        try live(in: vault, place, bytes)
    }

    /// Lets the archive's segments live in the vault, and goes on with it.
    private func live(in vault: String, _ place: Workshop, _ bytes: [UInt8]) throws {
        let thinned = try place.run("thin", "-r", "A", "--to", vault, "--confirm")
        #expect(thinned.status == 0, "\(thinned.errors)")
        #expect(try !place.names(in: "A/segments").contains { $0.hasSuffix(".seg") })
        #expect(try place.run("get", "-r", "A", "a").output == bytes)
        #expect(try place.run("put", "-r", "A", "c", input: [3]).status == 0)
        for command in [
            ["verify", "-r", "A"], ["rebuild-index", "-r", "A"], ["snapshot", "-r", "A"],
            ["ship", "-r", "A", "--to", vault], ["doctor", "-r", "A", "--keyless"],
            ["recover", "--from", vault, "--to", "C"], ["thin", "-r", "A", "--restore"],
            ["verify", "-r", "A"],
        ] {
            let outcome = try place.execute(Workshop.program, command)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        #expect(try place.run("get", "-r", "C", "c").output == [3])
        #expect(!place.exists("A/thin.json"))
    }
}
