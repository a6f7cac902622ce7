import ArchiveBytes
import Foundation
import Testing

@Suite struct `The command recover` {
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
}
