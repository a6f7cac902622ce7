import ArchiveBytes
package import ArchiveSealing

/// The plaintext of a chunk frame: whose chunk it is, its content id, then its bytes.
///
///     u8 domain kind │ varint length, domain name │ 32 bytes content id │ the chunk
package struct ChunkPlaintext: Equatable, Sendable {
    package let domain: KeyDomainName
    package let id: Digest
    /// Where the chunk's bytes begin in the plaintext.
    package let start: Int

    package static func encode(
        domain: KeyDomainName,
        id: Digest,
        bytes: Span<UInt8>
    ) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count + 320)
        let (kind, name): (UInt8, String) =
            switch domain {
            case .collection(let name): (0, name)
            case .subject(let name): (1, name)
            }
        plain.append(kind)
        plain.append(varint: name.utf8.count)
        plain.append(contentsOf: name.utf8)
        plain.append(digest: id)
        plain.append(copying: bytes)
        return plain
    }

    package init(decoding plain: Span<UInt8>) throws(FormatError) {
        var cursor = ByteCursor()
        do {
            let kind = try cursor.byte(plain)
            let count = try cursor.count(plain, limit: max(Limits.collection, Limits.subject))
            let text = [UInt8](copying: plain.extracting(try cursor.range(plain, count: count)))
            guard let name = String(validating: text, as: UTF8.self), kind < 2 else {
                throw DecodingError.malformed
            }
            let digest = try cursor.range(plain, count: Digest.byteCount)
            domain = kind == 0 ? .collection(name) : .subject(name)
            id = Digest(reading: plain, at: digest.lowerBound)
            start = cursor.offset
        } catch {
            throw FormatError(.damaged, "a chunk's plaintext is malformed (\(error))")
        }
    }
}
