import ArchiveBytes
import Strongroom
import Support
import SystemPackage
import Testing

@Suite struct `An archive` {
    @Test func `gives back what was put, by name, after it is opened again`() async throws {
        try await TemporaryDirectory.withAsync { path in
            let key = try ArchiveKey.passphrase(Array("correct horse".utf8))
            let archive = try await Archive.create(
                at: path.appending("A").string,
                unlocking: key,
                configuration: .quick
            )
            let receipt = try await archive.put(
                Array("{\"resourceType\":\"Patient\"}".utf8),
                name: "Patient/1",
                subject: "Patient/1",
                mediaType: "application/fhir+json"
            )
            #expect(receipt.sequence == 1)
            try await archive.close()

            let again = try await Archive.open(
                at: path.appending("A").string,
                unlocking: key,
                mode: .readOnly
            )
            let found = try #require(try await again.get("Patient/1"))
            #expect(found.body == Array("{\"resourceType\":\"Patient\"}".utf8))
            #expect(found.record.subject == "Patient/1")
            #expect(try await again.get("Patient/2") == nil)
        }
    }
}

extension ArchiveConfiguration {
    /// Keys that cost nothing to derive.
    static var quick: ArchiveConfiguration {
        var configuration = ArchiveConfiguration()
        configuration.scryptLogN = 10
        return configuration
    }
}
