import ArchiveBytes
import CCodecs

/// Decompresses one message after the other with contexts that are made once.
///
/// One worker owns it. A message costs no allocation where the output has room.
@safe package final class Decompressor {
    private let byteCountLimit: Int
    private let zstandard: OpaquePointer
    private var zlib: OpaquePointer?
    /// Where the dictionary's digest is: taking it from the dictionary for each message, threads would
    /// wait for each other to count who holds it.
    private var digest: OpaquePointer?

    /// What the messages were compressed with.
    package var dictionary: CompressionDictionary? {
        didSet { unsafe digest = dictionary?.pointerForReading }
    }

    /// Makes a decompressor that refuses to write more than `byteCountLimit` bytes a message.
    package init(byteCountLimit: Int = 16 << 20) {
        guard let context = unsafe cc_zstd_decompressor_new() else {
            preconditionFailure("no memory for a decompressor")
        }
        self.byteCountLimit = byteCountLimit
        unsafe zstandard = context
    }

    deinit {
        unsafe cc_zstd_decompressor_free(zstandard)
        unsafe cc_zlib_decompressor_free(zlib)
    }

    /// Appends the plain form of `bytes`, which must have exactly `plainByteCount` bytes.
    ///
    /// Zeros behind the compressed bytes are padding, which hides how long they are. Throws, with
    /// `output` as it was, for any other number of bytes and for anything else behind them. A dictionary
    /// that is not the one of the compressor is not always noticed: the caller sets the one that an
    /// authenticated header names.
    package func decompress(
        _ bytes: Span<UInt8>,
        codec: Codec,
        plainByteCount: Int,
        appendingTo output: inout [UInt8]
    ) throws(CodecError) {
        guard plainByteCount >= 0, plainByteCount <= byteCountLimit else {
            throw .overLimit(declared: plainByteCount, limit: byteCountLimit)
        }
        guard unsafe digest == nil || codec.hasDictionary else { throw .dictionaryUnused(codec) }
        if codec == .stored {
            guard bytes.count >= plainByteCount else {
                throw .tooShort(declared: plainByteCount, found: bytes.count)
            }
            guard (plainByteCount..<bytes.count).allSatisfy({ bytes[$0] == 0 }) else {
                throw .trailingBytes(codec)
            }
            output.append(copying: bytes.extracting(..<plainByteCount))
            return
        }
        let start = output.count
        do throws(CodecError) {
            var offset = 0
            if codec == .partlyStored {
                offset = try copyStored(bytes, limit: plainByteCount, to: &output)
            }
            try expand(
                bytes.extracting(offset...),
                codec: codec,
                plainByteCount: plainByteCount - (output.count - start),
                appendingTo: &output
            )
        } catch {
            output.removeSubrange(start...)
            throw error
        }
    }

    /// Appends what stands as it is, and answers where the rest begins.
    private func copyStored(
        _ bytes: Span<UInt8>,
        limit: Int,
        to output: inout [UInt8]
    ) throws(CodecError) -> Int {
        var cursor = ByteCursor()
        do throws(DecodingError) {
            let count = try cursor.count(bytes, limit: limit)
            output.append(copying: bytes.extracting(try cursor.range(bytes, count: count)))
            return cursor.offset
        } catch {
            throw .malformed(.partlyStored)
        }
    }

    private func expand(
        _ bytes: Span<UInt8>,
        codec: Codec,
        plainByteCount: Int,
        appendingTo output: inout [UInt8]
    ) throws(CodecError) {
        guard !bytes.isEmpty else { throw .malformed(codec) }
        // One byte more than nothing, as the libraries want a place to write to.
        let room = max(plainByteCount, 1)
        try output.append(addingCapacity: room) { free throws(CodecError) in
            try unsafe free.withUnsafeMutableBufferPointer {
                buffer,
                count throws(CodecError) in
                let found = unsafe decode(bytes, codec: codec, into: buffer)
                try check(found, codec: codec, declared: plainByteCount)
                count = found
            }
        }
    }

    /// Fills `plain` and answers the number of bytes, or one of the shim's codes.
    private func decode(
        _ bytes: Span<UInt8>,
        codec: Codec,
        into plain: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            let (from, to) = (bytes.baseAddress, plain.baseAddress)
            switch codec {
            case .stored: return Int(CC_FAILED)
            case .zstandard, .partlyStored:
                return unsafe cc_zstd_decompress(
                    zstandard,
                    digest,
                    bytes.count,
                    from,
                    plain.count,
                    to
                )
            case .zlib:
                if unsafe zlib == nil { unsafe zlib = cc_zlib_decompressor_new() }
                guard let context = unsafe zlib else { return Int(CC_FAILED) }
                return unsafe cc_zlib_decompress(context, bytes.count, from, plain.count, to)
            }
        }
    }

    private func check(_ found: Int, codec: Codec, declared: Int) throws(CodecError) {
        switch found {
        case declared: break
        case 0..<declared: throw .tooShort(declared: declared, found: found)
        case Int(CC_NO_ROOM), 1...: throw .tooLong(declared: declared)
        case Int(CC_TRAILING): throw .trailingBytes(codec)
        case Int(CC_MALFORMED): throw .malformed(codec)
        default: throw .libraryFailure(codec)
        }
    }
}
