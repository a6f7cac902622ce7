internal import ArchiveBytes

/// One version of the tree: it stays as it is however many checkpoints follow.
///
/// A view may be copied and used by any number of threads. Its pages are not used again for as long
/// as it lives, so a view that is kept for hours lets the file grow.
package struct IndexView: Sendable {
    let pages: PageFile
    let meta: IndexMeta
    private let pin: ReaderPin

    init(pages: PageFile, meta: IndexMeta, pin: ReaderPin) {
        self.pages = pages
        self.meta = meta
        self.pin = pin
    }

    /// The number of the checkpoint that made this version.
    package var transaction: UInt64 { meta.transaction }

    /// The log position that this version covers, as the engine gave it.
    package var coverage: [UInt8] { meta.coverage }

    /// The number of entries.
    package var entryCount: UInt64 { meta.entryCount }

    /// The value of a key.
    package func value(for key: Span<UInt8>) throws(IndexError) -> [UInt8]? {
        guard let leaf = try leaf(for: key) else { return nil }
        let found = leaf.lowerBound(key)
        guard found.isEqual else { return nil }
        return leaf.withEntry(found.slot) { _, _, value in Array(copying: value) }
    }

    /// The first entry whose key is not before `key`, copied into `entry`.
    package func first(
        atOrAfter key: Span<UInt8>,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        guard let leaf = try leaf(for: key) else { return false }
        let slot = leaf.lowerBound(key).slot
        if slot < leaf.count {
            leaf.copyKey(slot, into: &entry.key, keeping: 0)
            leaf.copyValue(slot, into: &entry.value)
            return true
        }
        // The key lies behind all of its leaf: the next leaf has the entry.
        var cursor = cursor()
        guard try cursor.seek(atOrAfter: key) else { return false }
        swap(&entry.key, &cursor.key)
        swap(&entry.value, &cursor.value)
        return true
    }

    /// The last entry whose key is before `key`, copied into `entry`.
    package func last(
        before key: Span<UInt8>,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        var cursor = cursor()
        guard try cursor.seek(before: key) else { return false }
        swap(&entry.key, &cursor.key)
        swap(&entry.value, &cursor.value)
        return true
    }

    /// A cursor that stands nowhere yet.
    package func cursor() -> TreeCursor { TreeCursor(pages, root: meta.root, pin: pin) }

    private func leaf(for key: Span<UInt8>) throws(IndexError) -> Page? {
        guard let root = meta.root else { return nil }
        var page = try pages.page(root.reference, level: root.level)
        while !page.isLeaf {
            page = try pages.page(page.child(page.childSlot(for: key)), level: page.level - 1)
        }
        return page
    }
}
