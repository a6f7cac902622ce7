import Foundation
import Testing

@Suite struct `The README` {
    @Test func `does what it shows`() throws {
        let text = try String(
            contentsOf: Workshop.repository.appending(path: "README.md"),
            encoding: .utf8
        )
        let parts = text.split(separator: "```sh\n", maxSplits: 1)
        let block = try #require(parts.last?.split(separator: "\n```", maxSplits: 1).first)
        #expect(block.contains("strongroom drill"))
        try Workshop.with { workshop in
            let place = URL(filePath: Workshop.program).deletingLastPathComponent().path
            let reader = workshop.setting([
                "STRONGROOM_KEY_FILE": nil, "PATH": "\(place):/usr/bin:/bin",
            ])
            let outcome = try reader.execute("/bin/sh", ["-eu", "-c", String(block)])
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.errors.isEmpty)
            #expect(outcome.text.contains("Observation/o1"))
            #expect(outcome.text.contains("passed: everything came back"))
            #expect(workshop.exists("drill.json"))
        }
    }
}
