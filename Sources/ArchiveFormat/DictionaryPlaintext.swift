import ArchiveBytes

/// The plaintext of a dictionary frame: which records it is for, then the dictionary.
///
///     varint length, media type │ the dictionary, RFC 8878 §5
package struct DictionaryPlaintext: Equatable, Sendable {
    /// Numbers below are of dictionaries built into programs.
    package static let firstOwnNumber: UInt16 = 256

    package let mediaType: String
    package let bytes: [UInt8]

    package init(mediaType: String, bytes: [UInt8]) {
        self.mediaType = mediaType
        self.bytes = bytes
    }

    package func encode() -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count + mediaType.utf8.count + 2)
        plain.append(varint: mediaType.utf8.count)
        plain.append(contentsOf: mediaType.utf8)
        plain.append(contentsOf: bytes)
        return plain
    }

    package init(decoding plain: Span<UInt8>) throws(FormatError) {
        var cursor = ByteCursor()
        do {
            let count = try cursor.count(plain, limit: Limits.mediaType)
            let text = [UInt8](copying: plain.extracting(try cursor.range(plain, count: count)))
            guard let mediaType = String(validating: text, as: UTF8.self),
                plain.count - cursor.offset <= Limits.dictionary
            else { throw DecodingError.malformed }
            self.mediaType = mediaType
            bytes = [UInt8](copying: plain.extracting(cursor.offset...))
        } catch {
            throw FormatError(.damaged, "a dictionary's plaintext is malformed (\(error))")
        }
    }
}
