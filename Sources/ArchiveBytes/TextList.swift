/// Texts back to back in one piece of memory, each behind its length: what a record can be found by.
///
/// Not an array of texts: neighbouring records have many in common, and threads that each work on some of the
/// records would wait for each other to count who holds a text.
@usableFromInline package struct TextList: Hashable, Sendable {
    /// Each as `varint length ‖ UTF-8`, as a directory has them.
    @usableFromInline package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    /// Few records have more.
    private static let usualByteCount = 4_096

    package init() {}

    package init(_ texts: some Sequence<String>) {
        for text in texts { append(text) }
    }

    package var isEmpty: Bool { count == 0 }

    /// Makes room for texts that take so many bytes with their lengths.
    package mutating func reserveCapacity(byteCount: Int) { bytes.reserveCapacity(byteCount) }

    package mutating func append(_ text: String) { append(text.utf8Span.span) }

    /// Adds a text, which must be UTF-8.
    package mutating func append(_ text: Span<UInt8>) {
        append(byteCount: text.count) { $0.append(copying: text) }
    }

    /// Adds a text of so many bytes of UTF-8, which `write` appends.
    package mutating func append(byteCount: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
        bytes.append(varint: byteCount)
        let start = bytes.count
        bytes.append(addingCapacity: byteCount) { write(&$0) }
        precondition(bytes.count == start + byteCount, "a text is as long as was said")
        count += 1
    }

    /// Lends each text, in order.
    @inlinable @inline(__always)
    package func visit<Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let bytes = bytes.span
        var offset = 0
        while offset < bytes.count {
            try body(bytes.extracting(Self.take(bytes, &offset)))
        }
    }

    /// The texts, each made anew.
    package var texts: [String] {
        var texts: [String] = []
        texts.reserveCapacity(count)
        visit { texts.append(String(decoding: [UInt8](copying: $0), as: UTF8.self)) }
        return texts
    }

    /// What follows the same beginning in each text that has it.
    package func rests(behind beginning: String) -> [String] {
        let beginning = beginning.utf8Span.span
        var rests: [String] = []
        visit { text in
            guard text.count >= beginning.count,
                text.extracting(first: beginning.count).isEqual(to: beginning)
            else { return }
            let rest = [UInt8](copying: text.extracting(beginning.count...))
            rests.append(String(decoding: rest, as: UTF8.self))
        }
        return rests
    }

    /// Whether a text of the same bytes is among them.
    package func contains(_ text: String) -> Bool {
        let wanted = text.utf8Span.span
        let bytes = bytes.span
        var offset = 0
        while offset < bytes.count {
            if bytes.extracting(Self.take(bytes, &offset)).isEqual(to: wanted) { return true }
        }
        return false
    }

    /// The place of the text whose length is at `offset`, which moves behind it.
    @inlinable @inline(__always)
    static func take(_ bytes: Span<UInt8>, _ offset: inout Int) -> Range<Int> {
        var (length, shift) = (0, 0)
        while bytes[offset] >= 0x80 {
            length |= Int(bytes[offset] & 0x7f) &<< shift
            shift += 7
            offset += 1
        }
        let start = offset + 1
        offset = start + (length | Int(bytes[offset]) &<< shift)
        return start..<offset
    }
}

extension TextList: ExpressibleByArrayLiteral {
    @usableFromInline package init(arrayLiteral texts: String...) { self.init(texts) }
}

// MARK: - In place of another record's

extension TextList {
    /// Makes `text` the one with that number, whose `place` moves behind it; those before it are there
    /// already.
    ///
    /// Neighbours have many texts in common: one that stands there already stays.
    package mutating func set(
        _ number: Int,
        to text: Span<UInt8>,
        at place: inout Int
    ) throws(DecodingError) {
        let end = place + varintByteCount(UInt64(text.count)) + text.count
        if end <= bytes.count {
            var offset = place
            let bytes = bytes.span
            if bytes.extracting(Self.take(bytes, &offset)).isEqual(to: text) {
                place = end
                return
            }
        }
        guard text.isText else { throw .malformedText }
        remove(from: number, at: place)
        append(text)
        place = bytes.count
    }

    /// Drops the texts from a number on, whose length is at `place`.
    package mutating func remove(from number: Int, at place: Int) {
        guard number < count else { return }
        if number == 0 {
            // Memory that somebody else holds is not copied to be emptied, and of very much none is kept.
            bytes.removeAll(keepingCapacity: bytes.count <= Self.usualByteCount)
        } else {
            bytes.removeSubrange(place...)
        }
        count = number
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes are UTF-8; most texts are ASCII, which is told eight bytes at a time.
    package var isText: Bool {
        var offset = 0
        while offset &+ 8 <= count, u64(at: offset) & 0x8080_8080_8080_8080 == 0 { offset &+= 8 }
        while offset < count, self[offset] < 0x80 { offset &+= 1 }
        return offset == count || (try? UTF8Span(validating: self)) != nil
    }
}
