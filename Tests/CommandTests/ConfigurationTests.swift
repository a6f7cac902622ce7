import ArchiveBytes
import Foundation
import Testing

@testable import StrongroomCommands

@Suite struct `The configuration` {
    private static let whole = """
        # Everything that a profile can say.
        [profile.hospital]
        archive = "A"
        vaults = [
            "V", # the near one
            's3://backups/hospital',
        ]
        password-file = "/etc/passphrase"

        [profile.hospital.keep]
        last = 3
        hourly = 1_000
        within = "14d"
        tagged = ["audit \\"1\\"", "\\u00e9t\\u00E9"]
        grace = "7d"
        [profile.hospital.drill]
        rto = "4h"
        rpo = "15m"
        scenario = "lost-index"
        checks = ["fsck -n"]
        keep-in-archive = true
        [profile.hospital.access]
        allow-plain-http = false
        limit-upload = 500
        [profile."two words"]
        """

    @Test func `is read, with paths from where it is`() throws {
        let file = try ProfileFile(Self.whole, at: "/etc/strongroom/config.toml")
        let profile = try #require(file.profiles["hospital"])
        #expect(profile[".archive"] == ["/etc/strongroom/A"])
        #expect(profile[".vaults"] == ["/etc/strongroom/V", "s3://backups/hospital"])
        #expect(profile["keep.hourly"] == ["1000"])
        #expect(profile["keep.tagged"] == ["audit \"1\"", "été"])
        #expect(profile["drill.keep-in-archive"] == ["true"])
        #expect(profile["access.allow-plain-http"] == [])
        #expect(file.profiles["two words"] == [:])
    }

    @Test(arguments: [
        ("[profile.a]\nvaultz = []", 2, "did you mean vaults?"),
        ("[profile.a.kep]", 1, "did you mean keep?"),
        ("[profile.a.keep]\nfortnightly = 3", 2, "there are daily, grace,"),
        ("[profil.a]", 1, "profiles are [profile.NAME]"),
        ("archive = \"A\"", 1, "write [profile.NAME] above it"),
        ("[profile.a]\narchive = 3", 2, "in quotes"),
        ("[profile.a.keep]\nlast = \"3\"", 2, "a whole number above zero"),
        ("[profile.a.keep]\nlast = 0", 2, "a whole number above zero"),
        ("[profile.a.keep]\nlast = 007", 2, "no value that is read here"),
        ("[profile.a.keep]\nwithin = \"14 days\"", 2, "a length of time"),
        ("[profile.a.lock]\nmode = \"complience\"", 2, "one of \"compliance\""),
        ("[profile.a]\n\narchive = \"A\"\narchive = \"B\"", 4, "twice"),
        ("[profile.a]\n[profile.a]", 2, "twice"),
        ("[[profile.a]]", 1, "arrays of tables"),
        ("[profile.a]\nkeep.last = 3", 2, "dotted keys"),
        ("[profile.a]\nkeep = { last = 3 }", 2, "inline tables"),
        ("[profile.a]\narchive = \"\"\"A\"\"\"", 2, "several lines"),
        ("[profile.a]\narchive = \"A", 2, "without its end"),
        ("[profile.a]\narchive = \"\\x\"", 2, "no such escape"),
        ("[profile.a]\nvaults = [\"V\"", 2, "without its end, ]"),
        ("[profile.a]\narchive = \"A\" \"B\"", 2, "more on the line"),
        ("[profile.a]\narchive = A", 2, "texts stand in quotes"),
        ("[profile.a]\narchive = 2026-01-01", 2, "texts stand in quotes"),
    ])
    func `is refused with the line and what to write`(
        text: String,
        line: Int,
        message: String
    ) throws {
        let failure = #expect(throws: CommandFailure.self) { try ProfileFile(text, at: "c.toml") }
        #expect(failure?.message.hasPrefix("c.toml:\(line): ") == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }

    @Test func `gives commands what they were not told themselves`() throws {
        try Workshop.withArchive { workshop in
            workshop.write(
                "config.toml",
                """
                [profile.near]
                archive = "A"
                vaults = ["V", "W"]
                [profile.near.keep]
                last = 1
                grace = "1d"
                [profile.near.drill]
                rto = "4h"
                rpo = "2d"
                keep-in-archive = true
                """
            )
            let place = workshop.setting(["STRONGROOM_CONFIG": workshop.path("config.toml")])
            let check = try place.run("config", "check", "--json")
            #expect(try check.last()["profiles"] == ["near"])
            #expect(try place.run("snapshot", "-P", "near").status == 0)
            #expect(try place.run("ship", "-P", "near").status == 0)
            #expect(workshop.exists("V/vault.json") && workshop.exists("W/vault.json"))
            #expect(try place.run("ship", "--use", "near", "--to", "X").status == 0)
            let drill = try place.run("drill", "-P", "near", "--rpo", "1h", "--json")
            #expect(drill.status == 0, "\(drill.errors)")
            #expect(try drill.last()["rto"]?["target_us"] == 14_400_000_000)
            #expect(try drill.last()["rpo"]?["target_us"] == 3_600_000_000)
            #expect(try place.run("report", "-P", "near").text.contains("lost-host"))
            let prune = try place.run("prune", "-P", "near", "--json")
            #expect(prune.status == 0, "\(prune.errors)")
            #expect(try prune.last()["rules"] == "last 1")
            #expect(try prune.last()["grace_us"] == 86_400_000_000)
            let other = try place.run("prune", "-P", "near", "--keep-daily", "2", "--json")
            #expect(try other.last()["rules"] == "daily 2")

            let wrong = try place.run("ship", "-P", "nera")
            #expect(wrong.status == 2 && wrong.errors.contains("did you mean near?"))
        }
    }

    @Test func `serves commands that need no key, and those that look after an archive`() throws {
        try Workshop.withArchive { workshop in
            workshop.write(
                "config.toml",
                """
                [profile.near]
                archive = "A"
                vaults = ["V"]
                key-file = "key"
                """
            )
            let place = workshop.setting([
                "STRONGROOM_CONFIG": workshop.path("config.toml"), "STRONGROOM_KEY_FILE": nil,
            ])
            for line in [
                "snapshot", "ship", "doctor", "repair", "thin", "witness export", "key list",
                "repair --vault V --from A", "vault sync --from V --to W",
            ] {
                let words = line.split(separator: " ").map(String.init) + ["-P", "near"]
                let outcome = try place.execute(Workshop.program, words)
                #expect(outcome.status == 0 || line == "doctor", "\(line): \(outcome.errors)")
                #expect(outcome.status < 2, "\(line): \(outcome.errors)")
            }
        }
    }
}
