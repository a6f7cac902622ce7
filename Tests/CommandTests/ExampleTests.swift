import Foundation
import Support
import SystemPackage
import Testing

@Suite("The example program") struct ExampleTests {
    @Test func `does what its page of code says`() throws {
        try TemporaryDirectory.with { directory in
            let process = Process()
            let root = URL(fileURLWithPath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            process.executableURL = root.appendingPathComponent(
                ".build/debug/strongroom-example"
            )
            process.arguments = [directory.appending("archive").string]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(
                decoding: output.fileHandleForReading.readDataToEndOfFile(),
                as: UTF8.self
            )
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(text.contains("put record 1 in commit 1"))
            #expect(text.contains("\"status\":\"preliminary\""))
            #expect(text.contains("\"status\":\"final\""))
            #expect(text.contains("100 records of Patient/p1"))
            #expect(text.contains("every byte verified"))
        }
    }
}
