import ArchiveBytes
import Testing

@Suite struct `Putting and getting records` {
    @Test(arguments: [0, 1, 4096, 1 << 20, (1 << 20) + 1, 9 << 20])
    func `a record comes out as it went in, through a pipe and from a file`(count: Int) throws {
        try Workshop.withArchive { workshop in
            let body = noise(count)
            workshop.write("body", body)
            #expect(try workshop.run("put", "-r", "A", "piped", input: body).status == 0)
            #expect(try workshop.run("put", "-r", "A", "named", "body").status == 0)
            for name in ["piped", "named"] {
                let outcome = try workshop.run("get", "-r", "A", name)
                #expect(outcome.status == 0)
                #expect(outcome.output == body)
            }
        }
    }

    @Test func `part of a record comes out alone, and what is behind its end is refused`() throws {
        try Workshop.withArchive { workshop in
            let body = noise(3 << 20)
            workshop.write("body", body)
            #expect(try workshop.run("put", "-r", "A", "x", "body").status == 0)
            let part = try workshop.run(
                "get",
                "-r",
                "A",
                "x",
                "--offset",
                "2000000",
                "--length",
                "9"
            )
            #expect(part.status == 0)
            #expect(part.output == Array(body[2_000_000..<2_000_009]))
            let rest = try workshop.run("get", "-r", "A", "x", "--offset", "3000000")
            #expect(rest.output == Array(body[3_000_000...]))
            let behind = try workshop.run(
                "get",
                "-r",
                "A",
                "x",
                "--offset",
                "9",
                "--length",
                "3145720"
            )
            #expect(behind.status == 1)
            #expect(behind.errors.contains("behind its end"))
        }
    }

    @Test func `a record of 20 MB goes through in bounded memory`() throws {
        try Workshop.withArchive { workshop in
            let body = noise(20_000_000)
            workshop.write("body", body)
            // 20 MB would not fit twice into what is left beside the program's own needs.
            let limited = ["-c", "ulimit -v 700000; exec \"$0\" \"$@\"", Workshop.program]
            let put = try workshop.execute(
                "/bin/sh",
                limited + ["put", "-r", "A", "large", "body"]
            )
            #expect(put.status == 0, "\(put.errors)")
            let get = try workshop.execute("/bin/sh", limited + ["get", "-r", "A", "large"])
            #expect(get.status == 0, "\(get.errors)")
            #expect(get.output == body)
        }
    }

    @Test func `the archive and subject may come from the environment and options`() throws {
        try Workshop.withArchive { workshop in
            let workshop = workshop.setting(["STRONGROOM_ARCHIVE": "A"])
            let put = try workshop.run(
                "put",
                "labs/1",
                "--subject",
                "MRN-1",
                "--media-type",
                "text/plain",
                "--event",
                "2026-11-22",
                "--json",
                input: Array("x".utf8)
            )
            #expect(put.status == 0)
            let stored = try #require(try put.messages.first)
            #expect(stored["message_type"] == "stored")
            #expect(stored["sequence"] == 1)
            #expect(stored["size"] == 1)
            let record = try #require(try workshop.run("ls", "--json").messages.first)
            #expect(record["subject"] == "MRN-1")
            #expect(record["media_type"] == "text/plain")
            #expect(record["event"] == "2026-11-22T00:00:00Z")
            #expect(record["event_end"] == "2026-11-22T23:59:59.999999Z")
        }
    }

    @Test func `a line of JSON says all that is promised of a record`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: Array("hello\n".utf8))
            let record = try #require(try workshop.run("ls", "-r", "A", "--json").messages.first)
            #expect(
                record.asObject?.members.map(\.key) == [
                    "message_type", "name", "collection", "sequence", "size", "sha256",
                    "media_type", "subject", "types", "event", "recorded", "source",
                ]
            )
            #expect(record["message_type"] == "record")
            #expect(record["collection"] == "records")
            #expect(record["size"] == 6)
            #expect(
                record["sha256"]
                    == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
            )
            #expect(record["media_type"] == .null)
            #expect(record["subject"] == .null)
            #expect(record["types"] == [])
            #expect(record["source"] == .null)
            let recorded = try #require(record["recorded"]?.asText)
            #expect(Timestamp(recorded) != nil)
        }
    }

    @Test func `a name keeps its history, and reads as of then`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: Array("one".utf8))
            let snapshot = try workshop.run("snapshot", "-r", "A", "--label", "L", "--json")
            let made = try #require(try snapshot.messages.first)
            #expect(made["message_type"] == "snapshot")
            #expect(made["label"] == "L")
            let id = try #require(made["id"]?.asText)
            _ = try workshop.run("put", "-r", "A", "a", input: Array("two".utf8))

            #expect(try workshop.run("get", "-r", "A", "a").text == "two")
            #expect(try workshop.run("get", "-r", "A", "a", "--snapshot", id).text == "one")
            #expect(
                try workshop.run("get", "-r", "A", "a", "--snapshot", String(id.prefix(6))).text
                    == "one"
            )
            #expect(try workshop.run("get", "-r", "A", "a", "--snapshot", "latest").text == "one")
            let log = try workshop.run("log", "-r", "A", "a", "--json").messages
            #expect(log.map { $0["sequence"] } == [2, 1])
            #expect(log.allSatisfy { $0["deleted"] == false })
            let list = try workshop.run("snapshots", "-r", "A", "--json").messages
            #expect(list.map { $0["id"] } == [.text(id)])
            #expect(list.first?["records"] == 1)
        }
    }

    @Test func `a time reads all that was recorded up to the end of it`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: Array("one".utf8))
            let first = try #require(
                try workshop.run("ls", "-r", "A", "--json").messages.first?["recorded"]?.asText
            )
            _ = try workshop.run("put", "-r", "A", "a", input: Array("two".utf8))
            let year = first.prefix(4)
            #expect(try workshop.run("get", "-r", "A", "a", "--at", first).text == "one")
            #expect(try workshop.run("get", "-r", "A", "a", "--at", String(year)).text == "two")
            #expect(try workshop.run("get", "-r", "A", "a", "--at", "1999").status == 1)
            #expect(try workshop.run("ls", "-r", "A", "--at", "1999").text.isEmpty)
        }
    }

    @Test func `deleting is a plan until it is confirmed, and takes nothing from the past`() throws
    {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: Array("one".utf8))
            _ = try workshop.run("snapshot", "-r", "A")
            let plan = try workshop.run("delete", "-r", "A", "a")
            #expect(plan.status == 0)
            #expect(plan.text.contains("--confirm"))
            #expect(try workshop.run("get", "-r", "A", "a").status == 0)

            #expect(try workshop.run("delete", "-r", "A", "a", "--confirm").status == 0)
            #expect(try workshop.run("get", "-r", "A", "a").status == 1)
            #expect(try workshop.run("ls", "-r", "A").text.isEmpty)
            #expect(try workshop.run("get", "-r", "A", "a", "--snapshot", "latest").text == "one")
            let log = try workshop.run("log", "-r", "A", "a", "--json").messages
            #expect(log.map { $0["deleted"] } == [true, false])
            #expect(try workshop.run("delete", "-r", "A", "a", "--confirm").status == 1)
        }
    }

    /// The second of two spellings of one letter was once taken for the first, and stayed.
    @Test func `every name that is given is deleted once, also of two that only look alike`() throws
    {
        try Workshop.withArchive { workshop in
            let names = ["caf\u{e9}", "cafe\u{301}"]
            for name in names {
                _ = try workshop.run("put", "-r", "A", name, input: Array("one".utf8))
            }
            let words = ["delete", "-r", "A", "--confirm", "--json"] + names + [names[1]]
            let done = try workshop.execute(Workshop.program, words)
            #expect(try done.messages.last?["records"] == 2)
            for name in names { #expect(try workshop.run("get", "-r", "A", name).status == 1) }
        }
    }

    @Test func `records are listed by prefix and subject, and found by what they say`() throws {
        try Workshop.withArchive { workshop in
            workshop.write(
                "in/o.ndjson",
                """
                {"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[\
                {"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/p1"},\
                "effectiveDateTime":"2025-03-04T05:06:07Z"}
                {"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[\
                {"system":"http://loinc.org","code":"8462-4"}]},"subject":{"reference":"Patient/p2"},\
                "effectiveDateTime":"2026-03-04"}
                {"resourceType":"Patient","id":"p1"}

                """
            )
            let summary = try workshop.run("import", "-r", "A", "in", "--json")
            #expect(summary.status == 0, "\(summary.errors)")
            #expect(try summary.messages.last?["records"] == 3)

            func names(_ arguments: String...) throws -> [String] {
                let outcome = try workshop.execute(
                    Workshop.program,
                    arguments + ["-r", "A", "--json"]
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try outcome.messages.compactMap { $0["name"]?.asText }
            }
            #expect(try names("find", "--type", "Observation").count == 2)
            #expect(
                try names("find", "--code", "http://loinc.org|8480-6") == ["Observation/o1"]
            )
            #expect(
                try names("find", "--type", "Observation", "--from", "2026")
                    == ["Observation/o2"]
            )
            #expect(
                try names("find", "--type", "Observation", "--to", "2025-03-04")
                    == ["Observation/o1"]
            )
            #expect(
                try names("find", "--subject", "Patient/p1", "--type", "Observation")
                    == ["Observation/o1"]
            )
            #expect(try names("find", "--subject", "p2") == ["Observation/o2"])
            #expect(try names("find", "--type", "Observation", "--limit", "1").count == 1)
            #expect(try names("ls", "--prefix", "Patient/") == ["Patient/p1"])
            #expect(try names("ls", "--subject", "Patient/p1").contains("Patient/p1"))
            let record = try #require(
                try workshop.run("ls", "-r", "A", "--prefix", "Observation/o2", "--json").messages
                    .first
            )
            #expect(record["types"] == ["Observation"])
            #expect(record["source"] == ["path": "o.ndjson", "line": 2])
            #expect(record["event"] == "2026-03-04T00:00:00Z")
        }
    }
}
