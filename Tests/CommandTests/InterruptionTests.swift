import ArchiveBytes
import Foundation
import Testing

@Suite struct `Being stopped` {
    /// A `put` that has taken 9 MB and waits for more.
    private func startPut(_ workshop: Workshop) throws -> (process: Process, input: FileHandle) {
        let started = try workshop.start("put", "-r", "A", "large")
        // A pipe holds 64 KiB: when this returns, the program has read all the rest.
        try started.input.write(contentsOf: Data(noise(9 << 20)))
        return started
    }

    private func expectUnharmed(_ workshop: Workshop) throws {
        let list = try workshop.run("ls", "-r", "A", "--json").messages
        #expect(list.compactMap { $0["name"]?.asText } == ["before"])
        #expect(try workshop.run("get", "-r", "A", "before").output == noise(100))
        #expect(try workshop.run("put", "-r", "A", "after", input: noise(50)).status == 0)
        let verified = try workshop.run("verify", "-r", "A")
        #expect(verified.status == 0, "\(verified.text) \(verified.errors)")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a first signal ends at a safe point with 130`(signal: Int32) throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "before", input: noise(100))
            let (process, input) = try startPut(workshop)
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            try input.close()
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 130)
            let errors = String(decoding: try workshop.read("err"), as: UTF8.self)
            #expect(errors.contains("interrupted"))
            try expectUnharmed(workshop)
        }
    }

    @Test func `killed in the middle, nothing acknowledged is lost and nothing half done is seen`()
        throws
    {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "before", input: noise(100))
            let (process, input) = try startPut(workshop)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try input.close()
            #expect(process.terminationReason == .uncaughtSignal)
            try expectUnharmed(workshop)
        }
    }

    @Test func `a second writer ends with 11 while readers go on`() throws {
        try Workshop.withArchive { workshop in
            _ = try workshop.run("put", "-r", "A", "before", input: noise(100))
            let (process, input) = try startPut(workshop)
            let second = try workshop.run("put", "-r", "A", "second", input: [1])
            #expect(second.status == 11, "\(second.errors)")
            #expect(try workshop.run("import", "-r", "A", "key").status == 11)
            #expect(try workshop.run("get", "-r", "A", "before").output == noise(100))
            try input.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try workshop.run("get", "-r", "A", "large").output == noise(9 << 20))
        }
    }
}
