package import ArchiveBytes
package import ArchiveFormat
import SystemPackage

extension Engine {
    /// A document's file under the archive's own signature.
    package func sign(
        _ document: JSONObject,
        purpose: String
    ) throws(ArchiveError) -> [UInt8] {
        do {
            let signed = try SignedDocument.signedBytes(document, purpose: purpose)
            return try SignedDocument.encode(document, signature: try keys.sign(signed))
        } catch {
            throw ArchiveError.wrapping(error, in: layout.root.string)
        }
    }
}

extension Archive {
    /// A document's file under the archive's own signature.
    package func sign(
        _ document: JSONObject,
        purpose: String
    ) async throws(ArchiveError) -> [UInt8] {
        try await core.inspect { engine throws(ArchiveError) in
            try engine.sign(document, purpose: purpose)
        }
    }

    /// The labels of snapshots that may be known to a vault only; those that do not open are left out.
    package func labels(
        of manifests: [SnapshotManifest]
    ) async throws(ArchiveError) -> [String: String] {
        try await core.inspect { engine throws(ArchiveError) in
            var labels: [String: String] = [:]
            for manifest in manifests { labels[manifest.id] = try? engine.label(of: manifest) }
            return labels
        }
    }
}
