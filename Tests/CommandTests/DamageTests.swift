import Foundation
import Testing

/// Files of an archive that are gone, cut or changed: what is said, and how the program ends.
@Suite struct `A damaged archive` {
    private let active = "A/segments/0000000000000001.open"

    private func withRecord<Result>(_ body: (Workshop) throws -> Result) throws -> Result {
        try Workshop.withArchive { workshop in
            let put = try workshop.run("put", "-r", "A", "a", input: noise(10_000))
            #expect(put.status == 0)
            return try body(workshop)
        }
    }

    private func remove(_ name: String, in workshop: Workshop) throws {
        try FileManager.default.removeItem(atPath: workshop.path(name))
    }

    /// It ended with 1, as a failure of any kind.
    @Test func `whose active segment is gone ends with 20 and says what is missing`() throws {
        try withRecord { workshop in
            try remove(active, in: workshop)
            for command in [["ls"], ["get", "a"], ["stats"], ["put", "b", "key"], ["snapshot"]] {
                let outcome = try workshop.execute(
                    Workshop.program,
                    [command[0], "-r", "A"] + command.dropFirst()
                )
                #expect(outcome.status == 20, "\(command) \(outcome.errors)")
                #expect(outcome.errors.contains("segment 1: its file is missing from A/segments"))
                #expect(outcome.errors.contains("strongroom recover"))
            }
            #expect(try workshop.run("verify", "-r", "A").status == 20)
        }
    }

    @Test(arguments: ["archive.json", "keyring.json", "segments", "snapshots"])
    func `without one of its parts is damaged or none at all, never a failure of any kind`(
        part: String
    ) throws {
        try withRecord { workshop in
            _ = try workshop.run("snapshot", "-r", "A")
            try remove("A/" + part, in: workshop)
            let outcome = try workshop.run("ls", "-r", "A")
            switch part {
            case "archive.json": #expect(outcome.status == 10)
            // What was recorded is all there; only the snapshots are not.
            case "snapshots": #expect(outcome.status == 0)
            default: #expect(outcome.status == 20, "\(outcome.errors)")
            }
            if outcome.status != 0 { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
        }
    }

    @Test(arguments: [
        "archive.json", "keyring.json", "segments/0000000000000001.seg",
        "segments/0000000000000002.open", "index/records.btree", "head",
    ])
    func `with a file cut to a half or to nothing is reported, never believed`(name: String) throws
    {
        try withRecord { workshop in
            _ = try workshop.run("snapshot", "-r", "A")
            _ = try workshop.run("put", "-r", "A", "b", input: noise(10_000))
            let whole = try workshop.read("A/" + name)
            for count in [whole.count / 2, 0] {
                workshop.write("A/" + name, Array(whole.prefix(count)))
                for command in ["ls", "verify"] {
                    let outcome = try workshop.run(command, "-r", "A")
                    // Half a head is the other of its two slots, and none is no witness.
                    let isFine = name == "head" && outcome.status == 0
                    #expect(isFine || [20, 24].contains(outcome.status), "\(outcome.errors)")
                    let place = ["A/", "segment ", name].contains { outcome.errors.contains($0) }
                    let advice = ["vault", "copy", "rebuild-index"]
                    let isHelpful = place && advice.contains { outcome.errors.contains($0) }
                    #expect(isFine || command == "verify" || isHelpful, "\(outcome.errors)")
                }
            }
            workshop.write("A/" + name, whole)
            #expect(try workshop.run("verify", "-r", "A").status == 0)
        }
    }

    @Test func `index is told from damaged records, and put makes it anew`() throws {
        try withRecord { workshop in
            var index = try workshop.read("A/index/records.btree")
            for page in stride(from: 16_384, to: index.count, by: 16_384) { index[page + 99] ^= 1 }
            workshop.write("A/index/records.btree", index)
            let list = try workshop.run("ls", "-r", "A")
            #expect(list.status == 20)
            #expect(list.errors.contains("Only the index is concerned, not the records"))
            #expect(list.errors.contains("strongroom rebuild-index"))
            let put = try workshop.run("put", "-r", "A", "b", input: [1])
            #expect(put.status == 0, "\(put.errors)")
            #expect(try workshop.run("ls", "-r", "A", "--json").messages.count == 2)
            #expect(try workshop.run("verify", "-r", "A").status == 0)
        }
    }
}
