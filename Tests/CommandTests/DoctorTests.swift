import ArchiveBytes
import Foundation
import Testing

/// The doctor names what is wrong and which command helps.
@Suite struct `The doctor` {
    private func codes(_ outcome: Outcome) throws -> [String] {
        try outcome.messages.compactMap { $0["code"]?.asText }
    }

    private func examine(_ workshop: Workshop, _ more: String...) throws -> Outcome {
        try workshop.execute(Workshop.program, ["doctor", "-r", "A", "--json"] + more)
    }

    private func permit(_ workshop: Workshop, _ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: mode],
            ofItemAtPath: workshop.path(name)
        )
    }

    private func withRecords(_ body: (Workshop) throws -> Void) throws {
        try Workshop.withArchive { workshop in
            try permit(workshop, "key", 0o600)
            for number in 0..<3 {
                let put = try workshop.run("put", "-r", "A", "a/\(number)", input: [1, 2, 3])
                #expect(put.status == 0)
            }
            #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            try body(workshop)
        }
    }

    @Test func `finds nothing wrong with a sound archive, and writes nothing`() throws {
        try withRecords { workshop in
            let before = try workshop.read("A/index/records.btree")
            let outcome = try examine(workshop)
            #expect(outcome.status == 0, "\(outcome.text)")
            #expect(try outcome.last()["damages"]?.asInteger == 0)
            #expect(try outcome.last()["warnings"]?.asInteger == 0)
            #expect(try workshop.read("A/index/records.btree") == before)
            let spoken = try workshop.run("doctor", "-r", "A")
            #expect(spoken.text.contains("nothing wrong was found"))
        }
    }

    @Test func `says when there is nothing, and when it is no archive`() throws {
        try Workshop.with { workshop in
            #expect(try examine(workshop).status == 10)
            try FileManager.default.createDirectory(
                atPath: workshop.path("A"),
                withIntermediateDirectories: false
            )
            let outcome = try examine(workshop)
            #expect(outcome.status == 20)
            #expect(try codes(outcome).contains("no_document"))
        }
    }

    /// What is done to the archive, and what the doctor says of it.
    @Test(arguments: [
        ("A/index/records.btree", "no_index", 1), ("A/keyring.json", "no_keyring", 20),
        ("A/head", "no_head", 1), ("A/segments/0000000000000001.seg", "segment_missing", 20),
    ])
    func `names the file that is missing`(file: String, code: String, status: Int32) throws {
        try withRecords { workshop in
            #expect(try workshop.run("put", "-r", "A", "b", input: [1]).status == 0)
            try FileManager.default.removeItem(atPath: workshop.path(file))
            let outcome = try examine(workshop)
            #expect(try codes(outcome).contains(code), "\(outcome.text)")
            #expect(outcome.status == status)
        }
    }

    @Test(arguments: [
        ("A/index/records.btree", 8_300, "index_damaged", 1),
        ("A/segments/0000000000000001.seg", 20, "segment_damaged", 20),
        ("A/archive.json", 30, "document_damaged", 20),
        ("A/keyring.json", 30, "keyring_damaged", 20),
    ])
    func `names the file that is damaged`(
        file: String,
        offset: Int,
        code: String,
        status: Int32
    ) throws {
        try withRecords { workshop in
            var bytes = try workshop.read(file)
            // An index of one page is padded to its end.
            let place = min(offset, bytes.count - 40)
            bytes[place] ^= 1
            workshop.write(file, bytes)
            let outcome = try examine(workshop)
            #expect(try codes(outcome).contains(code), "\(outcome.text)")
            #expect(outcome.status == status)
            let isHelpful = try outcome.messages.contains {
                $0["code"]?.asText == code && $0["remedy"]?.asText != nil
            }
            #expect(isHelpful)
        }
    }

    @Test func `sees a torn end, and that it is gone after the next writing`() throws {
        try withRecords { workshop in
            #expect(try workshop.run("put", "-r", "A", "b", input: [1]).status == 0)
            let name = try #require(
                try workshop.names(in: "A/segments").first { $0.hasSuffix(".open") }
            )
            let file = "A/segments/" + name
            var bytes = try workshop.read(file)
            while bytes.last == 0 { bytes.removeLast() }
            workshop.write(file, bytes + [UInt8](repeating: 0, count: 16) + [1, 2, 3, 4])
            let outcome = try examine(workshop)
            #expect(outcome.status == 1)
            #expect(try codes(outcome).contains("torn_tail"), "\(outcome.text)")
            #expect(try workshop.run("put", "-r", "A", "c", input: [1]).status == 0)
            #expect(try !codes(examine(workshop)).contains("torn_tail"))
        }
    }

    @Test func `warns of what others may read`() throws {
        try withRecords { workshop in
            try permit(workshop, "key", 0o644)
            try permit(workshop, "A", 0o755)
            let outcome = try examine(workshop)
            #expect(outcome.status == 1)
            #expect(Set(try codes(outcome)).isSuperset(of: ["permissions", "secret_readable"]))
        }
    }

    @Test func `looks at vaults too`() throws {
        try withRecords { workshop in
            try FileManager.default.createDirectory(
                atPath: workshop.path("V"),
                withIntermediateDirectories: false
            )
            let ship = try workshop.run("ship", "-r", "A", "--to", "V")
            #expect(ship.status == 0, "\(ship.errors)")
            #expect(try examine(workshop, "--vault", "V").status == 0)
            #expect(try workshop.run("put", "-r", "A", "b", input: [1]).status == 0)
            #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            let behind = try examine(workshop, "--vault", "V")
            #expect(behind.status == 1)
            #expect(try codes(behind).contains("vault_behind"), "\(behind.text)")
            let gone = try examine(workshop, "--vault", "W")
            #expect(try codes(gone).contains("vault"))
        }
    }

    @Test func `does without a key, and tells a wrong one`() throws {
        try withRecords { workshop in
            #expect(try examine(workshop, "--keyless").status == 0)
            workshop.write("key", Array("another key of thirty-two bytes !".utf8))
            try permit(workshop, "key", 0o600)
            let outcome = try examine(workshop)
            #expect(try codes(outcome).contains("wrong_key"), "\(outcome.text)")
        }
    }
}
