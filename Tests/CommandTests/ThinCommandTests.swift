import ArchiveBytes
import Foundation
import Support
import Testing

@Suite struct `The command thin` {
    /// An archive of two snapshots with some megabytes, shipped to a vault V.
    private func withShipped(_ body: (Workshop) throws -> Void) throws {
        try Workshop.withArchive { workshop in
            for name in ["a", "b"] {
                let put = try workshop.run("put", "-r", "A", name, input: noise(3_000_000))
                #expect(put.status == 0)
                #expect(try workshop.run("put", "-r", "A", "note/\(name)", input: [1]).status == 0)
                #expect(try workshop.run("snapshot", "-r", "A").status == 0)
            }
            #expect(try workshop.run("ship", "-r", "A", "--to", "V").status == 0)
            try body(workshop)
        }
    }

    private func sealed(_ workshop: Workshop) throws -> [String] {
        try workshop.names(in: "A/segments").filter { $0.hasSuffix(".seg") }
    }

    @Test func `lets segments live in a vault, and every command goes on working`() throws {
        try withShipped { workshop in
            let plan = try workshop.run("thin", "-r", "A", "--to", "V", "--json")
            #expect(plan.status == 0, "\(plan.errors)")
            #expect(try plan.last()["segments"]?.asArray?.count == 2)
            #expect(try sealed(workshop).count == 2)

            let thinned = try workshop.run("thin", "-r", "A", "--to", "V", "--confirm", "--json")
            #expect(thinned.status == 0, "\(thinned.errors)")
            #expect(try thinned.last()["segments"]?.asInteger == 2)
            #expect(try sealed(workshop).isEmpty)

            let status = try workshop.run("status", "-r", "A", "--json")
            #expect(try status.last()["remote_segments"]?.asInteger == 2)
            #expect(try workshop.run("status", "-r", "A").text.contains("not here but in a vault"))
            #expect(try workshop.run("get", "-r", "A", "a").output == noise(3_000_000))
            #expect(try workshop.run("put", "-r", "A", "c", input: [3]).status == 0)
            for command in [
                ["verify", "-r", "A"], ["verify", "-r", "A", "--keyless"],
                ["rebuild-index", "-r", "A"], ["snapshot", "-r", "A"],
                ["ship", "-r", "A", "--to", "V"], ["ship", "-r", "A", "--to", "W"],
                ["repair", "-r", "A", "--from", "V"], ["doctor", "-r", "A", "--keyless"],
                ["prune", "-r", "A", "--vault", "V", "--keep-last", "1"],
            ] {
                let outcome = try workshop.execute(Workshop.program, command)
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            }
            let again = try workshop.run("thin", "-r", "A", "--to", "V", "--confirm", "--keep", "1")
            #expect(again.status == 0, "\(again.errors)")
            #expect(try sealed(workshop).count == 1)

            // The machine is lost; the second vault has all as well.
            for vault in ["V", "W"] {
                let to = "B-\(vault)"
                let recovered = try workshop.run("recover", "--from", vault, "--to", to)
                #expect(recovered.status == 0, "\(recovered.errors)")
                #expect(try workshop.run("get", "-r", to, "b").output == noise(3_000_000))
                #expect(try workshop.run("get", "-r", to, "c").output == [3])
            }

            let restored = try workshop.run("thin", "-r", "A", "--restore")
            #expect(restored.status == 0, "\(restored.errors)")
            #expect(restored.text.contains("2 segments"))
            #expect(!workshop.exists("A/thin.json"))
            #expect(try workshop.run("verify", "-r", "A").status == 0)
        }
    }

    @Test func `finds the vault from any directory, and says when it is gone`() throws {
        try withShipped { workshop in
            #expect(try workshop.run("thin", "-r", "A", "--to", "V", "--confirm").status == 0)
            let archive = workshop.path("A")
            let elsewhere = try workshop.execute(
                "/bin/sh",
                [
                    "-c",
                    "cd / && \(Workshop.program) get -r \(archive) a | cmp - -n 3000000 /dev/zero",
                ]
            )
            #expect(elsewhere.errors.contains("differ") || elsewhere.text.contains("differ"))

            try FileManager.default.moveItem(atPath: workshop.path("V"), toPath: workshop.path("X"))
            try FileManager.default.removeItem(atPath: workshop.path("A/cache"))
            let get = try workshop.run("get", "-r", "A", "a")
            #expect(get.status == 1)
            #expect(get.errors.contains("lives in a vault") && get.errors.contains("/V"))
            #expect(try workshop.run("snapshots", "-r", "A").status == 0)
            #expect(try workshop.run("put", "-r", "A", "c", input: [3]).status == 0)
            let doctor = try workshop.run("doctor", "-r", "A")
            #expect(doctor.status != 0 && doctor.text.contains("vault"))
            #expect(try workshop.run("verify", "-r", "A").status != 0)
            #expect(try workshop.run("thin", "-r", "A", "--restore").status != 0)
        }
    }

    @Test func `leaves a vault that is read in place as it was, and put back it is refused`() throws
    {
        try withShipped { workshop in
            let place = workshop.setting(["STRONGROOM_CACHE": workshop.path("C")])
            #expect(try place.run("get", "-r", "V", "note/b").output == [1])
            let snapshots = try workshop.run("snapshots", "-r", "A", "--json").messages
            let newest = try #require(snapshots.last?["id"]?.asText)
            let manifest = workshop.path("V/snapshots/\(newest).json")
            try FileManager.default.removeItem(atPath: manifest)
            #expect(try place.run("get", "-r", "V", "note/a").status == 24)
            let accepted = try place.run("get", "-r", "V", "note/a", "--accept-rollback")
            #expect(accepted.output == [1], "\(accepted.errors)")
            #expect(try place.run("get", "-r", "V", "note/a").output == [1])
        }
    }

    @Test func `keeps what the vault has not whole, and ends with damage`() throws {
        try withShipped { workshop in
            let name = try #require(try sealed(workshop).first)
            var bytes = try workshop.read("V/segments/\(name)")
            bytes[9_000] ^= 1
            workshop.write("V/segments/\(name)", bytes)
            let outcome = try workshop.run("thin", "-r", "A", "--to", "V", "--confirm", "--json")
            #expect(outcome.status == 3, "\(outcome.errors)")
            #expect(try sealed(workshop) == [name])
            #expect(try workshop.run("thin", "-r", "A", "--to", "V", "--confirm").status == 20)
        }
    }

    @Test(arguments: [
        "", "--to V --restore", "--restore --confirm", "--to V --keep=-1",
    ])
    func `is refused where it is not clear what is meant`(arguments: String) throws {
        try Workshop.withArchive { workshop in
            let all = ["thin", "-r", "A"] + arguments.split(separator: " ").map(String.init)
            let outcome = try workshop.execute(Workshop.program, all)
            #expect(outcome.status == 2)
        }
    }
}
