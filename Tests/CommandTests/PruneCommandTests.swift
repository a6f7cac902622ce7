import ArchiveBytes
import Foundation
import Testing

@testable import StrongroomCommands

@Suite struct `The prune command` {
    @Test func `plans, condemns, removes, restores and minds holds`() throws {
        try Workshop.withArchive { workshop in
            for name in ["a", "b", "c"] {
                #expect(try workshop.run("put", "-r", "A", name, input: [1]).status == 0)
                #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            }
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            func prune(_ more: [String]) throws -> JSONValue {
                let command = ["prune", "-r", "A", "--vault", "V", "--keep-last", "1", "--json"]
                let outcome = try workshop.execute(Workshop.program, command + more)
                #expect(outcome.status == 0, "\(outcome.errors)")
                return try outcome.last()
            }
            let plan = try prune([])
            let entries = try #require(plan["snapshots"]?.asArray)
            #expect(plan["confirmed"] == false && plan["condemned"] == [])
            #expect(entries.first?["fate"] == "is_condemned" && entries.last?["fate"] == "stays")
            #expect(entries.last?["reasons"] == ["the newest", "last 1 of 1"])
            let first = try #require(entries.first?["id"]?.asText)

            let quiet = try workshop.execute(
                Workshop.program,
                ["prune", "-r", "A", "--vault", "V", "--keep-last", "9", "--confirm", "--quiet"]
            )
            #expect(quiet.text.split(separator: "\n").count == 1, "\(quiet.text)")
            #expect(try prune(["--confirm"])["condemned"]?.asArray?.count == entries.count - 1)
            #expect(try prune(["--confirm"])["removed"] == [])
            let back = try workshop.run("undelete", "-r", "A", "--vault", "V", first, "--json")
            #expect(try back.last()["restored"] == [.text(first)])
            let reason = ["--reason", "case 7"]
            let held = try workshop.execute(
                Workshop.program,
                ["hold", "place", "-r", "A", String(first.prefix(9))] + reason
            )
            #expect(held.status == 0, "\(held.errors)")
            #expect(try workshop.run("hold", "list", "-r", "A").text.contains("case 7"))
            #expect(
                try prune([])["snapshots"]?.asArray?.first?["reasons"] == ["held: case 7"]
            )
            let short = String(first.prefix(9))
            #expect(try workshop.run("hold", "release", "-r", "A", short).status == 0)
            #expect(try prune([])["snapshots"]?.asArray?.first?["fate"] == "is_condemned")

            let none = try workshop.run("prune", "-r", "A", "--vault", "V")
            #expect(none.status == 2 && none.errors.contains("nothing would be kept"))
            let unknown = try workshop.run("hold", "place", "-r", "A", "zz", "--reason", "x")
            #expect(unknown.status == 1)
        }
    }
}
