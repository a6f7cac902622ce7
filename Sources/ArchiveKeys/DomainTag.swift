import ArchiveBytes
package import ArchiveFormat

/// What shares one key: the records of a subject, or those of a collection that have none.
///
/// No two domains share a key, so that erasing one cannot touch another.
package enum KeyDomain: Hashable, Sendable {
    /// A person, whatever collections the records lie in. Can be erased.
    case subject(String)
    /// The records of a collection that have no subject.
    case collection(String)

    /// What the tag is made of: `0x01 ‖ subject` or `0x00 ‖ collection`, in UTF-8.
    var tagInput: [UInt8] {
        switch self {
        case .subject(let name): [0x01] + Array(name.utf8)
        case .collection(let name): [0x00] + Array(name.utf8)
        }
    }
}

/// The twelve bytes that stand for a key domain.
///
/// Only who holds the tag key can tell which domain it is. Frame headers carry it masked.
package struct DomainTag: Hashable, Comparable, Sendable, BitwiseCopyable {
    package static let byteCount = 12

    // Big-endian words, so that comparing them compares the bytes.
    let head: UInt64
    let tail: UInt32

    init(head: UInt64, tail: UInt32) {
        self.head = head
        self.tail = tail
    }

    /// Reads the twelve bytes at `offset`, which must be there.
    package init(_ bytes: Span<UInt8>, at offset: Int = 0) {
        head = bytes.bigEndianU64(at: offset)
        tail = bytes.u32(at: offset + 8).byteSwapped
    }

    /// The same twelve bytes, or those under a mask.
    package init(_ tag: MaskedTag) {
        head = tag.head.byteSwapped
        tail = tag.tail.byteSwapped
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndianU64: head)
        bytes.append(u32: tail.byteSwapped)
        return bytes
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.head == right.head ? left.tail < right.tail : left.head < right.head
    }

    static func ^ (left: Self, right: Self) -> Self {
        Self(head: left.head ^ right.head, tail: left.tail ^ right.tail)
    }
}

extension MaskedTag {
    /// The same twelve bytes.
    package init(_ tag: DomainTag) {
        self.init(head: tag.head.byteSwapped, tail: tag.tail.byteSwapped)
    }
}
