import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `A frame header` {
    private func decode(_ bytes: [UInt8], at offset: Int = 0) throws -> FrameHeader {
        try FrameHeader(
            decoding: bytes.span,
            at: offset,
            archiveID: Sample.archiveID(),
            hasher: SHA256()
        )
    }

    /// The bytes with the check that belongs to them.
    private func checked(_ bytes: [UInt8]) throws -> [UInt8] {
        let authenticated = try Sample.archiveID().bytes + bytes[..<60]
        return Array(bytes[..<60]) + SHA256.hash(authenticated.span).bytes[..<4]
    }

    @Test(arguments: [
        FrameHeader.Kind.records, .chunk, .commit, .directory, .seal, .dictionary,
    ])
    func `comes back as it was`(_ kind: FrameHeader.Kind) throws {
        var header = Sample.frameHeader()
        header.kind = kind
        let bytes = try Sample.encoded(header)
        #expect(bytes.count == FrameHeader.byteCount)
        #expect(try decode(bytes) == header)
        #expect(try decode([9, 9] + bytes, at: 2) == header)
    }

    @Test func `is refused when it is cut or any bit of it is flipped`() throws {
        let bytes = try Sample.encoded(Sample.frameHeader())
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        expectRefusal(ofEveryFlipIn: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes, at: 1) } == .truncated)
        #expect(code { _ = try decode(bytes, at: -1) } == .truncated)
    }

    @Test func `of another archive is refused`() throws {
        let bytes = try Sample.encoded(Sample.frameHeader())
        #expect(
            code {
                _ = try FrameHeader(
                    decoding: bytes.span,
                    at: 0,
                    archiveID: Sample.archiveID(0x41),
                    hasher: SHA256()
                )
            } == .damaged
        )
    }

    @Test func `of a kind or length that version 1 does not know is told from damage`() throws {
        var bytes = try Sample.encoded(Sample.frameHeader())
        bytes[4] = 7
        #expect(code { _ = try decode(checked(bytes)) } == .unsupported)
        var header = Sample.frameHeader()
        header.bodyByteCount = Limits.frameBody
        #expect(try decode(Sample.encoded(header)) == header)
        header.bodyByteCount += 1
        #expect(code { _ = try decode(Sample.encoded(header)) } == .overLimit)
    }

    @Test(arguments: [(0, 80), (1, 88), (8, 88), (9, 96), (112, 192)])
    func `tells where the next frame begins`(_ body: Int, _ frame: Int) {
        #expect(FrameHeader.frameByteCount(bodyByteCount: body) == frame)
    }

    @Test func `has a nonce of the batch's salt and a big-endian index`() {
        let salt = (1...20).map { UInt8($0) }
        let nonce = FrameNonce(salt: salt.span, index: 0x0102_0304)
        #expect(nonce.bytes == salt + [1, 2, 3, 4])
        #expect(nonce.at(index: 5).bytes == salt + [0, 0, 0, 5])
    }

    @Test func `authenticates archive and header`() throws {
        let bytes = try Sample.encoded(Sample.frameHeader())
        let associated = associatedBytes(archiveID: try Sample.archiveID(), header: bytes.span)
        #expect(associated == (try Sample.archiveID().bytes) + bytes[..<60])
        // Who writes a header is given the same bytes, whatever stood in the memory before.
        let header = try FrameHeader(
            decoding: bytes.span,
            at: 0,
            archiveID: try Sample.archiveID(),
            hasher: SHA256()
        )
        var again: [UInt8] = [9]
        var given: [UInt8] = [1, 2, 3]
        header.encode(
            appendingTo: &again,
            archiveID: try Sample.archiveID(),
            hasher: SHA256(),
            associated: &given
        )
        #expect(again.dropFirst() == bytes[..<64] && given == associated)
        #expect(
            FrameNonce(given.span, at: FrameHeader.associatedNonceRange.lowerBound) == header.nonce
        )
    }
}

@Suite struct `A segment's number` {
    @Test func `names its file by sixteen digits`() {
        #expect(SegmentNumber(255).stem == "00000000000000ff")
        #expect(SegmentNumber(.max).stem == "ffffffffffffffff")
        #expect(SegmentNumber(stem: "00000000000000ff") == SegmentNumber(255))
    }

    @Test(arguments: [
        "", "ff", "00000000000000FF", "0000000000000000", "00000000000000fg", "00000000000000001",
        "-000000000000001", " 000000000000001", "+000000000000001",
    ])
    func `is not read from other names`(_ stem: String) {
        #expect(SegmentNumber(stem: stem) == nil)
    }
}
