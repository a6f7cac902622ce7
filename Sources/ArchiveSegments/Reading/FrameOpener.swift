import ArchiveBytes
import ArchiveCodecs
package import ArchiveFormat
package import ArchiveSealing

/// Opens sealed frames: check, decrypt, decompress.
///
/// One a worker; contexts and buffers are reused.
///
/// Nothing is returned that did not authenticate: the plaintext's declared length stands inside the
/// sealed bytes and bounds the decompression.
package final class FrameOpener {
    private let keys: any LogKeys
    private let dictionaries: DictionaryLibrary?
    private let mask: TagMask
    private let cipher = XAES256GCM()
    private let hasher = SHA256()
    private let decompressor = Decompressor()
    /// Which dictionary the decompressor has.
    private var dictionary: (number: UInt16, segment: SegmentNumber) = (0, SegmentNumber(0))
    private var content: [UInt8] = []
    /// The key of the frame that was opened last, which many have that follow each other.
    private var last: (domain: FrameDomain, epoch: UInt32)?
    /// The archive's identity, and room for the part of a header that a tag authenticates.
    private var associated: [UInt8]

    /// Frames that name one of the archive's own dictionaries are opened only with `dictionaries`.
    package init(keys: any LogKeys, dictionaries: DictionaryLibrary?) {
        self.keys = keys
        self.dictionaries = dictionaries
        mask = keys.tagMask
        associated = keys.archiveID.bytes
        associated.append(zeros: FrameHeader.authenticatedByteCount)
    }

    /// An opener that finds the archive's own dictionaries in its segments.
    package convenience init(keys: any LogKeys, directory: SegmentDirectory) {
        self.init(keys: keys, dictionaries: DictionaryLibrary(directory, keys: keys))
    }

    /// Opens the records, chunk or dictionary frame that `frame` is, and returns its plaintext.
    package func open(
        _ frame: Span<UInt8>,
        segment: SegmentNumber,
        offset: UInt64
    ) throws(LogError) -> (plain: [UInt8], header: FrameHeader) {
        // The buffer is local while it is lent: spans of a class's properties would not be.
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { swap(&content, &self.content) }
        let header = try unseal(frame, segment: segment, offset: offset, into: &content)
        var plain: [UInt8] = []
        try expand(
            content.span,
            header.compression,
            segment: segment,
            offset: offset,
            into: &plain
        )
        return (plain, header)
    }

    /// Proves and decrypts the frame that `frame` is; `content` becomes what was sealed, as it was
    /// compressed, for ``expand(_:_:segment:offset:into:)``.
    ///
    /// The header's check is not taken where the tag proves the same bytes; what fails to open is
    /// checked after all, to say what is wrong with it.
    package func unseal(
        _ frame: Span<UInt8>,
        segment: SegmentNumber,
        offset: UInt64,
        into content: inout [UInt8]
    ) throws(LogError) -> FrameHeader {
        if let header = FrameHeader(unchecked: frame), header.isSealed {
            do throws(LogError) {
                try unseal(frame, header: header, segment: segment, offset: offset, into: &content)
                return header
            } catch {
                _ = try checkedHeader(frame, segment: segment, offset: offset)
                throw error
            }
        }
        let header = try checkedHeader(frame, segment: segment, offset: offset)
        try unseal(frame, header: header, segment: segment, offset: offset, into: &content)
        return header
    }

    private func checkedHeader(
        _ frame: Span<UInt8>,
        segment: SegmentNumber,
        offset: UInt64
    ) throws(LogError) -> FrameHeader {
        do {
            return try header(frame)
        } catch {
            throw LogError(error, segment: segment, offset: offset)
        }
    }

    /// Decodes the header of the frame that `frame` begins with.
    package func header(_ frame: Span<UInt8>) throws(FormatError) -> FrameHeader {
        try FrameHeader(decoding: frame, at: 0, archiveID: keys.archiveID, hasher: hasher)
    }

    /// The tag of the domain that the frame decrypted last is sealed for; meaningful behind an opening that
    /// did not throw.
    var openedTag: MaskedTag? { last?.domain.tag }

    /// Hashes bytes with the opener's own hasher.
    package func digest(of bytes: Span<UInt8>) -> Digest { hasher.hash(bytes) }

    /// Opens a records, chunk or dictionary frame and returns its plaintext.
    package func open(
        _ frame: Span<UInt8>,
        header: FrameHeader,
        segment: SegmentNumber,
        offset: UInt64
    ) throws(LogError) -> [UInt8] {
        var plain: [UInt8] = []
        try open(frame, header: header, segment: segment, offset: offset, into: &plain)
        return plain
    }

    /// The same; `plain` keeps its room.
    func open(
        _ frame: Span<UInt8>,
        header: FrameHeader,
        segment: SegmentNumber,
        offset: UInt64,
        into plain: inout [UInt8]
    ) throws(LogError) {
        // The buffer is local while it is lent: spans of a class's properties would not be.
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { swap(&content, &self.content) }
        try unseal(frame, header: header, segment: segment, offset: offset, into: &content)
        try expand(
            content.span,
            header.compression,
            segment: segment,
            offset: offset,
            into: &plain
        )
    }

    private func unseal(
        _ frame: Span<UInt8>,
        header: FrameHeader,
        segment: SegmentNumber,
        offset: UInt64,
        into content: inout [UInt8]
    ) throws(LogError) {
        let sealedEnd = FrameHeader.byteCount + header.bodyByteCount + FrameHeader.tagByteCount
        guard frame.count >= sealedEnd, header.bodyByteCount >= 4 else {
            throw LogError(.corrupt, segment: segment, offset: offset, "the frame is cut short")
        }
        let domain = try domain(of: header, segment: segment, offset: offset)
        // Only what has opened a frame is known to be its key: collections may still become known.
        last = nil
        var associated: [UInt8] = []
        swap(&associated, &self.associated)
        defer { swap(&associated, &self.associated) }
        var written = associated.mutableSpan
        written.copy(
            frame.extracting(..<FrameHeader.authenticatedByteCount),
            at: ArchiveID.byteCount
        )
        content.removeAll(keepingCapacity: true)
        content.append(zeros: header.bodyByteCount)
        do {
            var plain = content.mutableSpan
            try cipher.open(
                frame.extracting(FrameHeader.byteCount..<sealedEnd),
                into: &plain,
                key: domain.key,
                nonce: frame.extracting(FrameHeader.nonceRange),
                associated: associated.span
            )
            last = (domain, header.epoch)
        } catch {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: offset,
                "the frame's tag does not match; run `strongroom verify`, then repair from a vault"
            )
        }
    }

    /// Decompresses what ``unseal(_:header:segment:offset:into:)`` brought; `plain` keeps its room.
    package func expand(
        _ content: Span<UInt8>,
        _ compression: Compression,
        segment: SegmentNumber,
        offset: UInt64,
        into plain: inout [UInt8]
    ) throws(LogError) {
        let plainByteCount = Int(content.u32(at: 0))
        guard plainByteCount <= Limits.framePlaintext,
            let codec = Codec(rawValue: compression.codec)
        else {
            throw LogError(
                .unsupported,
                segment: segment,
                offset: offset,
                "the frame declares codec \(compression.codec) and \(plainByteCount) bytes"
            )
        }
        // The frame of a dictionary is compressed without one.
        let number = compression.kind == .dictionary ? 0 : compression.dictionary
        if number != dictionary.number || segment.value != dictionary.segment.value {
            decompressor.dictionary = try find(number, segment, offset)
            dictionary = (number, segment)
        }
        plain.removeAll(keepingCapacity: true)
        plain.reserveCapacity(plainByteCount)
        do throws(CodecError) {
            try decompressor.decompress(
                content.extracting(4...),
                codec: codec,
                plainByteCount: plainByteCount,
                appendingTo: &plain
            )
        } catch {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: offset,
                "the frame does not decompress (\(error))"
            )
        }
    }

    private func find(
        _ number: UInt16,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws(LogError) -> CompressionDictionary? {
        switch number {
        case 0: return nil
        case CompressionDictionary.fhirJSON.number: return .fhirJSON
        case DictionaryPlaintext.firstOwnNumber...:
            if let dictionaries {
                return try dictionaries.dictionary(number, namedIn: segment, at: offset)
            }
            fallthrough
        default:
            throw LogError(
                .unsupported,
                segment: segment,
                offset: offset,
                "compression dictionary \(number) is unknown"
            )
        }
    }

    private func domain(
        of header: FrameHeader,
        segment: SegmentNumber,
        offset: UInt64
    ) throws(LogError) -> FrameDomain {
        let tag = mask.applied(to: header.maskedTag, nonce: header.nonce)
        if let last, last.domain.tag == tag, last.epoch == header.epoch { return last.domain }
        do {
            return FrameDomain(key: try keys.key(of: tag, epoch: header.epoch), tag: tag)
        } catch {
            throw LogError(error.code, segment: segment, offset: offset, error.finding)
        }
    }
}

extension FrameOpener {
    /// What it takes to decompress a frame's content, from its header.
    package struct Compression: Sendable {
        package let kind: FrameHeader.Kind
        let codec: UInt8
        let dictionary: UInt16
    }
}

extension FrameHeader {
    /// What it takes to decompress the content.
    package var compression: FrameOpener.Compression {
        FrameOpener.Compression(kind: kind, codec: codec, dictionary: dictionary)
    }
}
