#if S3
import ArchiveFileIO
import Support
import SystemPackage
import Testing

@testable import StrongroomVaults

/// A real server over TLS whose certificate no system trusts.
@Suite(.enabled(if: TLSServer.isInstalled, "\(TLSServer.absence)"))
struct `A server with an authority of its own` {
    private func read(_ access: VaultAccess) async throws -> [UInt8] {
        let store = try VaultLocation("s3://bucket").store(access)
        return try await store.read(ObjectName("object"), range: 0..<5)
    }

    @Test func `is refused until its authority is named, by option or environment`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let files = PosixFileSystem()
            try files.makeDirectory(directory.appending("bucket"))
            let answer = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"
            let object = directory.appending("bucket/object")
            try files.replace(object, with: Array(answer.utf8))
            let tls = try TLSServer(in: directory)
            defer { tls.server.stop() }
            var access = VaultAccess()
            access.endpoint = "https://localhost:\(tls.server.port)"
            access.settings = settings()
            let refused = await #expect(throws: VaultError.self) { _ = try await read(access) }
            #expect(refused?.code == .refused)
            #expect(refused?.message.contains("--ca-file or AWS_CA_BUNDLE") == true)
            access.authorities = tls.authority.string
            #expect(try await read(access) == Array("hello".utf8))
            access.authorities = nil
            access.settings = settings(["AWS_CA_BUNDLE": tls.authority.string])
            #expect(try await read(access) == Array("hello".utf8))
            // A name that the certificate does not have is refused, whoever signed it.
            access.endpoint = "https://127.0.0.1:\(tls.server.port)"
            #expect(await code { _ = try await read(access) } == .refused)
            access.endpoint = "https://localhost:\(tls.server.port)"
            access.authorities = directory.appending("missing.pem").string
            #expect(await code { _ = try await read(access) } == .refused)
        }
    }

    private func settings(_ more: [String: String] = [:]) -> AWSSettings {
        let keys = ["AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "do-not-print"]
        let all = keys.merging(more) { $1 }
        return AWSSettings(variable: { all[$0] }, file: { _ throws(SystemError) in nil })
    }
}
#endif
