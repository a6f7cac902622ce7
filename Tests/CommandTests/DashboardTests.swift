import ArchiveBytes
import Foundation
import Testing

@testable import StrongroomCommands

@Suite struct `The status of an archive and its vaults` {
    @Test func `tells of ships, verification and the witness, and notices an archive put back`()
        throws
    {
        try Workshop.withArchive { workshop in
            func run(_ words: String) throws -> Outcome {
                let arguments = words.split(separator: " ").map(String.init)
                return try workshop.execute(Workshop.program, arguments)
            }
            #expect(try run("snapshot -r A").status == 0)
            let older = workshop.path("older")
            try FileManager.default.copyItem(atPath: workshop.path("A"), toPath: older)
            #expect(try workshop.run("put", "-r", "A", "later", input: [1]).status == 0)
            #expect(try run("snapshot -r A").status == 0)
            #expect(try run("ship -r A --to V").status == 0)

            let before = try run("status -r A --vault V --prometheus figures.prom --json").last()
            let vault = try #require(before["vaults"]?.asArray?.first)
            #expect(vault["archive_goes_on"] == true)
            #expect(vault["verified_fraction"] == "0.0000")
            #expect(vault["last_verified"] == .null)
            #expect(vault["last_ship_time"]?.asText != nil)
            let figures = String(decoding: try workshop.read("figures.prom"), as: UTF8.self)
            #expect(figures.contains("strongroom_vault_archive_goes_on{"))
            #expect(figures.contains("strongroom_vault_verified_ratio{"))

            #expect(try run("verify --vault V").status == 0)
            let after = try run("status -r A --vault V --json").last()
            #expect(after["vaults"]?.asArray?.first?["verified_fraction"] == "1.0000")

            #expect(try run("report -r A --vault V --vault nowhere --html page.html").status == 0)
            let page = String(decoding: try workshop.read("page.html"), as: UTF8.self)
            for text in ["✓ as shipped", "✗ not reached", "100 % of", "<h2>Growth</h2>"] {
                #expect(page.contains(text), "\(text)")
            }

            let putBack = try run("status -r older --vault V")
            #expect(putBack.status == 24, "\(putBack.errors)")
            #expect(putBack.text.contains("PUT BACK"))
        }
    }

    @Test func `holds both against a checkpoint that was kept apart`() throws {
        try Workshop.withArchive { workshop in
            func run(_ words: String) throws -> Outcome {
                let arguments = words.split(separator: " ").map(String.init)
                return try workshop.execute(Workshop.program, arguments)
            }
            #expect(try run("snapshot -r A").status == 0)
            #expect(try run("ship -r A --to old").status == 0)
            #expect(try workshop.run("put", "-r", "A", "later", input: [1]).status == 0)
            #expect(try run("snapshot -r A").status == 0)
            #expect(try run("ship -r A --to V").status == 0)
            #expect(try run("witness export -r A --to note").status == 0)

            let right = try run("status -r A --vault V --witness note --json --prometheus f.prom")
            #expect(right.status == 0, "\(right.errors)")
            let found = try #require(try right.last()["witness"]?.asArray)
            #expect(found.map { $0["place"] } == [.text("A"), .text("V")])
            #expect(found.allSatisfy { $0["goes_on"] == true })
            let figures = String(decoding: try workshop.read("f.prom"), as: UTF8.self)
            #expect(figures.contains("strongroom_witnessed{"))

            // Whoever put the vault back cannot put back what is kept apart.
            let putBack = try run("status -r A --vault V --vault old --witness note")
            #expect(putBack.status == 24)
            #expect(putBack.text.contains("old: PUT BACK OR REPLACED: "))
            #expect(try run("status -r A --witness nowhere").status == 1)
        }
    }
}
