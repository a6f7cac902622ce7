import ArchiveBytes
import Foundation
import Testing

@Suite struct `The whole journey` {
    private static func samples(_ workshop: Workshop) throws {
        let samples = Workshop.repository.appending(path: "Tests/StrongroomHealthTests/Samples")
        try FileManager.default.copyItem(at: samples, to: URL(filePath: workshop.path("in")))
    }

    private func sameFiles(_ left: String, _ right: String, in workshop: Workshop) throws -> Bool {
        try workshop.execute("/usr/bin/diff", ["-r", left, right]).status == 0
    }

    @Test func `what is imported survives the loss of the machine, byte for byte`() throws {
        try Workshop.withArchive { workshop in
            try Self.samples(workshop)
            let imported = try workshop.run("import", "-r", "A", "in", "--json")
            #expect(imported.status == 0, "\(imported.errors)")
            let summary = try imported.last()
            #expect(summary["message_type"] == "summary")
            let records = try #require(summary["records"]?.asInteger)
            let pieces = try #require(summary["pieces"]?.asInteger)
            #expect(records > 100)
            let duplicates = try #require(summary["duplicates"]?.asInteger)
            #expect(records + duplicates == pieces)
            for key in ["unparsed", "bytes", "files"] { #expect(summary[key]?.asInteger != nil) }

            let again = try workshop.run("import", "-r", "A", "in", "--json").last()
            #expect(again["records"] == 0)
            #expect(again["duplicates"] == .integer(pieces))

            #expect(try workshop.run("snapshot", "-r", "A", "--label", "nightly").status == 0)
            let listed = try workshop.run("ls", "-r", "A", "--json").text
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            let second = try workshop.run("ship", "-r", "A", "--to", "V", "--json").last()
            #expect(second["sent_objects"] == 0)
            try FileManager.default.removeItem(atPath: workshop.path("A"))

            let back = try workshop.run("recover", "--from", "V", "--to", "B", "--json")
            #expect(back.status == 0, "\(back.errors)")
            let backLast = try back.last()
            #expect(backLast["complete"] == true)
            #expect(try workshop.run("ls", "-r", "B", "--json").text == listed)
            let verified = try workshop.run("verify", "-r", "B", "--json")
            #expect(verified.status == 0, "\(verified.errors)")
            let verifiedLast = try verified.last()
            #expect(verifiedLast["sound"] == true)
            #expect(try workshop.run("export", "-r", "B", "--to", "out").status == 0)
            #expect(try sameFiles("in", "out", in: workshop))
        }
    }

    @Test func `nothing but the public key proves an archive and a vault`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: noise(5_000))
            _ = try workshop.run("snapshot", "-r", "A")
            _ = try workshop.run("ship", "-r", "A", "--to", "V")
            let status = try workshop.run("status", "-r", "A", "--json").last()
            let key = try #require(status["public_key"]?.asText)
            let stranger = workshop.setting(["STRONGROOM_KEY_FILE": nil])
            let archive = try stranger.run(
                "verify",
                "-r",
                "A",
                "--keyless",
                "--public-key",
                key
            )
            #expect(archive.status == 0, "\(archive.errors)")
            let vault = try stranger.run(
                "verify",
                "--vault",
                "V",
                "--keyless",
                "--public-key",
                key
            )
            #expect(vault.status == 0, "\(vault.errors)")
            let other = String(repeating: "ab", count: 32)
            #expect(
                try stranger.run("verify", "-r", "A", "--keyless", "--public-key", other).status
                    == 20
            )
            #expect(
                try stranger.run("verify", "--vault", "V", "--keyless", "--public-key", other)
                    .status == 20
            )
        }
    }

    @Test func `a drill passes on a whole vault, fails on a damaged one, knows nothing without`()
        throws
    {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: noise(50_000))
            _ = try workshop.run("snapshot", "-r", "A")
            _ = try workshop.run("ship", "-r", "A", "--to", "V")
            let drill = try workshop.run(
                "drill",
                "--from",
                "V",
                "--report",
                "good.json",
                "--json"
            )
            #expect(drill.status == 0, "\(drill.errors)")
            let drillLast = try drill.last()
            #expect(drillLast["result"] == "pass")
            let document = try workshop.read("good.json")
            let report = try JSONValue(parsing: document.span)
            #expect(report["result"] == "pass")
            #expect(report["signature"]?.asText?.count == 128)
            let left = try workshop.names(in: ".").filter { $0.contains("drill-") }
            #expect(left.isEmpty)

            let segment = "V/segments/0000000000000001.seg"
            var bytes = try workshop.read(segment)
            bytes[bytes.count / 2] ^= 1
            try FileManager.default.removeItem(atPath: workshop.path(segment))
            workshop.write(segment, bytes)
            let failed = try workshop.run("drill", "--from", "V", "--report", "bad.json")
            #expect(failed.status == 21, "\(failed.errors)")
            #expect(workshop.exists("bad.json"))
            let recovered = try workshop.run("recover", "--from", "V", "--to", "C")
            #expect(recovered.status == 20)
            #expect(!workshop.exists("C/archive.json"))

            let nowhere = try workshop.run(
                "drill",
                "--from",
                "nowhere",
                "--report",
                "none.json"
            )
            #expect(nowhere.status == 22, "\(nowhere.errors)")
        }
    }

    @Test func `one vault that is down does not keep the others from theirs`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: noise(100))
            _ = try workshop.run("snapshot", "-r", "A")
            workshop.write("file", "in the way")
            let outcome = try workshop.run(
                "ship",
                "-r",
                "A",
                "--to",
                "file/V",
                "--to",
                "V2"
            )
            #expect(outcome.status == 3, "\(outcome.errors)")
            #expect(workshop.exists("V2/archive.json"))
        }
    }

    @Test func `status and stats tell what there is`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", "--subject", "s", input: noise(100))
            _ = try workshop.run("put", "-r", "A", "b", "--subject", "s", input: noise(50))
            let status = try workshop.run("status", "-r", "A", "--json").last()
            #expect(status["message_type"] == "status")
            #expect(status["archive_id"]?.asText?.count == 32)
            #expect(status["public_key"]?.asText?.count == 64)
            #expect(status["last_commit"] == 2)
            #expect(status["segments"] == 1)
            #expect(status["snapshots"] == 0)
            let stats = try workshop.run("stats", "-r", "A", "--json").last()
            #expect(stats["message_type"] == "stats")
            #expect(stats["records"] == 2)
            #expect(stats["bytes"] == 150)
            #expect(stats["subjects"] == 1)
        }
    }

    @Test func `an index that was lost or damaged is made anew`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "a", input: noise(100))
            let before = try workshop.run("ls", "-r", "A", "--json").text
            try FileManager.default.removeItem(atPath: workshop.path("A/index/records.btree"))
            #expect(try workshop.run("ls", "-r", "A").status == 20)
            let rebuilt = try workshop.run("rebuild-index", "-r", "A", "--json")
            #expect(rebuilt.status == 0, "\(rebuilt.errors)")
            let rebuiltLast = try rebuilt.last()
            #expect(rebuiltLast["last_sequence"] == 1)
            #expect(try workshop.run("ls", "-r", "A", "--json").text == before)
        }
    }
}
