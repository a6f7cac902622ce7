import Foundation
import SystemPackage
import Testing

@Suite struct `Shipping and recovering` {
    /// The short form of `tools/torture-vaults kills 50`.
    @Test(.timeLimit(.minutes(4)))
    func `end right after kills at random moments, and repeat nothing that was complete`() throws {
        try Workshop.with { workshop in
            let script = Workshop.repository.appending(path: "tools/torture-vaults").path
            let outcome = try workshop.setting([
                "STRONGROOM": Workshop.program, "FILE_BYTES": "1500000",
                "TMPDIR": workshop.directory.string,
            ]).execute(script, ["kills", "6"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.text.contains("every vault ended right"))
            #expect(outcome.text.contains("every archive ended right"))
        }
    }
}
