import ArchiveBytes
import ArchiveHTTP

extension S3Store: ChecksumStore {
    /// Asks for the SHA-256 that an object was sent with; see ``ChecksumStore``.
    public func checksum(of name: ObjectName) async throws(VaultError) -> StoredChecksum? {
        let fields = [HTTPField("x-amz-checksum-mode", "ENABLED")]
        guard let head = try await head(name, fields) else { throw missing("look for", name) }
        return head.fields["x-amz-checksum-sha256"].flatMap(Self.checksum)
    }

    /// Reads a checksum in base 64; one of parts has their number behind it, as in `…=-9`.
    private static func checksum(_ text: String) -> StoredChecksum? {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = halves.first, halves.count <= 2,
            let digest = Base64.decode(String(first)), digest.count == 32
        else { return nil }
        guard halves.count == 2 else { return .whole(digest) }
        guard let count = Int(halves[1]), (1...10_000).contains(count) else { return nil }
        return .parts(digest, count: count)
    }
}
