import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `A commit body` {
    private func decode(_ bytes: [UInt8]) throws -> CommitBody {
        try CommitBody(decoding: bytes.span)
    }

    @Test func `comes back as it was`() throws {
        let body = Sample.commitBody()
        #expect(Sample.encoded(body).count == CommitBody.byteCount)
        #expect(try decode(Sample.encoded(body)) == body)
    }

    @Test func `of another length is refused, and no flipped bit goes unseen`() throws {
        let bytes = Sample.encoded(Sample.commitBody())
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes + [0]) } == .damaged)
        try expectSight(ofEveryFlipIn: bytes, decode)
    }

    @Test func `whose fields contradict each other is refused`() {
        let changes: [(inout CommitBody) -> Void] = [
            { $0.number = 0 },
            { $0.durable = $0.number },
            { $0.frameCount = Limits.framesPerBatch + 1 },
            { $0.frameByteCount = UInt64(Limits.batch) + 1 },
        ]
        for change in changes {
            var body = Sample.commitBody()
            change(&body)
            #expect(code { _ = try decode(Sample.encoded(body)) } == .damaged)
        }
    }

    @Test func `may be the first and empty`() throws {
        var body = Sample.commitBody()
        body.number = 1
        body.durable = 0
        body.frameCount = 0
        body.frameByteCount = 0
        #expect(try decode(Sample.encoded(body)) == body)
    }
}

@Suite struct `A seal body` {
    private func decode(_ bytes: [UInt8]) throws -> SealBody { try SealBody(decoding: bytes.span) }

    @Test func `comes back as it was, with and without lists`() throws {
        let body = Sample.sealBody()
        #expect(Sample.encoded(body).count == body.byteCount)
        #expect(try decode(Sample.encoded(body)) == body)
        var bare = body
        bare.treeSize = 0
        bare.peaks = []
        bare.directories = []
        bare.commits = []
        #expect(try decode(Sample.encoded(bare)) == bare)
    }

    @Test func `cut short is refused, and no flipped bit goes unseen`() throws {
        let bytes = Sample.encoded(Sample.sealBody())
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        #expect(code { _ = try decode(bytes + [0]) } == .damaged)
        try expectSight(ofEveryFlipIn: bytes, decode)
    }

    @Test(arguments: [176, 180])
    func `that counts more than it can hold is refused before memory is taken`(_ offset: Int) {
        var bytes = Sample.encoded(Sample.sealBody())
        for index in 0..<4 { bytes[offset + index] = 0xff }
        #expect(code { _ = try decode(bytes) } == .damaged)
    }

    @Test func `is signed with the archive's name and its own purpose in front`() throws {
        let body = Sample.sealBody()
        let signed = body.signedBytes(archiveID: try Sample.archiveID())
        let unsigned = Array(Sample.encoded(body).dropLast(64))
        let head = Array("strongroom/v1/seal".utf8) + [0] + (try Sample.archiveID().bytes)
        #expect(signed == head + unsigned)
    }

    @Test func `is found by the trailer`() {
        let trailer = SealTrailer.encode(sealOffset: 0x0102_0304)
        #expect(trailer == [4, 3, 2, 1, 0, 0, 0, 0] + Array("SEALED01".utf8))
        #expect(SealTrailer.sealOffset(decoding: trailer.span) == 0x0102_0304)
        for index in 8..<16 {
            var flipped = trailer
            flipped[index] ^= 1
            #expect(SealTrailer.sealOffset(decoding: flipped.span) == nil)
        }
        let short = Array(trailer.dropLast())
        #expect(SealTrailer.sealOffset(decoding: short.span) == nil)
    }
}

@Suite struct `A head slot` {
    private let mac: HMACSHA256

    init() {
        let key = [UInt8](repeating: 7, count: 32)
        mac = HMACSHA256(key: key.span)
    }

    private func decode(_ bytes: [UInt8], keyless: Bool = false) throws -> HeadSlot? {
        try HeadSlot(
            decoding: bytes.span,
            archiveID: Sample.archiveID(),
            logKey: keyless ? nil : mac
        )
    }

    private func encoded(_ slot: HeadSlot) throws -> [UInt8] {
        slot.encode(archiveID: try Sample.archiveID(), logKey: mac)
    }

    @Test(arguments: [true, false])
    func `comes back as it was, with the key and without`(_ isClosed: Bool) throws {
        var slot = Sample.headSlot()
        slot.isClosed = isClosed
        let bytes = try encoded(slot)
        #expect(bytes.count == HeadSlot.byteCount)
        #expect(try decode(bytes) == slot)
        #expect(try decode(bytes, keyless: true) == slot)
    }

    @Test func `that was never written is none`() throws {
        #expect(try decode([UInt8](repeating: 0, count: 512)) == nil)
    }

    @Test func `is refused when it is cut or any bit of it is flipped`() throws {
        let bytes = try encoded(Sample.headSlot())
        expectRefusal(ofEveryTruncationOf: bytes) { _ = try decode($0) }
        expectRefusal(ofEveryFlipIn: bytes) { _ = try decode($0, keyless: true) }
    }

    @Test func `made without the key is refused`() throws {
        let key = [UInt8](repeating: 8, count: 32)
        let forged = Sample.headSlot().encode(
            archiveID: try Sample.archiveID(),
            logKey: HMACSHA256(key: key.span)
        )
        #expect(code { _ = try decode(forged) } == .damaged)
        #expect(try decode(forged, keyless: true) == Sample.headSlot())
    }

    @Test func `of another archive is told from damage`() throws {
        let foreign = Sample.headSlot().encode(archiveID: try Sample.archiveID(1), logKey: mac)
        #expect(code { _ = try decode(foreign) } == .foreign)
    }
}
