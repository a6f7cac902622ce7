import ArchiveBytes
import CCodecs

/// Compresses one message after the other with contexts that are made once.
///
/// One worker owns it. A message costs no allocation where the output has room.
@safe package final class Compressor {
    /// The Zstandard level that balances speed and size for records.
    package static let defaultLevel = 3

    private let level: Int
    private let zstandard: OpaquePointer
    private var zlib: OpaquePointer?
    // The context refers to the digest, which must live as long.
    private var dictionary: CompressionDictionary?
    private var digest: DictionaryDigest?

    /// Makes a compressor of a Zstandard level; zlib has one level only.
    package init(level: Int = defaultLevel) {
        precondition((1...19).contains(level), "levels go from 1 to 19")
        guard let context = unsafe cc_zstd_compressor_new(Int32(level)) else {
            preconditionFailure("no memory for a compressor")
        }
        self.level = level
        unsafe zstandard = context
    }

    deinit {
        unsafe cc_zstd_compressor_free(zstandard)
        unsafe cc_zlib_compressor_free(zlib)
    }

    /// Appends `plain` in its compressed form and answers the codec that was used.
    ///
    /// The answer is ``Codec/stored``, and the bytes are appended as they are, where compression
    /// would not save a sixteenth. ``Codec/partlyStored`` leaves the first `storedByteCount` bytes as they
    /// are, and its saving is counted in the rest.
    package func compress(
        _ plain: Span<UInt8>,
        with codec: Codec,
        storing storedByteCount: Int = 0,
        dictionary: CompressionDictionary? = nil,
        appendingTo output: inout [UInt8]
    ) -> Codec {
        precondition(dictionary == nil || codec.hasDictionary, "only Zstandard has dictionaries")
        guard codec == .partlyStored else {
            precondition(storedByteCount == 0, "the codec stores nothing as it is")
            return encode(plain, with: codec, dictionary: dictionary, appendingTo: &output)
        }
        let start = output.count
        output.append(varint: storedByteCount)
        let head = output.count
        output.append(copying: plain.extracting(..<storedByteCount))
        let used = encode(
            plain.extracting(storedByteCount...),
            with: codec,
            dictionary: dictionary,
            appendingTo: &output
        )
        if used == .stored { output.removeSubrange(start..<head) }
        return used
    }

    /// How many bytes packs take, each by itself, compressed with Zstandard.
    package func byteCount(of packs: [[UInt8]], dictionary: CompressionDictionary?) -> Int {
        var output: [UInt8] = []
        var sum = 0
        for pack in packs {
            output.removeAll(keepingCapacity: true)
            _ = compress(
                pack.span,
                with: .zstandard,
                dictionary: dictionary,
                appendingTo: &output
            )
            sum += output.count
        }
        return sum
    }

    private func encode(
        _ plain: Span<UInt8>,
        with codec: Codec,
        dictionary: CompressionDictionary?,
        appendingTo output: inout [UInt8]
    ) -> Codec {
        // Compressed bytes get no more room than they may take, so the library stops by itself.
        let limit = plain.count - (plain.count + 15) / 16
        guard codec != .stored, limit > 0 else {
            output.append(copying: plain)
            return .stored
        }
        var used = codec
        output.append(addingCapacity: plain.count) { free in
            unsafe free.withUnsafeMutableBufferPointer { buffer, count in
                count = unsafe encode(
                    plain,
                    with: codec,
                    dictionary: dictionary,
                    into: buffer.extracting(..<limit)
                )
                if count > 0 { return }
                var whole = unsafe MutableSpan(_unsafeElements: buffer)
                whole.copy(plain)
                count = plain.count
                used = .stored
            }
        }
        return used
    }

    /// Fills `room` and answers the number of bytes, or a negative number if they do not fit.
    ///
    /// Pointers are passed by hand: the optimizer fails on the wrappers that the compiler makes for
    /// functions with two counted pointers.
    private func encode(
        _ plain: Span<UInt8>,
        with codec: Codec,
        dictionary: CompressionDictionary?,
        into room: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        unsafe plain.withUnsafeBufferPointer { plain in
            let (from, to) = (plain.baseAddress, room.baseAddress)
            switch codec {
            case .stored: return -1
            case .zstandard, .partlyStored:
                guard prepare(dictionary) else { return -1 }
                return unsafe cc_zstd_compress(
                    zstandard,
                    digest?.pointer,
                    plain.count,
                    from,
                    room.count,
                    to
                )
            case .zlib:
                if unsafe zlib == nil { unsafe zlib = cc_zlib_compressor_new() }
                guard let context = unsafe zlib else { return -1 }
                return unsafe cc_zlib_compress(context, plain.count, from, room.count, to)
            }
        }
    }

    /// Looks the digest up only when the dictionary changes: for most messages it does not.
    private func prepare(_ dictionary: CompressionDictionary?) -> Bool {
        if dictionary === self.dictionary { return true }
        let digest = dictionary?.digestForWriting(level: level)
        if dictionary != nil && digest == nil { return false }
        self.dictionary = dictionary
        self.digest = digest
        return true
    }
}
