internal import ArchiveBytes

/// A position among the entries of one tree.
///
/// A step within a page copies the entry into ``key`` and ``value`` and touches nothing else; the
/// two keep their memory, so stepping does not allocate unless the caller holds copies of them.
package struct TreeCursor: Sendable {
    private let pages: PageFile
    private let tree: Tree
    /// Whether its pages are worth keeping in the cache.
    private let isInPassing: Bool
    /// Keeps the version from being overwritten; nil for a tree that nobody changes.
    private let pin: ReaderPin?
    /// The branches above the leaf, the root first, and where each was left.
    private var branches: [Step] = []
    private var leaf: Page?
    private var slot = 0
    /// Where the entry behind ``slot`` lies on the leaf.
    private var nextOffset = 0

    /// The key that the cursor stands on; meaningless while it stands on none.
    package internal(set) var key: [UInt8] = []
    /// The value of ``key``.
    package internal(set) var value: [UInt8] = []

    private struct Step: Sendable {
        let page: Page
        var slot: Int
    }

    init(_ pages: PageFile, _ tree: Tree, pin: ReaderPin?, isInPassing: Bool = false) {
        self.pages = pages
        self.tree = tree
        self.pin = pin
        self.isInPassing = isInPassing
    }

    /// The number of entries of the whole tree.
    var entryCount: UInt64 { tree.entryCount }

    /// Whether the cursor stands on an entry.
    package var isValid: Bool { leaf != nil }

    /// Goes to the first entry whose key is not before `key`; false if there is none.
    package mutating func seek(atOrAfter key: Span<UInt8>) throws(IndexError) -> Bool {
        try descend(to: key)
        if let leaf {
            slot = leaf.lowerBound(key).slot
            guard slot == leaf.count else { return stand() }
            slot -= 1
        }
        return try next()
    }

    /// Goes to the last entry whose key is before `key`; false if there is none.
    package mutating func seek(before key: Span<UInt8>) throws(IndexError) -> Bool {
        try descend(to: key)
        slot = leaf?.lowerBound(key).slot ?? 0
        guard slot > 0 else { return try previous() }
        slot -= 1
        return stand()
    }

    /// Goes to the first entry of all.
    package mutating func seekFirst() throws(IndexError) -> Bool {
        let empty: [UInt8] = []
        return try seek(atOrAfter: empty.span)
    }

    /// Goes to the last entry of all.
    package mutating func seekLast() throws(IndexError) -> Bool {
        branches.removeAll(keepingCapacity: true)
        try enter(tree.root.reference, level: tree.root.level, atEnd: true)
        return stand()
    }

    /// Goes to the next entry; false, and nowhere, after the last.
    package mutating func next() throws(IndexError) -> Bool {
        guard let leaf else { return false }
        if slot + 1 < leaf.count {
            slot &+= 1
            return step(leaf)
        }
        while let last = branches.last {
            if last.slot + 1 < last.page.count {
                branches[branches.count - 1].slot += 1
                let child = last.page.child(last.slot + 1)
                try enter(child, level: last.page.level - 1, atEnd: false)
                return stand()
            }
            branches.removeLast()
        }
        self.leaf = nil
        return false
    }

    /// Goes to the entry before; false, and nowhere, before the first.
    package mutating func previous() throws(IndexError) -> Bool {
        guard leaf != nil else { return false }
        if slot > 0 {
            slot &-= 1
            return stand()
        }
        while let last = branches.last {
            if last.slot > 0 {
                branches[branches.count - 1].slot -= 1
                let child = last.page.child(last.slot - 1)
                try enter(child, level: last.page.level - 1, atEnd: true)
                return stand()
            }
            branches.removeLast()
        }
        self.leaf = nil
        return false
    }

    /// Keys at about equal distances: those where the pages two levels below the root begin, or one level
    /// below it; none if the root is a leaf.
    func fences() throws(IndexError) -> [[UInt8]] {
        let root = try page(tree.root.reference, level: tree.root.level)
        guard !root.isLeaf else { return [] }
        guard root.level > 1 else { return root.keys }
        var fences: [[UInt8]] = []
        for slot in 0..<root.count {
            fences += try page(root.child(slot), level: root.level - 1).keys
        }
        return fences
    }

    /// Finds the leaf whose fences `key` lies between.
    private mutating func descend(to key: Span<UInt8>) throws(IndexError) {
        branches.removeAll(keepingCapacity: true)
        leaf = nil
        var page = try page(tree.root.reference, level: tree.root.level)
        while !page.isLeaf {
            let child = page.child(for: key)
            branches.append(Step(page: page, slot: child.slot))
            page = try self.page(child.reference, level: page.level - 1)
        }
        leaf = page
    }

    private func page(_ reference: PageReference, level: UInt8) throws(IndexError) -> Page {
        isInPassing
            ? try pages.pageInPassing(reference, level: level)
            : try pages.page(reference, level: level)
    }

    /// Goes down to the first or last leaf below a page and to its first or last entry.
    private mutating func enter(
        _ reference: PageReference,
        level: UInt8,
        atEnd: Bool
    ) throws(IndexError) {
        // If a page cannot be read, the cursor stands nowhere.
        leaf = nil
        var page = try page(reference, level: level)
        while !page.isLeaf {
            let slot = atEnd ? page.count - 1 : 0
            branches.append(Step(page: page, slot: slot))
            page = try self.page(page.child(slot), level: page.level - 1)
        }
        slot = atEnd ? page.count - 1 : 0
        leaf = page
    }

    /// Takes over the entry of a page that the cursor has just come to.
    private mutating func stand() -> Bool {
        guard let leaf else { return false }
        nextOffset = leaf.copy(slot, key: &key, value: &value)
        return true
    }

    /// Takes over the next entry of the same page, while ``key`` is that of the entry before.
    private mutating func step(_ leaf: Page) -> Bool {
        nextOffset = leaf.copyNext(slot, at: nextOffset, key: &key, value: &value)
        return true
    }
}
