import ArchiveBytes
import Testing

@Suite struct `Byte helpers` {
    @Test func `integers are little-endian`() {
        var bytes: [UInt8] = []
        bytes.append(u16: 0x0201)
        bytes.append(u32: 0x0605_0403)
        bytes.append(u64: 0x0e0d_0c0b_0a09_0807)
        #expect(bytes == Array(1...14))
        #expect(bytes.span.u16(at: 0) == 0x0201)
        #expect(bytes.span.u32(at: 2) == 0x0605_0403)
        #expect(bytes.span.u64(at: 6) == 0x0e0d_0c0b_0a09_0807)
        #expect(bytes.span.bigEndianU64(at: 6) == 0x0708_090a_0b0c_0d0e)
    }

    @Test func `a byte is found at its first place from a start on`() {
        func place(of byte: UInt8, from start: Int = 0, in bytes: [UInt8]) -> Int? {
            bytes.span.firstIndex(ofByte: byte, from: start)
        }
        for count in 0...40 {
            #expect(place(of: 9, in: Array(repeating: 7, count: count)) == nil)
            for index in 0..<count {
                var bytes = [UInt8](repeating: 7, count: count)
                bytes[index] = 9
                #expect(place(of: 9, in: bytes) == index)
                #expect(place(of: 9, from: index, in: bytes) == index)
                #expect(place(of: 9, from: index + 1, in: bytes) == nil)
                let next = index + 1 < count ? index + 1 : nil
                #expect(place(of: 7, from: index, in: bytes) == next)
            }
        }
    }

    @Test func `bytes are equal only if every one is`() {
        func areEqual(_ some: [UInt8], _ others: [UInt8]) -> Bool {
            some.span.isEqual(to: others.span)
        }
        for count in 0...40 {
            let bytes = (0..<count).map { UInt8($0) }
            #expect(areEqual(bytes, bytes))
            #expect(!areEqual(bytes, bytes + [0]))
            for place in 0..<count {
                var other = bytes
                other[place] ^= 0x80
                #expect(!areEqual(bytes, other))
            }
        }
    }

    @Test func `integers are replaced in place`() {
        var bytes = [UInt8](repeating: 0xee, count: 14)
        bytes.set(u32: 0x0403_0201, at: 1)
        bytes.set(u64: 0x0807_0605_0403_0201, at: 5)
        #expect(bytes == [0xee, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0xee])
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 63, UInt64.max - 1, .max] as [UInt64])
    func `a varint comes back and has the length foretold`(value: UInt64) throws {
        var bytes: [UInt8] = []
        bytes.append(varint: value)
        #expect(bytes.count == varintByteCount(value))
        var cursor = ByteCursor()
        #expect(try cursor.varint(bytes.span) == value)
        #expect(cursor.offset == bytes.count)
    }

    @Test func `a varint of more than 64 bits is refused`() {
        let tooLarge = [UInt8](repeating: 0xff, count: 9) + [2]
        let tooLong = [UInt8](repeating: 0x80, count: 10) + [0]
        for bytes in [tooLarge, tooLong] {
            #expect(throws: DecodingError.overlongVarint) {
                var cursor = ByteCursor()
                _ = try cursor.varint(bytes.span)
            }
        }
    }

    @Test func `a cursor never leaves its bytes`() {
        let bytes: [UInt8] = [0x80, 1, 2]
        var cursor = ByteCursor()
        #expect(throws: DecodingError.truncated) { try cursor.u32(bytes.span) }
        #expect(throws: DecodingError.truncated) { try cursor.u64(bytes.span) }
        #expect(throws: DecodingError.truncated) { try cursor.range(bytes.span, count: 4) }
        #expect(throws: DecodingError.truncated) { try cursor.range(bytes.span, count: -1) }
        #expect(throws: DecodingError.truncated) { try cursor.range(bytes.span, count: .max) }
        #expect(throws: DecodingError.overLimit) { try cursor.count(bytes.span, limit: 127) }
        cursor.offset = bytes.count
        #expect(throws: DecodingError.truncated) { try cursor.byte(bytes.span) }
        #expect(throws: DecodingError.truncated) { try cursor.varint(bytes.span) }
    }

    @Test func `bytes are copied, compared and ordered`() {
        var target: [UInt8] = [0, 0, 0, 0]
        var span = target.mutableSpan
        span.copy(([1, 2] as [UInt8]).span, at: 1)
        #expect(target == [0, 1, 2, 0])
        #expect(isEqual(target, [0, 1, 2, 0]))
        #expect(!isEqual(target, [0, 1, 2]))
        #expect(!isEqual(target, [0, 1, 2, 1]))
        let ordered: [[UInt8]] = [[], [0], [0, 0], [0, 255], [1], [255]]
        for (place, earlier) in ordered.enumerated() {
            for later in ordered[(place + 1)...] {
                #expect(precedes(earlier, later))
                #expect(!precedes(later, earlier))
            }
            #expect(!precedes(earlier, earlier))
        }
    }

    // Spans cannot stand inside an expectation.
    private func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.span.isEqual(to: right.span)
    }

    private func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.span.precedes(right.span)
    }

    @Test func `hexadecimal digits of either case are read, anything else is not`() {
        #expect(Hex.encode([0, 0x9f, 0xff]) == "009fff")
        #expect(Hex.decode("009FfF") == [0, 0x9f, 0xff])
        #expect(Hex.decode("") == [])
        for text in ["0", "0g", "0x00", " 00", "é"] { #expect(Hex.decode(text) == nil) }
    }
}
