import ArchiveBytes
import Foundation
import Testing

@Suite struct `A vault` {
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
}
