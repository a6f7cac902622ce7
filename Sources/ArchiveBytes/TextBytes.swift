extension String {
    /// Whether both texts are the same bytes of UTF-8.
    ///
    /// Swift's `==` holds for texts that look alike as well: é may be one character or an e with an accent
    /// (Unicode, canonical equivalence). Names, subjects and collections are bytes, and those are two.
    package func hasSameBytes(as other: String) -> Bool {
        guard self == other else { return false }
        let (mine, others) = (utf8Span, other.utf8Span)
        guard mine.count == others.count else { return false }
        // What looks like ASCII and is something else takes more bytes.
        return mine.isKnownASCII || mine.span.isEqual(to: others.span)
    }
}

extension String? {
    /// Whether both are nothing, or the same bytes of UTF-8.
    package func hasSameBytes(as other: String?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let one?, let other?): one.hasSameBytes(as: other)
        default: false
        }
    }
}
