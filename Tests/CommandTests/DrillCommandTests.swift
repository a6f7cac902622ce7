import ArchiveBytes
import Foundation
import Testing

@testable import StrongroomCommands

@Suite struct `The drill command` {
    @Test func `judges objectives, and tells the same everywhere`() throws {
        try Self.withVault { workshop in
            let drill = try workshop.run(
                "drill",
                "--from",
                "V",
                "--rto",
                "4h",
                "--rpo",
                "1d12h",
                "--report",
                "out.json",
                "--html",
                "out.html",
                "--prometheus",
                "drill.prom",
                "--json"
            )
            #expect(drill.status == 0, "\(drill.errors)")
            let answer = try drill.last()
            #expect(answer["rto"]?["met"] == true && answer["rpo"]?["met"] == true)
            #expect(answer["rpo"]?["target_us"] == 129_600_000_000)

            let page = String(decoding: try workshop.read("out.html"), as: UTF8.self)
            #expect(page.contains("✓ passed") && page.contains("</html>"))
            for needle in ["http://", "https://", "<script", "<link", "url("] {
                #expect(!page.contains(needle), "\(needle): the page loads nothing")
            }
            let figures = String(decoding: try workshop.read("drill.prom"), as: UTF8.self)
            #expect(figures.contains("strongroom_drill_success{"))
            #expect(figures.contains("objective=\"rto\"} 1.0\n"))
            let mode = try FileManager.default.attributesOfItem(atPath: workshop.path("drill.prom"))
            #expect(mode[.posixPermissions] as? Int == 0o644)

            let missed = try workshop.run(
                "drill",
                "--from",
                "V",
                "--lost-at",
                "2999-01-01",
                "--rpo",
                "15m",
                "--quiet"
            )
            #expect(missed.status == 21)
            #expect(missed.text.hasPrefix("drill fail lost-host "))
            #expect(missed.text.contains("rpo_met=no reason: the loss window is "))
            #expect(missed.text.split(separator: "\n").count == 1)
        }
    }

    @Test func `carries out every scenario, and says why one proves nothing`() throws {
        try Self.withVault { workshop in
            for scenario in ["lost-host", "lost-index", "deleted-snapshot"] {
                let drill = try workshop.run("drill", "--from", "V", "--scenario", scenario)
                #expect(drill.status == 0, "\(scenario): \(drill.errors)")
            }
            let arguments = ["drill", "--from", "V", "--scenario"]
            let alone = try workshop.execute(Workshop.program, arguments + ["damaged-vault"])
            #expect(alone.status == 22)
            #expect(alone.errors.contains("--other-vault"))
            #expect(try workshop.run("ship", "-r", "A", "--to", "W").status == 0)
            let mended = try workshop.execute(
                Workshop.program,
                arguments + ["damaged-vault", "--other-vault", "W"]
            )
            #expect(mended.status == 0, "\(mended.errors)")
            let late = try workshop.execute(
                Workshop.program,
                arguments + ["ransomware", "--lost-at", "2999-01-01"]
            )
            #expect(late.status == 0, "\(late.errors)")
            let unsaid = try workshop.execute(Workshop.program, arguments + ["ransomware"])
            #expect(unsaid.status == 2)
            #expect(try workshop.names(in: ".").allSatisfy { !$0.contains("drill-") })
        }
    }

    @Test func `tests itself and leaves the vault as it was`() throws {
        try Self.withVault { workshop in
            let before = try Self.files(workshop, "V")
            let test = try workshop.run("drill", "--from", "V", "--self-test", "--json")
            #expect(test.status == 0, "\(test.errors)")
            let answer = try test.last()
            #expect(answer["missed"] == 0 && answer["result"] == "pass")
            #expect(answer["trials"]?.asArray?.count == 15)
            #expect(try Self.files(workshop, "V") == before)
            #expect(try workshop.names(in: ".").allSatisfy { !$0.contains("drill-") })

            let quiet = try workshop.run("drill", "--from", "V", "--self-test", "--quiet")
            #expect(quiet.text == "self-test pass: 15 damages staged, 0 missed\n")

            let segment = try #require(before.keys.first { $0.hasSuffix(".seg") })
            var bytes = try #require(before[segment])
            bytes[4_200] ^= 1
            workshop.write("V/segments/" + segment, bytes)
            let open = try workshop.run("drill", "--from", "V", "--self-test")
            #expect(open.status == 22)
            #expect(open.errors.contains("does not pass as it is"))
        }
    }

    @Test func `keeps reports in the archive, which the vault then brings back`() throws {
        try Self.withVault { workshop in
            let kept = try workshop.run("drill", "--from", "V", "--keep-in", "A")
            #expect(kept.status == 0, "\(kept.errors)")
            #expect(try workshop.run("report", "-r", "A", "--json").messages.count == 1)
            #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            let second = try workshop.run("drill", "--from", "V", "--html", "out.html")
            #expect(second.status == 0, "\(second.errors)")
            let page = String(decoding: try workshop.read("out.html"), as: UTF8.self)
            #expect(page.contains("2 drills of lost-host"))
            let whole = try workshop.run("report", "-r", "A", "--html", "all.html")
            #expect(whole.status == 0 && whole.text.contains("lost-host"))
            #expect(
                String(decoding: try workshop.read("all.html"), as: UTF8.self)
                    .contains("Last snapshot")
            )
            let lost = try workshop.run("drill", "--from", "V", "--keep-in", "nowhere")
            #expect(lost.status == 3)
        }
    }

    @Test func `lets a stranger verify its report, and refuses a changed byte`() throws {
        try Self.withVault { workshop in
            let status = try workshop.run("status", "-r", "A", "--json").last()
            let key = try #require(status["public_key"]?.asText)
            #expect(try workshop.run("drill", "--from", "V", "--report", "out.json").status == 0)
            let stranger = workshop.setting(["STRONGROOM_KEY_FILE": nil])
            let right = try stranger.run("report", "verify", "out.json", "--public-key", key)
            #expect(right.status == 0, "\(right.errors)")
            #expect(right.text.contains("Signature     right"))
            var bytes = try workshop.read("out.json")
            bytes[bytes.count / 2] ^= 1
            workshop.write("changed.json", bytes)
            let arguments = ["report", "verify", "changed.json", "--public-key"]
            let changed = try stranger.execute(Workshop.program, arguments + [key, "--json"])
            #expect(changed.status == 20)
            #expect(try changed.errorMessages.last?["code"] == "integrity")
            let foreign = try stranger.run(
                "report",
                "verify",
                "out.json",
                "--public-key",
                String(key.reversed())
            )
            #expect(foreign.status == 20)
            #expect(try stranger.execute(Workshop.program, arguments + ["12"]).status == 2)
        }
    }

    @Test func `tells how it went to the program that is named`() throws {
        try Self.withVault { workshop in
            func drill(_ vault: String, key: String = "key") throws -> Outcome {
                try workshop.run(
                    "drill",
                    "--from",
                    vault,
                    "--key-file",
                    key,
                    "--on-success",
                    "tee 'good news'",
                    "--on-failure",
                    "tee bad"
                )
            }
            #expect(try drill("V").status == 0)
            let good = try Self.document(workshop, "good news")
            #expect(good["message_type"] == "drill" && good["result"] == "pass")
            #expect(!workshop.exists("bad"))
            #expect(try drill("nowhere").status == 22)
            let bad = try Self.document(workshop, "bad")
            #expect(bad["result"] == "inconclusive")
            #expect(try drill("V", key: "nowhere").status == 1)
            let worse = try Self.document(workshop, "bad")
            #expect(worse["result"] == "error")

            // What was done is done, whoever does not hear of it.
            for deaf in ["false", "/nowhere/at/all"] {
                let drill = try workshop.run("drill", "--from", "V", "--on-success", deaf)
                #expect(drill.status == 0 && !drill.errors.isEmpty)
            }
            #expect(try workshop.run("drill", "--from", "V", "--on-success", "a 'b").status == 2)
        }
    }

    @Test func `is not the only one that tells`() throws {
        try Self.withVault { workshop in
            let words = ["--on-success", "tee good", "--on-failure", "tee bad"]
            func run(_ arguments: String...) throws -> Int32 {
                try workshop.execute(Workshop.program, arguments + words).status
            }
            #expect(try run("ship", "-r", "A", "--to", "V", "--quiet") == 0)
            #expect(try Self.document(workshop, "good")["message_type"] == "ship")
            #expect(try run("verify", "--vault", "V") == 0)
            #expect(try Self.document(workshop, "good")["message_type"] == "verify")
            #expect(!workshop.exists("bad"))
            let segment = try #require(try workshop.names(in: "V/segments").first)
            workshop.write("V/segments/" + segment, "short")
            #expect(try run("verify", "--vault", "V") == 20)
            #expect(try Self.document(workshop, "bad")["code"] == "integrity")
            #expect(try run("ship", "-r", "nowhere", "--to", "V") == 10)
            #expect(try Self.document(workshop, "bad")["message_type"] == "ship")
        }
    }

    @Test func `runs checks without a shell`() throws {
        try Self.withVault { workshop in
            let good = try workshop.run(
                "drill",
                "--from",
                "V",
                "--scratch",
                "S",
                "--check",
                "\(Workshop.program) verify -r"
            )
            #expect(good.status == 0, "\(good.errors)")
            let bad = try workshop.run("drill", "--from", "V", "--check", "test ! -e")
            #expect(bad.status == 21)
            let shell = try workshop.run("drill", "--from", "V", "--check", "true; touch harm")
            #expect(shell.status == 22 && !workshop.exists("harm"))
        }
    }

    @Test func `shows in the status, beside the vaults`() throws {
        try Self.withVault { workshop in
            #expect(try workshop.run("put", "-r", "A", "c", input: [1]).status == 0)
            let kept = try workshop.run("drill", "--from", "V", "--keep-in", "A", "--rto", "4h")
            #expect(kept.status == 0, "\(kept.errors)")
            let status = try workshop.run(
                "status",
                "-r",
                "A",
                "--vault",
                "V",
                "--prometheus",
                "s.prom",
                "--json"
            )
            #expect(status.status == 0, "\(status.errors)")
            let answer = try status.last()
            #expect(answer["last_drill"]?["result"] == "pass")
            #expect(answer["last_drill"]?["rto"]?["met"] == true)
            let vault = try #require(answer["vaults"]?.asArray?.first)
            // The record that was put, and the drill's report.
            #expect(vault["snapshots"] == 2 && vault["missing_record_versions"] == 2)
            #expect(vault["findings"] == [])
            let figures = String(decoding: try workshop.read("s.prom"), as: UTF8.self)
            #expect(figures.contains("strongroom_vault_missing_record_versions{"))
            let described = figures.split(separator: "\n").filter { $0.hasPrefix("# HELP") }
            #expect(Set(described).count == described.count)

            let down = try workshop.run("status", "-r", "A", "--vault", "V", "--vault", "nowhere")
            #expect(down.status == 3)
            #expect(down.text.contains("it lacks 2 record versions"))
            #expect(down.text.contains("Last drill   lost-host pass"))
            let segment = try #require(try workshop.names(in: "V/segments").first)
            workshop.write("V/segments/" + segment, "short")
            let short = try workshop.run("status", "-r", "A", "--vault", "V")
            #expect(short.status == 0 && short.text.contains("it has 5 bytes"))
        }
    }

    @Test(arguments: [
        ("90s", 90), ("15m", 900), ("4h", 14_400), ("1h30m", 5_400), ("2d", 172_800),
    ])
    func `understands a span of time`(text: String, seconds: Int64) {
        #expect(TimeSpan(argument: text)?.duration == .seconds(seconds))
    }

    @Test(arguments: ["", "4", "h", "-1h", "4 h", "0s", "99999999d", "4hours", "1.5h", "٤h"])
    func `refuses what is no span of time`(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test func `splits a command into words as it is written`() {
        #expect(CommandWords.split(" a  b ") == ["a", "b"])
        #expect(
            CommandWords.split("a 'b c' \"d 'e'\" f\\ g ''") == ["a", "b c", "d 'e'", "f g", ""]
        )
        #expect(CommandWords.split("a$HOME *|b") == ["a$HOME", "*|b"])
        for text in ["", "  ", "a 'b", "a\\"] { #expect(CommandWords.split(text) == nil) }
    }

    // MARK: Details

    /// An archive `A` with two snapshots in a vault `V`.
    private static func withVault(_ body: (Workshop) throws -> Void) throws {
        try Workshop.withArchive { workshop in
            for (name, text) in [("a", "first"), ("b", "second")] {
                let put = try workshop.run("put", "-r", "A", name, input: Array(text.utf8))
                #expect(put.status == 0, "\(put.errors)")
                #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            }
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            try body(workshop)
        }
    }

    private static func document(_ workshop: Workshop, _ name: String) throws -> JSONValue {
        let bytes = try workshop.read(name)
        return try JSONValue(parsing: bytes.span)
    }

    private static func files(_ workshop: Workshop, _ name: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for place in ["", "/segments", "/snapshots"] {
            for file in try workshop.names(in: name + place)
            where !["segments", "snapshots"].contains(file) {
                let isThere = try? workshop.read(name + place + "/" + file)
                if let bytes = isThere { files[file] = bytes }
            }
        }
        return files
    }
}
