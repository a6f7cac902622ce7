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
