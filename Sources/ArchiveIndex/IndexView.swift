internal import ArchiveBytes

/// One version of the index: it stays as it is however many checkpoints follow.
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
        let question = FilterQuestion(key, count: key.count, pages)
        for tree in meta.trees.reversed() {
            guard try question.mayHold(tree, key) else { continue }
            let leaf = try leaf(of: tree, for: key)
            let found = leaf.lowerBound(key)
            guard found.isEqual else { continue }
            return leaf.value(at: found)
        }
        return nil
    }

    /// The first entry whose key is not before `key`, copied into `entry`.
    package func first(
        atOrAfter key: Span<UInt8>,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        var isFound = false
        // Oldest first, so the last of equal keys stays.
        for tree in meta.trees {
            let leaf = try leaf(of: tree, for: key)
            let found = leaf.lowerBound(key)
            if !isFound, found.slot < leaf.count {
                leaf.copy(found, near: key, into: &entry)
                isFound = true
                continue
            }
            // Another tree has an entry, or this one has it on its next leaf.
            var cursor = TreeCursor(pages, tree, pin: pin)
            guard try cursor.seek(atOrAfter: key),
                !isFound || KeyOrder.compare(cursor.key.span, entry.key.span) <= 0
            else { continue }
            swap(&entry.key, &cursor.key)
            swap(&entry.value, &cursor.value)
            isFound = true
        }
        return isFound
    }

    /// The first entry whose key is not before `key` and begins with its first `count` bytes, in the
    /// newest tree that has one, copied into `entry`.
    ///
    /// Trees whose filter tells that they have none are not looked into.
    func newest(
        atOrAfter key: Span<UInt8>,
        beginningWith count: Int,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        let question = FilterQuestion(key, count: count, pages)
        for tree in meta.trees.reversed() {
            guard try question.mayHold(tree, key) else { continue }
            let leaf = try leaf(of: tree, for: key)
            let found = leaf.lowerBound(key)
            if found.slot < leaf.count {
                guard leaf.begins(found, with: key, count: count) else { continue }
                leaf.copy(found, near: key, into: &entry)
                return true
            }
            // It may stand on the next leaf.
            var cursor = TreeCursor(pages, tree, pin: pin)
            guard try cursor.seek(atOrAfter: key), cursor.key.count >= count,
                cursor.key.span.extracting(..<count).isEqual(to: key.extracting(..<count))
            else { continue }
            swap(&entry.key, &cursor.key)
            swap(&entry.value, &cursor.value)
            return true
        }
        return false
    }

    /// The last entry whose key is before `key`, copied into `entry`.
    package func last(
        before key: Span<UInt8>,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        var isFound = false
        for tree in meta.trees {
            var cursor = TreeCursor(pages, tree, pin: pin)
            guard try cursor.seek(before: key),
                !isFound || KeyOrder.compare(cursor.key.span, entry.key.span) >= 0
            else { continue }
            swap(&entry.key, &cursor.key)
            swap(&entry.value, &cursor.value)
            isFound = true
        }
        return isFound
    }

    /// A cursor over each tree, oldest first, that stands nowhere yet.
    func cursors() -> [TreeCursor] { meta.trees.map { TreeCursor(pages, $0, pin: pin) } }

    private func leaf(of tree: Tree, for key: Span<UInt8>) throws(IndexError) -> Page {
        var page = try pages.page(tree.root.reference, level: tree.root.level)
        while !page.isLeaf {
            page = try pages.page(page.child(for: key).reference, level: page.level - 1)
        }
        return page
    }
}
