import Foundation
import SystemPackage
import Testing

@Suite struct `Shipping and recovering` {
    /// The short form of `tools/torture-vaults kills 50`.
    @Test(.timeLimit(.minutes(4)))
    func `end right after kills at random moments, and repeat nothing that was complete`() throws {
        let text = try torture(["kills", "6"])
        #expect(text.contains("every vault ended right"))
        #expect(text.contains("every archive ended right"))
    }

    /// The short form of `tools/torture-vaults races 200`.
    @Test(.timeLimit(.minutes(4)))
    func `go on beside prunes, and no snapshot that the rules keep is damaged`() throws {
        let text = try torture(["races", "2"])
        #expect(text.contains("no snapshot was damaged"))
        #expect(text.contains("none was damaged"))
    }

    private func torture(_ arguments: [String]) throws -> String {
        try Workshop.with { workshop in
            let script = Workshop.repository.appending(path: "tools/torture-vaults").path
            let outcome = try workshop.setting([
                "STRONGROOM": Workshop.program, "FILE_BYTES": "1500000",
                "TMPDIR": workshop.directory.string,
            ]).execute(script, arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.text
        }
    }
}
