extension Array where Element == UInt8 {
    /// Copies the bytes of `span`.
    @inlinable package init(copying span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// Appends the bytes of `span`.
    @inlinable package mutating func append(copying span: Span<UInt8>) {
        // An empty array that gets nothing would have its count written, which all empty arrays share.
        guard !span.isEmpty else { return }
        append(addingCapacity: span.count) { $0.append(copying: span) }
    }

    /// Makes the bytes from `start` on those of `span`.
    ///
    /// For keys that come in order: they share their beginnings, and mostly have one length.
    @inlinable package mutating func replace(from start: Int, copying span: Span<UInt8>) {
        guard start &+ span.count == count else {
            removeLast(count &- start)
            return append(copying: span)
        }
        guard !span.isEmpty else { return }
        var bytes = mutableSpan
        bytes.copy(span, at: start)
    }
}

extension [UInt8] {
    /// Appends the bytes of an integer in the order that they have in memory.
    @inlinable package mutating func append(bytesOf word: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: word) { unsafe append(contentsOf: $0) }
    }
}

extension [UInt8] {
    /// Overwrites the bytes with zeros, unless somebody else holds them as well.
    @inlinable package mutating func wipe() {
        unsafe withUnsafeMutableBufferPointer { unsafe $0.update(repeating: 0) }
    }
}

extension OutputSpan where Element == UInt8 {
    /// Appends the bytes of `span`, for which there must be room.
    @inlinable @inline(__always)
    package mutating func append(copying span: Span<UInt8>) {
        precondition(freeCapacity >= span.count, "the bytes must fit")
        unsafe withUnsafeMutableBufferPointer { bytes, count in
            unsafe span.withUnsafeBufferPointer { new in
                guard let from = new.baseAddress, let to = bytes.baseAddress else { return }
                unsafe (to + count).initialize(from: from, count: new.count)
                count &+= new.count
            }
        }
    }

    /// Appends four bytes, most significant first, for which there must be room.
    @inlinable @inline(__always)
    package mutating func append(bigEndianU32 word: UInt32) {
        precondition(freeCapacity >= 4, "the bytes must fit")
        unsafe withUnsafeMutableBufferPointer { bytes, count in
            let free = UnsafeMutableRawBufferPointer(bytes)
            unsafe free.storeBytes(of: word.bigEndian, toByteOffset: count, as: UInt32.self)
            count &+= 4
        }
    }
}

extension MutableSpan where Element == UInt8 {
    /// Copies all of `source` to the bytes from `offset` on, which must have room for it.
    @inlinable package mutating func copy(_ source: Span<UInt8>, at offset: Int = 0) {
        precondition(offset >= 0 && source.count <= count - offset, "the bytes must fit")
        unsafe withUnsafeMutableBufferPointer { target in
            unsafe source.withUnsafeBufferPointer { bytes in
                guard let from = bytes.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + offset).update(from: from, count: bytes.count)
            }
        }
    }
}

extension Span where Element == UInt8 {
    /// Tells whether both spans hold the same bytes.
    ///
    /// Not for secrets: it stops at the first difference.
    @inlinable package func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index &+ 8 <= count {
            if u64(at: index) != other.u64(at: index) { return false }
            index &+= 8
        }
        while index < count {
            if self[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// How many bytes both begin with alike.
    @inlinable package func sharedByteCount(with other: Span<UInt8>) -> Int {
        let limit = Swift.min(count, other.count)
        var index = 0
        while index < limit, self[index] == other[index] { index &+= 1 }
        return index
    }

    /// Tells whether these bytes come before those of `other`, compared as unsigned bytes.
    @inlinable package func precedes(_ other: Span<UInt8>) -> Bool {
        let shared = Swift.min(count, other.count)
        var index = 0
        while index < shared {
            if self[index] != other[index] { return self[index] < other[index] }
            index &+= 1
        }
        return count < other.count
    }
}

extension Span where Element == UInt8 {
    /// The integer that has the bytes at `offset` in memory.
    @inlinable @inline(__always)
    package func word<Word: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int,
        as type: Word.Type
    ) -> Word {
        precondition(
            offset >= 0 && offset <= count - MemoryLayout<Word>.size,
            "all of its bytes must be there"
        )
        return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type)
    }
}

extension [UInt8] {
    /// Copies the bytes of a range to the beginning.
    package mutating func moveToFront(_ range: Range<Int>) { move(range, to: 0) }

    /// Copies the bytes of a range to a place before it, which may reach into it.
    package mutating func move(_ range: Range<Int>, to start: Int) {
        precondition(start >= 0 && range.lowerBound >= start, "they move to the front")
        precondition(range.upperBound <= count, "the bytes must be there")
        guard range.lowerBound > start, !range.isEmpty else { return }
        unsafe withUnsafeMutableBytes { bytes in
            unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start..<(start + range.count)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }
}

extension String {
    /// Whether both texts are the same bytes of UTF-8.
    ///
    /// Swift's `==` holds for texts that look alike as well: é may be one character or an e with an accent
    /// (Unicode, canonical equivalence). Names, subjects and collections are bytes, and those are two.
    @inlinable package func hasSameBytes(as other: String) -> Bool {
        // Mostly it is one text: then both say the same of where it is, or of what it is if it is short.
        if unsafe unsafeBitCast(self, to: UInt128.self) == unsafeBitCast(other, to: UInt128.self) {
            return true
        }
        guard utf8.count == other.utf8.count else { return false }
        // Faster than spans of them, which are told by a function of Swift's own library.
        let isSame = unsafe utf8.withContiguousStorageIfAvailable { mine in
            unsafe other.utf8.withContiguousStorageIfAvailable { others in
                unsafe Span(_unsafeElements: mine).isEqual(to: Span(_unsafeElements: others))
            }
        }
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension String? {
    /// Whether both are nothing, or the same bytes of UTF-8.
    @inlinable package func hasSameBytes(as other: String?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let one?, let other?): one.hasSameBytes(as: other)
        default: false
        }
    }
}

extension [String] {
    /// Whether a text of the same bytes of UTF-8 is among them.
    package func contains(bytesOf text: String) -> Bool {
        contains { $0.hasSameBytes(as: text) }
    }
}
