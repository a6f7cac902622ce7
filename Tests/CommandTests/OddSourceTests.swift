import ArchiveBytes
import Foundation
import Testing

/// Sources with names and sizes at the edge of what there can be.
@Suite struct `An import of odd files` {
    private func importing(_ workshop: Workshop, _ paths: String...) throws -> Outcome {
        try workshop.execute(Workshop.program, ["import", "-r", "A", "--json"] + paths)
    }

    /// Exports everything and compares it with the folder `in`.
    private func expectExact(_ workshop: Workshop) throws {
        #expect(try workshop.run("export", "-r", "A", "--to", "out").status == 0)
        let difference = try workshop.execute("/usr/bin/diff", ["-r", "in", "out"])
        #expect(difference.status == 0, "\(difference.text.prefix(500))")
    }

    private func names(_ workshop: Workshop) throws -> [String] {
        try workshop.run("ls", "-r", "A", "--json").messages.compactMap { $0["name"]?.asText }
    }

    @Test func `keeps a record whose id is too long or holds a NUL`() throws {
        try Workshop.withArchive { workshop in
            let long = String(repeating: "x", count: 3_000)
            workshop.write(
                "in/a.ndjson",
                """
                {"resourceType":"Patient","id":"\(long)"}
                {"resourceType":"Patient","id":"a\\u0000b"}
                {"resourceType":"Observation","id":"o","subject":{"reference":"Patient/\(long)"}}
                {"resourceType":"Observation","id":"p","subject":{"reference":"Patient/a\\u0000b"}}
                {"resourceType":"Patient","id":"plain"}

                """
            )
            let outcome = try importing(workshop, "in")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.last()["records"] == 5)
            #expect(try names(workshop).allSatisfy { $0.utf8.count <= 1_024 && !$0.contains("\0") })
            #expect(try names(workshop).contains("Patient/plain"))
            try expectExact(workshop)
        }
    }

    @Test func `keeps a file whose path is longer than a name can be`() throws {
        try Workshop.withArchive { workshop in
            let folder = String(repeating: "f", count: 200)
            let path = (["in"] + Array(repeating: folder, count: 6)).joined(separator: "/")
            workshop.write(path + "/deep.txt", "deep")
            workshop.write(path + "/deeper.txt", "deeper")
            workshop.write("in/near.txt", "near")
            let outcome = try importing(workshop, "in")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.last()["records"] == 3)
            #expect(Set(try names(workshop)).count == 3)
            try expectExact(workshop)
        }
    }

    @Test func `keeps both of two files of one name, and of two records of one id`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("one/a.txt", "first")
            workshop.write("two/a.txt", "second")
            workshop.write(
                "two/b.ndjson",
                """
                {"resourceType":"Patient","id":"p","active":true}
                {"resourceType":"Patient","id":"p","active":false}
                {"resourceType":"Patient","id":"p","active":true}

                """
            )
            let outcome = try importing(workshop, "one", "two")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.last()["records"] == 4)
            #expect(try outcome.last()["duplicates"] == 1)
            let log = try workshop.run("log", "-r", "A", "Patient/p", "--json").messages
            #expect(log.count == 2)
            #expect(try workshop.run("export", "-r", "A", "--to", "out").status == 0)
            let found = try workshop.execute("/usr/bin/find", ["out", "-name", "a*.txt"])
            #expect(found.text.split(separator: "\n").count == 2, "\(found.text)")
        }
    }

    @Test func `keeps empty files, empty lines and a line without an end`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("in/empty", [])
            workshop.write("in/newline", "\n")
            workshop.write("in/one", [0])
            workshop.write(
                "in/a.ndjson",
                "\n\n{\"resourceType\":\"Patient\",\"id\":\"1\"}\r\n\n  \n{}"
            )
            let outcome = try importing(workshop, "in")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try outcome.last()["failures"] == [])
            try expectExact(workshop)
            #expect(try importing(workshop, "in").last()["records"] == 0)
        }
    }

    @Test func `of 100 MB comes out byte for byte, put or imported`() throws {
        try Workshop.withArchive { workshop in
            // Five different ends keep the pieces apart: no two bodies share all of their chunks.
            workshop.write("in/large.bin", (0..<5).flatMap { [UInt8($0)] + noise(20_000_000) })
            #expect(try workshop.run("put", "-r", "A", "large", "in/large.bin").status == 0)
            let program = "'\(Workshop.program)'"
            let get = try workshop.execute(
                "/bin/sh",
                ["-c", "\(program) get -r A large | cmp - in/large.bin"]
            )
            #expect(get.status == 0, "\(get.text) \(get.errors)")
            #expect(try importing(workshop, "in").status == 0)
            try expectExact(workshop)
        }
    }

    /// The limit stands for every refusal of the system that is not a full disk.
    @Test func `beyond what the system lets a file grow to loses nothing that was there`() throws {
        try Workshop.withArchive { workshop in
            #expect(try workshop.run("put", "-r", "A", "a", input: noise(1_000)).status == 0)
            workshop.write("in/large.bin", noise(20_000_000))
            let limited = "ulimit -f 8192; exec '\(Workshop.program)' import -r A in"
            let outcome = try workshop.execute("/bin/sh", ["-c", limited])
            #expect(outcome.status == 1, "\(outcome.status) \(outcome.errors)")
            #expect(outcome.errors.contains("File too large"))
            #expect(outcome.errors.contains("segments"))
            #expect(try workshop.run("get", "-r", "A", "a").output == noise(1_000))
            #expect(try workshop.run("verify", "-r", "A").status == 0)
            #expect(try importing(workshop, "in").status == 0)
            try expectExact(workshop)
        }
    }
}
