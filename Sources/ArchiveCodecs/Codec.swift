/// How bytes were compressed before they were sealed; the number stands in the frame header.
package enum Codec: UInt8, CaseIterable, Sendable {
    /// As they are.
    case stored = 0
    /// A zlib stream, RFC 1950.
    case zlib = 1
    /// A Zstandard frame, RFC 8878, in a spare form.
    ///
    /// The frame has no magic number (`ZSTD_f_zstd1_magicless`), no content size, no checksum and no
    /// dictionary number: the archive's frame header and sealed plaintext carry them, under
    /// authentication. Another reader puts the four bytes `28 B5 2F FD` in front.
    case zstandard = 2
    /// The first bytes as they are, for no compressor shortens them, and the rest as in ``zstandard``:
    /// a varint of how many, these, the Zstandard frame.
    case partlyStored = 3

    /// Whether it can use a dictionary.
    package var hasDictionary: Bool { self == .zstandard || self == .partlyStored }
}

/// Why bytes could not be decompressed.
package enum CodecError: Error, Equatable {
    /// More bytes come out than were declared.
    case tooLong(declared: Int)
    /// Fewer bytes come out than were declared.
    case tooShort(declared: Int, found: Int)
    /// The number of bytes declared is above what the reader allows.
    case overLimit(declared: Int, limit: Int)
    /// The bytes are not what the codec writes.
    case malformed(Codec)
    /// Bytes follow the compressed ones that are not the zeros of padding.
    case trailingBytes(Codec)
    /// A dictionary is named for a codec that has none.
    case dictionaryUnused(Codec)
    /// Bytes that are no Zstandard dictionary.
    case malformedDictionary
    /// The library ran out of memory.
    case libraryFailure(Codec)
}
