internal import ArchiveBytes

/// The 16 bytes that authenticate a sealed page, as two words.
struct PageTag: Hashable, Sendable {
    let low: UInt64
    let high: UInt64
}

/// Names one version of one page: what a parent, or for the root the meta slot, knows of it.
///
/// A number alone would let an older version of the page, put back in its place, pass for the
/// current one: it is sealed under the same key and number. The tag is different for each version.
struct PageReference: Hashable, Sendable {
    static let byteCount = 32
    /// Names no page.
    static let none = PageReference(number: 0, transaction: 0, tag: PageTag(low: 0, high: 0))

    let number: UInt64
    let transaction: UInt64
    let tag: PageTag

    init(number: UInt64, transaction: UInt64, tag: PageTag) {
        self.number = number
        self.transaction = transaction
        self.tag = tag
    }

    init(decoding bytes: Span<UInt8>, at offset: Int) {
        number = bytes.u64(at: offset)
        transaction = bytes.u64(at: offset + 8)
        tag = PageTag(low: bytes.u64(at: offset + 16), high: bytes.u64(at: offset + 24))
    }

    func encode(to bytes: inout [UInt8]) {
        bytes.append(u64: number)
        bytes.append(u64: transaction)
        bytes.append(u64: tag.low)
        bytes.append(u64: tag.high)
    }
}
