import ArchiveBytes
import ArchiveSealing
import Testing

@testable import ArchiveFormat

@Suite struct `A segment header` {
    private func decode(_ bytes: [UInt8]) throws -> SegmentHeader {
        try SegmentHeader(decoding: bytes.span)
    }

    /// The bytes with the hash that belongs to them.
    private func hashed(_ bytes: [UInt8]) -> [UInt8] {
        let covered = Array(bytes[..<4_064])
        return covered + SHA256.hash(covered.span).bytes
    }

    @Test func `comes back as it was`() throws {
        let header = try Sample.segmentHeader()
        let bytes = header.encode()
        #expect(bytes.count == SegmentHeader.byteCount)
        #expect(try decode(bytes) == header)
        #expect(header.hash.bytes == Array(bytes[4_064...]))
    }

    @Test func `is refused when any byte of it is changed or missing`() throws {
        let bytes = try Sample.segmentHeader().encode()
        for count in [0, 8, 4_064, 4_095] {
            #expect(code { _ = try decode(Array(bytes[..<count])) } == .truncated)
        }
        for index in bytes.indices {
            var flipped = bytes
            flipped[index] ^= 0x10
            #expect(code { _ = try decode(flipped) } == .damaged, "byte \(index)")
        }
    }

    @Test(arguments: [8, 16, 23])
    func `of a newer format is told from damage`(_ offset: Int) throws {
        var bytes = try Sample.segmentHeader().encode()
        bytes[offset] += 2
        #expect(code { _ = try decode(hashed(bytes)) } == .unsupported)
    }

    @Test(arguments: [24, 32, 1_000])
    func `is read with features and a note that do not concern a reader`(_ offset: Int) throws {
        let header = try Sample.segmentHeader()
        var bytes = header.encode()
        bytes[offset] ^= 1
        bytes = hashed(bytes)
        let found = try decode(bytes)
        #expect(found.number == header.number && found.predecessor == header.predecessor)
        // The seal signs the hash of the header that is there, not of the one we would write.
        #expect(found.hash.bytes == Array(bytes[4_064...]))
        #expect(found.hash != header.hash)
    }

    @Test func `says in plain words what the file is`() throws {
        let note = String(decoding: try Sample.segmentHeader().encode()[144..<4_064], as: UTF8.self)
        #expect(note.hasPrefix("This is a segment of a Strongroom archive, format version 1"))
        #expect(note.utf8.allSatisfy { $0 < 0x80 })
    }
}
