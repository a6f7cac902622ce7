import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom

func fuzzDirectory(_ input: inout FuzzInput) throws {
    guard input.byte() % 2 == 0 else { return try fuzzDirectoryFrame(&input) }
    let block = try DirectoryBlock(decoding: input.rest().span)
    let again = try? DirectoryBlock(decoding: block.encode().span)
    require(again == block, "a block says the same when it is written again")
}

/// A frame with an authentic tag, and blocks that are sealed if a byte of the input says so.
private func fuzzDirectoryFrame(_ input: inout FuzzInput) throws {
    let keys = Golden.keys
    let nonce = FrameNonce.zero
    var body = input.take(16)
    body.append(zeros: 16 - body.count)
    var index: UInt32 = 0
    while !input.isAtEnd, index < 8 {
        let isSealed = input.byte() % 8 != 0
        let content = input.take(input.number(2) % 2_048)
        body += isSealed ? try sealedBlock(content, nonce.at(index: index)) : content
        index += 1
    }
    var frame: [UInt8] = []
    _ = PublicFrame.append(
        kind: .directory,
        body: body,
        nonce: nonce,
        firstSequence: 1,
        keys: keys,
        epoch: keys.epoch,
        to: &frame
    )
    let header = try FrameHeader(
        decoding: frame.span,
        at: 0,
        archiveID: keys.archiveID,
        hasher: SHA256()
    )
    _ = DirectoryFrame.totals(frame.span)
    _ = try DirectoryFrame.open(
        frame.span,
        header: header,
        keys: keys,
        segment: SegmentNumber(1),
        offset: 4_096
    )
}

/// Masked tag, length, and the sealed content: codec, plain length, bytes.
private func sealedBlock(_ content: [UInt8], _ nonce: FrameNonce) throws -> [UInt8] {
    let keys = Golden.keys
    let domain = try keys.domain(.collection("records"), epoch: keys.epoch)
    var block: [UInt8] = []
    block.append(maskedTag: keys.tagMask.applied(to: domain.tag, nonce: nonce))
    block.append(u32: UInt32(content.count + FrameHeader.tagByteCount))
    var associated: [UInt8] = []
    associated.append(archiveID: keys.archiveID)
    associated.append(nonce: nonce)
    associated += block
    var sealed = [UInt8](repeating: 0, count: content.count + FrameHeader.tagByteCount)
    var target = sealed.mutableSpan
    try XAES256GCM().seal(
        content.span,
        into: &target,
        key: domain.key,
        nonce: nonce.bytes.span,
        associated: associated.span
    )
    return block + sealed
}
