import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

/// Structures with a different value in each field, so that no two can be mistaken for each other.
enum Sample {
    static func archiveID(_ first: UInt8 = 0x40) throws -> ArchiveID {
        try #require(ArchiveID((0..<16).map { first + $0 }))
    }

    static func digest(_ first: UInt8) -> Digest {
        let bytes = (0..<32).map { first &+ $0 }
        return Digest(reading: bytes.span, at: 0)
    }

    static func time(_ second: Int64) -> Timestamp {
        Timestamp(microseconds: 1_795_000_000_000_000 + second * 1_000_000)
    }

    static func frameHeader() -> FrameHeader {
        let tag = (1...12).map { UInt8($0) }
        let nonce = (0x80..<0x98).map { UInt8($0) }
        return FrameHeader(
            kind: .chunk,
            codec: 2,
            dictionary: 0x0201,
            bodyByteCount: 0x10305,
            maskedTag: MaskedTag(tag.span, at: 0),
            nonce: FrameNonce(nonce.span, at: 0),
            firstSequence: 0x1122_3344_5566_7788,
            epoch: 0x99aa_bbcc
        )
    }

    static func encoded(_ header: FrameHeader) throws -> [UInt8] {
        var bytes: [UInt8] = []
        header.encode(appendingTo: &bytes, archiveID: try archiveID(), hasher: SHA256())
        return bytes
    }

    static func segmentHeader() throws -> SegmentHeader {
        SegmentHeader(
            archiveID: try archiveID(),
            number: SegmentNumber(0x0102),
            created: time(3),
            firstCommit: 0x0304,
            firstSequence: 0x0506,
            epoch: 0x0708,
            predecessor: .init(
                segment: 0x0101,
                committedByteCount: 0x090a_0b00,
                commitHash: digest(0xa0)
            )
        )
    }

    static func commitBody() -> CommitBody {
        CommitBody(
            number: 0x0102,
            lastSequence: 0x0304,
            time: time(5),
            frameCount: 0x0607,
            frameByteCount: 0x0809_00,
            root: digest(0x10),
            previous: digest(0x60),
            durable: 0x0101
        )
    }

    static func encoded(_ body: CommitBody) -> [UInt8] {
        var bytes: [UInt8] = []
        body.encode(appendingTo: &bytes)
        return bytes
    }

    static func sealBody() -> SealBody {
        SealBody(
            segment: SegmentNumber(3),
            firstCommit: 10,
            lastCommit: 11,
            lastSequence: 99,
            frameCount: 7,
            recordCount: 4,
            recordByteCount: 1_000,
            committedByteCount: 8_192,
            time: time(1),
            headerHash: digest(1),
            segmentRoot: digest(2),
            treeSize: 11,
            peaks: [digest(3), digest(4), digest(5)],
            previousSeal: digest(6),
            directories: [4_096, 6_000],
            commits: [
                .init(offset: 5_000, leaf: digest(7)), .init(offset: 7_000, leaf: digest(8)),
            ],
            signature: [UInt8](repeating: 0x5a, count: 64)
        )
    }

    static func encoded(_ body: SealBody) -> [UInt8] {
        var bytes: [UInt8] = []
        body.encodeUnsigned(appendingTo: &bytes)
        return bytes + body.signature
    }

    static func headSlot() -> HeadSlot {
        HeadSlot(
            counter: 0x0102,
            commit: CommitLink(
                number: 0x0304,
                lastSequence: 0x0506,
                hash: digest(0x20),
                time: time(7)
            ),
            segment: 0x0708,
            committedByteCount: 0x090a_0b00,
            isClosed: true
        )
    }

    /// An entry that has every field.
    static func entry() -> RecordEntry {
        var entry = RecordEntry()
        entry.sequence = 300
        entry.collection = "images"
        entry.name = "a/\u{fc}"
        entry.subject = "Patient/1"
        entry.mediaType = "text/plain"
        entry.recorded = time(0)
        entry.eventStart = Timestamp(microseconds: -5)
        entry.eventEnd = time(1)
        entry.bodyByteCount = 3
        entry.digest = digest(0x30)
        entry.attributes = [("id", "1"), ("", ""), ("id", "2")]
        entry.terms = ["type:Patient", "code:x|y"]
        entry.source = .init(path: [0x66, 0xff], line: 12)
        return entry
    }

    /// A pack of this entry alone, with a body of zeros.
    static func encoded(_ entry: RecordEntry) -> [UInt8] {
        Pack.encode([(entry, [UInt8](repeating: 0, count: entry.inlineByteCount))])
    }

    /// A pack of one record of the sequence 1 that has these fields, and `common` ones.
    static func pack(_ fields: [UInt8], common: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = [1]
        bytes.append(digest: digest(0))
        bytes.append(1)
        bytes.append(varint: common.count)
        bytes += common
        bytes.append(varint: fields.count)
        bytes.append(0)
        return bytes + fields
    }
}

/// The error code that `decode` ends with, or nil.
func code(_ decode: () throws -> Void) -> FormatError.Code? {
    do {
        try decode()
        return nil
    } catch {
        return (error as? FormatError)?.code
    }
}

/// Expects an error for each prefix of `bytes`.
func expectRefusal(
    ofEveryTruncationOf bytes: [UInt8],
    _ decode: ([UInt8]) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for count in bytes.indices {
        let part = Array(bytes[..<count])
        #expect(
            code { try decode(part) } != nil,
            "\(count) bytes of \(bytes.count) were taken",
            sourceLocation: sourceLocation
        )
    }
}

/// Expects that no flipped bit goes unseen: each gives an error or another value.
func expectSight<Value: Equatable>(
    ofEveryFlipIn bytes: [UInt8],
    _ decode: ([UInt8]) throws -> Value?,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let original = try decode(bytes)
    for index in bytes.indices {
        for bit in 0..<8 {
            var flipped = bytes
            flipped[index] ^= 1 << UInt8(bit)
            do {
                let value = try decode(flipped)
                #expect(
                    value != original,
                    "bit \(bit) of byte \(index) goes unseen",
                    sourceLocation: sourceLocation
                )
            } catch {
                #expect(error is FormatError, sourceLocation: sourceLocation)
            }
        }
    }
}

/// Expects an error for each flipped bit.
func expectRefusal(
    ofEveryFlipIn bytes: [UInt8],
    _ decode: ([UInt8]) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for index in bytes.indices {
        for bit in 0..<8 {
            var flipped = bytes
            flipped[index] ^= 1 << UInt8(bit)
            #expect(
                code { try decode(flipped) } != nil,
                "bit \(bit) of byte \(index) goes unseen",
                sourceLocation: sourceLocation
            )
        }
    }
}
