import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `The specification's table of` {
    private func u16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8)] }

    private func u32(_ value: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(u32: value)
        return bytes
    }

    private func u64(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(u64: value)
        return bytes
    }

    private func time(_ time: Timestamp) -> [UInt8] {
        u64(UInt64(bitPattern: time.microseconds))
    }

    private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    @Test func `the segment header is what is written`() throws {
        let header = try Sample.segmentHeader()
        let bytes = header.encode()
        let table = try SpecificationTable(under: "### Segment header")
        table.expectToCover(SegmentHeader.byteCount)
        table.expect(
            bytes,
            [
                ("magic `STRONGRM`", Array("STRONGRM".utf8)), ("format version, 1", u32(1)),
                ("zero", zeros(4)), ("incompatible", zeros(8)), ("read-compatible", zeros(8)),
                ("compatible", zeros(8)), ("archive id", header.archiveID.bytes),
                ("segment number", u64(header.number.value)), ("creation", time(header.created)),
                ("first commit", u64(header.firstCommit)),
                ("first sequence", u64(header.firstSequence)), ("key epoch", u32(header.epoch)),
                ("zero", zeros(4)), ("predecessor's segment", u64(header.predecessor.segment)),
                ("predecessor's committed", u64(header.predecessor.committedByteCount)),
                ("predecessor's last commit hash", header.predecessor.commitHash.bytes),
                ("note", Array(bytes[144..<4_064])), ("H of all", header.hash.bytes),
            ]
        )
    }

    @Test func `the frame header is what is written`() throws {
        let header = Sample.frameHeader()
        let bytes = try Sample.encoded(header)
        let table = try SpecificationTable(under: "### Frame header")
        table.expectToCover(FrameHeader.byteCount)
        let covered = (try Sample.archiveID().bytes) + bytes[..<60]
        table.expect(
            bytes,
            [
                ("magic `SRF1`", Array("SRF1".utf8)), ("kind", [header.kind.rawValue]),
                ("codec", [header.codec]), ("dictionary number", u16(header.dictionary)),
                ("body length", u32(UInt32(header.bodyByteCount))),
                ("masked domain tag", header.maskedTag.bytes), ("nonce", header.nonce.bytes),
                ("first sequence", u64(header.firstSequence)), ("key epoch", u32(header.epoch)),
                ("check", Array(SHA256.hash(covered.span).bytes[..<4])),
            ]
        )
    }

    @Test func `the commit body is what is written`() throws {
        let body = Sample.commitBody()
        let table = try SpecificationTable(under: "### Commit")
        table.expectToCover(CommitBody.byteCount)
        table.expect(
            Sample.encoded(body),
            [
                ("commit number", u64(body.number)), ("last sequence", u64(body.lastSequence)),
                ("time", time(body.time)), ("number of frames", u32(UInt32(body.frameCount))),
                ("zero", zeros(4)), ("bytes of those", u64(body.frameByteCount)),
                ("Merkle root", body.root.bytes), ("previous commit", body.previous.bytes),
                ("durable", u64(body.durable)),
            ]
        )
    }

    @Test func `the seal body is what is written, up to its lists`() throws {
        let body = Sample.sealBody()
        let table = try SpecificationTable(under: "### Seal")
        table.expectToCover(184)
        table.expect(
            Sample.encoded(body),
            [
                ("segment number", u64(body.segment.value)),
                ("first commit", u64(body.firstCommit)),
                ("last commit", u64(body.lastCommit)), ("last sequence", u64(body.lastSequence)),
                ("number of frames", u64(body.frameCount)),
                ("record versions", u64(body.recordCount)), ("sum", u64(body.recordByteCount)),
                ("offset of the seal", u64(body.committedByteCount)), ("time", time(body.time)),
                ("H from the end", body.headerHash.bytes), ("Merkle root", body.segmentRoot.bytes),
                ("size of the archive's tree", u64(body.treeSize)),
                ("H of the seal frame", body.previousSeal.bytes),
                ("d, number", u32(UInt32(body.directories.count))),
                ("c, number", u32(UInt32(body.commits.count))),
            ]
        )
    }

    @Test func `the head slot is what is written`() throws {
        let slot = Sample.headSlot()
        let key = [UInt8](repeating: 7, count: 32)
        let mac = HMACSHA256(key: key.span)
        let bytes = slot.encode(archiveID: try Sample.archiveID(), logKey: mac)
        let table = try SpecificationTable(under: "## Head")
        table.expectToCover(HeadSlot.byteCount)
        table.expect(
            bytes,
            [
                ("magic `SRHEAD01`", Array("SRHEAD01".utf8)),
                ("archive id", try Sample.archiveID().bytes), ("counter", u64(slot.counter)),
                ("commit number", u64(slot.commit.number)),
                ("last sequence", u64(slot.commit.lastSequence)),
                ("commit hash", slot.commit.hash.bytes), ("commit time", time(slot.commit.time)),
                ("segment number", u64(slot.segment)),
                ("committed length", u64(slot.committedByteCount)), ("closed", [1]),
                ("zero", zeros(343)),
                ("HMAC", mac.authenticate(bytes.span.extracting(..<448)).bytes),
                ("H(slot", SHA256.hash(bytes.span.extracting(..<480)).bytes),
            ]
        )
    }
}
