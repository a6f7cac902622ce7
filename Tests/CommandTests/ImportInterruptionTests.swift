import ArchiveBytes
import Foundation
import Testing

/// An import that is stopped is run again, and then the archive is as if it had never been stopped.
@Suite struct `An import that is stopped` {
    /// Longer than any test waits: the import is still at it whenever the signal comes.
    ///
    /// The file is all hole; it takes no space.
    private let endless: UInt64 = 1 << 40

    private func writeSources(_ workshop: Workshop) {
        var lines = ""
        for number in 0..<3_000 {
            let note = Base64.encode(Array(noise(3_000).dropFirst(number % 800)))
            lines += """
                {"resourceType":"Observation","id":"o\(number)","status":"final","subject":\
                {"reference":"Patient/p\(number % 97)"},"note":[{"text":"\(note)"}]}

                """
        }
        workshop.write("in/a.ndjson", lines + "no record\n\n")
        workshop.write("in/b.bin", noise(2_500_000))
        workshop.write("in/c/empty", [])
    }

    private func addEndlessFile(_ workshop: Workshop) throws {
        workshop.write("in/z", [])
        try FileHandle(forWritingTo: URL(filePath: workshop.path("in/z"))).truncate(
            atOffset: endless
        )
    }

    private func removeEndlessFile(_ workshop: Workshop) throws {
        try FileManager.default.removeItem(atPath: workshop.path("in/z"))
    }

    /// The highest commit that the head of archive `A` knows.
    private func lastCommit(_ workshop: Workshop) -> UInt64 {
        guard let head = try? workshop.read("A/head") else { return 0 }
        let slots = [0, 512].filter { head.count >= $0 + 512 }
        return slots.map { head.span.u64(at: $0 + 32) }.max() ?? 0
    }

    /// Starts an import of `in` and sends it a signal once it has made a commit, or has come to the
    /// endless file.
    private func interrupt(
        _ workshop: Workshop,
        with signal: Int32,
        atCommit: Bool = true
    ) throws -> Process {
        let before = lastCommit(workshop)
        let (process, _) = try workshop.start("import", "-r", "A", "in", "--json")
        while process.isRunning, !isReadingEndlessFile(process) {
            if atCommit, lastCommit(workshop) > before { break }
            usleep(1_000)
        }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process
    }

    private func isReadingEndlessFile(_ process: Process) -> Bool {
        let files = FileManager.default
        let descriptors = "/proc/\(process.processIdentifier)/fd/"
        let open = (try? files.contentsOfDirectory(atPath: descriptors)) ?? []
        return open.contains {
            (try? files.destinationOfSymbolicLink(atPath: descriptors + $0))?.hasSuffix("in/z")
                == true
        }
    }

    /// What the archive holds: each record's name and digest.
    private func contents(_ workshop: Workshop, _ archive: String) throws -> [String] {
        try workshop.run("ls", "-r", archive, "--json").messages.map {
            "\($0["name"]?.asText ?? "") \($0["sha256"]?.asText ?? "") \($0["size"]?.asInteger ?? -1)"
        }
    }

    /// Imports to the end, and holds the archive against one that was filled in one go.
    private func expectAsUninterrupted(_ workshop: Workshop) throws {
        try removeEndlessFile(workshop)
        let resumed = try workshop.run("import", "-r", "A", "in", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try workshop.run("init", "-r", "B", "-q").status == 0)
        let whole = try workshop.run("import", "-r", "B", "in", "--json")
        let (sum, expected) = (try resumed.last(), try whole.last())
        #expect(sum["pieces"] == expected["pieces"])
        let stored = (sum["records"]?.asInteger ?? 0) + (sum["duplicates"]?.asInteger ?? 0)
        #expect(stored == expected["records"]?.asInteger)
        #expect(sum["duplicates"] != 0)

        #expect(try contents(workshop, "A") == contents(workshop, "B"))
        let exported = try workshop.run("export", "-r", "A", "--to", "exported")
        #expect(exported.status == 0, "\(exported.errors)")
        let difference = try workshop.execute("/usr/bin/diff", ["-r", "in", "exported"])
        #expect(difference.status == 0, "\(difference.text.prefix(500))")
        let verified = try workshop.run("verify", "-r", "A")
        #expect(verified.status == 0, "\(verified.text) \(verified.errors)")
    }

    @Test func `by Ctrl-C says so with 130, and goes on where it was`() throws {
        try Workshop.withArchive { workshop in
            writeSources(workshop)
            try addEndlessFile(workshop)
            let process = try interrupt(workshop, with: SIGINT)
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 130)
            let errors = String(decoding: try workshop.read("err"), as: UTF8.self)
            #expect(errors.contains("interrupted"))
            let output = String(decoding: try workshop.read("out"), as: UTF8.self)
            #expect(output.contains("\"interrupted\":true"))
            try expectAsUninterrupted(workshop)
        }
    }

    @Test func `by Ctrl-C in the middle of one long file ends all the same`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("in/a", "text")
            try addEndlessFile(workshop)
            let process = try interrupt(workshop, with: SIGINT, atCommit: false)
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 130)
        }
    }

    @Test func `by kill -9 again and again doubles nothing and misses nothing`() throws {
        try Workshop.withArchive { workshop in
            writeSources(workshop)
            try addEndlessFile(workshop)
            for _ in 0..<3 {
                let process = try interrupt(workshop, with: SIGKILL)
                #expect(process.terminationReason == .uncaughtSignal)
            }
            try expectAsUninterrupted(workshop)
        }
    }
}
