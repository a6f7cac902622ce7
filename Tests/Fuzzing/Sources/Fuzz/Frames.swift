import ArchiveBytes
import ArchiveCodecs
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom

func fuzzSegmentHeader(_ input: inout FuzzInput) throws {
    var bytes = SegmentHeader(
        archiveID: Golden.keys.archiveID,
        number: SegmentNumber(1),
        created: Timestamp(microseconds: 0),
        firstCommit: 1,
        firstSequence: 1,
        epoch: 1,
        predecessor: .none
    ).encode()
    let isRaw = input.byte() % 4 == 0
    let made = input.rest()
    if isRaw {
        bytes = made
    } else {
        bytes.replaceSubrange(0..<min(made.count, 4_064), with: made.prefix(4_064))
        bytes.replaceSubrange(4_064..., with: SHA256.hash(bytes.span.extracting(..<4_064)).bytes)
    }
    let header = try SegmentHeader(decoding: bytes.span)
    var again = try SegmentHeader(decoding: header.encode().span)
    require(again.number == header.number, "a header says the same when it is written again")
    again.archiveID = header.archiveID
}

/// A frame sealed under the golden archive's keys, whatever it holds.
func sealedFrame(
    _ kind: FrameHeader.Kind,
    codec: UInt8,
    dictionary: UInt16,
    _ content: [UInt8],
    nonce: FrameNonce = .zero
) throws -> [UInt8] {
    let keys = Golden.keys
    let domain = try keys.domain(.collection("records"), epoch: keys.epoch)
    let header = FrameHeader(
        kind: kind,
        codec: codec,
        dictionary: dictionary,
        bodyByteCount: content.count,
        maskedTag: keys.tagMask.applied(to: domain.tag, nonce: nonce),
        nonce: nonce,
        firstSequence: 1,
        epoch: keys.epoch
    )
    var bytes: [UInt8] = []
    header.encode(appendingTo: &bytes, archiveID: keys.archiveID, hasher: SHA256())
    let associated = associatedBytes(archiveID: keys.archiveID, header: bytes.span)
    var sealed = [UInt8](repeating: 0, count: content.count + FrameHeader.tagByteCount)
    var target = sealed.mutableSpan
    try XAES256GCM().seal(
        content.span,
        into: &target,
        key: domain.key,
        nonce: nonce.bytes.span,
        associated: associated.span
    )
    bytes += sealed
    bytes.append(zeros: header.frameByteCount - bytes.count)
    return bytes
}

func fuzzFrame(_ input: inout FuzzInput) throws {
    switch input.byte() % 6 {
    case 0: try fuzzFrameHeader(input.rest())
    case 1: _ = try opener().open(input.rest().span, segment: SegmentNumber(1), offset: 4_096)
    case 2:
        let kinds: [FrameHeader.Kind] = [.records, .chunk, .dictionary]
        let kind = kinds[input.number(1) % 3]
        let codec = input.byte() % 4
        let dictionary = [0, 1, 0, 300][input.number(1) % 4] as UInt16
        let frame = try sealedFrame(kind, codec: codec, dictionary: dictionary, input.rest())
        let (plain, header) = try opener().open(
            frame.span,
            segment: SegmentNumber(1),
            offset: 4_096
        )
        require(header.kind == kind, "a frame is opened as what it is")
        try fuzzPlaintext(kind, plain)
    case 3: try fuzzPlaintext(.records, input.rest())
    case 4: try fuzzPlaintext([.chunk, .dictionary][input.number(1) % 2], input.rest())
    default: try fuzzPublicBody(&input)
    }
}

private func opener() -> FrameOpener { FrameOpener(keys: Golden.keys, dictionaries: nil) }

private func fuzzFrameHeader(_ made: [UInt8]) throws {
    var bytes = Array((made + [UInt8](repeating: 0, count: 64)).prefix(64))
    bytes.replaceSubrange(0..<4, with: [0x53, 0x52, 0x46, 0x31])
    let covered = Golden.keys.archiveID.bytes + bytes.prefix(60)
    let check = SHA256.hash(covered.span)
    bytes.replaceSubrange(60..., with: check.bytes.prefix(4))
    let header = try FrameHeader(
        decoding: bytes.span,
        at: 0,
        archiveID: Golden.keys.archiveID,
        hasher: SHA256()
    )
    var again: [UInt8] = []
    header.encode(appendingTo: &again, archiveID: Golden.keys.archiveID, hasher: SHA256())
    require(again == bytes, "a header is the same bytes when it is written again")
    require(FrameHeader(unchecked: bytes.span) == header, "both ways of reading a header agree")
    require(header.frameByteCount >= 80, "a frame has a header and a tag")
}

private func fuzzPlaintext(_ kind: FrameHeader.Kind, _ plain: [UInt8]) throws {
    switch kind {
    case .chunk:
        let chunk = try ChunkPlaintext(decoding: plain.span)
        require(chunk.start <= plain.count, "a chunk begins within its frame")
    case .dictionary:
        let dictionary = try DictionaryPlaintext(decoding: plain.span)
        let again = try? DictionaryPlaintext(decoding: dictionary.encode().span)
        require(again == dictionary, "a dictionary says the same when it is written again")
        _ = try CompressionDictionary(number: 300, bytes: dictionary.bytes)
    default:
        let pack = try Pack(decoding: plain)
        for slot in pack.slots.indices {
            require(pack.slots[slot].body.upperBound <= plain.count, "a body is within its pack")
            let entry = try pack.entry(slot)
            let body = entry.body == .inline ? pack.inlineBody(slot) : []
            let again = try? Pack(decoding: Pack.encode([(entry, body)])).entry(0)
            require(again == entry, "an entry says the same when it is written again")
        }
    }
}

private func fuzzPublicBody(_ input: inout FuzzInput) throws {
    let isCommit = input.byte() % 2 == 0
    let bytes = input.rest()
    var again: [UInt8] = []
    if isCommit {
        try CommitBody(decoding: bytes.span).encode(appendingTo: &again)
        require(again == bytes, "a commit is written in one way only")
    } else {
        let body = try SealBody(decoding: bytes.span)
        body.encodeUnsigned(appendingTo: &again)
        require(again + body.signature == bytes, "a seal is written in one way only")
    }
}
