import ArchiveBytes

/// A text that a set tells from others by its bytes, as the archive does.
///
/// Swift's `==` holds for texts that only look alike as well (Unicode, canonical equivalence).
struct ExactText: Hashable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: text) }
}
