import ArchiveFileIO
package import SystemPackage

/// A real server that a test talks to; it ends with the test, however that ends.
package final class TestServer: Sendable {
    /// The port that it listens on, on this machine's own address.
    package let port: UInt16
    private let child: ChildProcess

    /// How long a server may take until it serves, on a busy machine.
    private static let startTimeout = Duration.seconds(120)

    /// Starts a program that writes one line when it serves.
    init(_ command: [String], port: UInt16) throws {
        child = try ChildProcess(command)
        self.port = port
        var line: [UInt8] = []
        var byte: [UInt8] = [0]
        repeat {
            var span = byte.mutableSpan
            do {
                try child.read(into: &span, timeout: Self.startTimeout)
            } catch {
                throw ServerFailure(text: "\(command[0]): \(error); \(child.complaints)")
            }
            line += byte
        } while line.last != UInt8(ascii: "\n")
        firstLine = String(decoding: line, as: UTF8.self)
    }

    /// What it said when it began to serve.
    let firstLine: String

    /// Ends it.
    package func stop() { child.end() }

    /// The repository that the tests were built from.
    package static let repository = FilePath(#filePath).removingLastComponent()
        .removingLastComponent().removingLastComponent().removingLastComponent()
}

/// A server that did not start.
package struct ServerFailure: Error {
    package let text: String
}

/// SeaweedFS, a real S3 server; one for all tests of a process.
package enum SeaweedFS {
    package static let accessKey = "AKIASTRONGROOMTESTS0"
    package static let secretKey = "strongroom-tests-strongroom-tests-000000"
    /// Why tests with it are skipped.
    package static let absence: String =
        "SeaweedFS is not there; get it with tools/start-seaweedfs get"

    /// Whether the server can be started.
    package static var isInstalled: Bool {
        isExecutable(TestServer.repository.appending(".build/seaweedfs/bin/weed"))
    }

    /// Starts it on the first use.
    package static func server() throws -> TestServer { try started.get() }

    /// The tool ends the server when its input does, and that ends with this process.
    private static let started = Result { () throws -> TestServer in
        let tool = TestServer.repository.appending("tools/start-seaweedfs").string
        let directory = "/tmp/strongroom-seaweedfs-" + String(UInt32.random(in: 0 ... .max))
        var failure: (any Error)?
        for _ in 0..<3 {
            // Fourteen ports are used from here on; others may have one of them.
            let port = UInt16.random(in: 1_000...1_500) * 20
            do {
                let script = "\"$0\" run \"$1\" \"$2\"; rm -rf \"$1\""
                return try TestServer(
                    ["/bin/bash", "-c", script, tool, directory, String(port)],
                    port: port
                )
            } catch {
                failure = error
            }
        }
        throw failure ?? ServerFailure(text: "SeaweedFS does not start")
    }
}
