import ArchiveBytes
package import ArchiveSealing

/// The 64 bytes in front of every frame: in clear, always authenticated.
///
/// A frame is self-contained. Its header carries nonce, epoch and masked tag, and says nothing of the
/// frame's position, so that a process without keys can copy it into another segment or a vault.
package struct FrameHeader: Equatable, Sendable {
    package static let byteCount = 64
    /// The bytes that the tag authenticates; behind them stands only the check.
    package static let authenticatedByteCount = 60
    package static let tagByteCount = 16
    /// `SRF1` read as a little-endian integer.
    package static let magic: UInt32 = 0x3146_5253
    /// Every frame begins on a multiple of this.
    package static let alignment = 8

    package enum Kind: UInt8, CaseIterable, Sendable {
        case records = 1
        case chunk = 2
        case commit = 3
        case directory = 4
        case seal = 5
        case dictionary = 6
    }

    package var kind: Kind
    /// 0 stored, 1 zlib, 2 Zstandard.
    package var codec: UInt8
    /// The compression dictionary's number, 0 for none.
    package var dictionary: UInt16
    /// Length of the sealed body without its tag.
    package var bodyByteCount: Int
    package var maskedTag: MaskedTag
    package var nonce: FrameNonce
    package var firstSequence: RecordSequence
    package var epoch: UInt32

    package init(
        kind: Kind,
        codec: UInt8 = 0,
        dictionary: UInt16 = 0,
        bodyByteCount: Int,
        maskedTag: MaskedTag = .zero,
        nonce: FrameNonce = .zero,
        firstSequence: RecordSequence,
        epoch: UInt32
    ) {
        self.kind = kind
        self.codec = codec
        self.dictionary = dictionary
        self.bodyByteCount = bodyByteCount
        self.maskedTag = maskedTag
        self.nonce = nonce
        self.firstSequence = firstSequence
        self.epoch = epoch
    }

    /// Bytes from this frame's first to the next frame's first.
    package var frameByteCount: Int { Self.frameByteCount(bodyByteCount: bodyByteCount) }

    package static func frameByteCount(bodyByteCount: Int) -> Int {
        let used = byteCount + bodyByteCount + tagByteCount
        return (used + alignment - 1) & ~(alignment - 1)
    }

    /// Decodes and checks the header at `offset`.
    package init(
        decoding bytes: Span<UInt8>,
        at offset: Int,
        archiveID: ArchiveID,
        hasher: SHA256
    ) throws(FormatError) {
        guard offset >= 0, bytes.count - offset >= Self.byteCount else {
            throw FormatError(.truncated, "a frame header needs 64 bytes")
        }
        guard bytes.u32(at: offset) == Self.magic else {
            throw FormatError(.damaged, "no frame begins here")
        }
        guard
            bytes.u32(at: offset + 60)
                == Self.check(bytes.extracting(offset..<(offset + 60)), archiveID, hasher)
        else { throw FormatError(.damaged, "the frame header's check does not match") }
        guard Kind(rawValue: bytes[offset + 4]) != nil else {
            throw FormatError(.unsupported, "frame kind \(bytes[offset + 4]) is unknown")
        }
        let bodyByteCount = Int(bytes.u32(at: offset + 8))
        guard let header = Self(unchecked: bytes.extracting(offset...)) else {
            throw FormatError(.overLimit, "a frame body of \(bodyByteCount) bytes")
        }
        self = header
    }

    /// Decodes the header that `bytes` begin with without taking its check, for a frame whose tag will
    /// be taken over these bytes; nil unless it can be a header.
    package init?(unchecked bytes: Span<UInt8>) {
        guard let (kind, _) = Self.outline(bytes, at: 0) else { return nil }
        let bodyByteCount = Int(bytes.u32(at: 8))
        self.init(
            kind: kind,
            codec: bytes[5],
            dictionary: bytes.u16(at: 6),
            bodyByteCount: bodyByteCount,
            maskedTag: MaskedTag(bytes, at: 12),
            nonce: FrameNonce(bytes, at: Self.nonceRange.lowerBound),
            firstSequence: Self.firstSequence(bytes, at: 0),
            epoch: bytes.u32(at: 56)
        )
    }

    /// Of the header at `offset`, without taking its check, what a walk from frame to frame needs; nil
    /// unless it can be a header.
    package static func outline(
        _ bytes: Span<UInt8>,
        at offset: Int
    ) -> (kind: Kind, frameByteCount: Int)? {
        guard offset >= 0, bytes.count - offset >= byteCount, bytes.u32(at: offset) == magic,
            let kind = Kind(rawValue: bytes[offset + 4])
        else { return nil }
        let bodyByteCount = Int(bytes.u32(at: offset + 8))
        guard bodyByteCount <= Limits.frameBody else { return nil }
        return (kind, frameByteCount(bodyByteCount: bodyByteCount))
    }

    /// The number of the first record version, in a header that stands at `offset`.
    package static func firstSequence(_ bytes: Span<UInt8>, at offset: Int) -> RecordSequence {
        bytes.u64(at: offset + 48)
    }

    /// Where the nonce stands.
    package static let nonceRange = 24..<48
    /// Where it stands in the bytes that the tag authenticates.
    package static let associatedNonceRange = 40..<64

    /// Whether the body is sealed, and the tag of AES-256-GCM authenticates it and the header.
    package var isSealed: Bool {
        switch kind {
        case .records, .chunk, .dictionary: true
        case .commit, .directory, .seal: false
        }
    }

    /// Appends the header with its check.
    package func encode(appendingTo bytes: inout [UInt8], archiveID: ArchiveID, hasher: SHA256) {
        var associated: [UInt8] = []
        encode(appendingTo: &bytes, archiveID: archiveID, hasher: hasher, associated: &associated)
    }

    /// The same; in `associated`, whose memory serves again, are then the bytes that the check covers
    /// and the tag authenticates besides the body.
    package func encode(
        appendingTo bytes: inout [UInt8],
        archiveID: ArchiveID,
        hasher: SHA256,
        associated: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.append(u32: Self.magic)
        bytes.append(kind.rawValue)
        bytes.append(codec)
        bytes.append(u16: dictionary)
        bytes.append(u32: UInt32(bodyByteCount))
        bytes.append(maskedTag: maskedTag)
        bytes.append(nonce: nonce)
        bytes.append(u64: firstSequence)
        bytes.append(u32: epoch)
        associated.removeAll(keepingCapacity: true)
        associated.append(archiveID: archiveID)
        associated.append(copying: bytes.span.extracting(start...))
        hasher.update(associated.span)
        bytes.append(u32: hasher.finish().leadingU32)
    }

    private static func check(
        _ header: Span<UInt8>,
        _ archiveID: ArchiveID,
        _ hasher: SHA256
    ) -> UInt32 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ArchiveID.byteCount + authenticatedByteCount)
        bytes.append(archiveID: archiveID)
        bytes.append(copying: header)
        hasher.update(bytes.span)
        return hasher.finish().leadingU32
    }
}

/// What the tag of a frame authenticates besides the body: archive identity and header.
package func associatedBytes(archiveID: ArchiveID, header: Span<UInt8>) -> [UInt8] {
    precondition(header.count >= FrameHeader.authenticatedByteCount, "a whole header")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ArchiveID.byteCount + FrameHeader.authenticatedByteCount)
    bytes.append(archiveID: archiveID)
    bytes.append(copying: header.extracting(..<FrameHeader.authenticatedByteCount))
    return bytes
}
