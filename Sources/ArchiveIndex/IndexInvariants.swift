internal import ArchiveBytes
internal import ArchiveFileIO

/// Hears of an entry.
package typealias EntryVisitor = (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Void

/// What is true of every version of the index, checked page by page from the file and past the cache.
///
/// - each page authenticates as the version that its parent names, and no two parents name it;
/// - keys ascend strictly, none is below the page's fence, none reaches the next page's;
/// - the first separator of a branch is its fence, and the empty one leads each level;
/// - levels fall by one, and all leaves lie on level 0, all pages of filters on level 16;
/// - every other page has an entry;
/// - the leaves of a tree have as many entries as the meta counts, and its filter knows all their stems;
/// - a page that no parent names is all zeros or some version of itself, the gap before the first
///   page is zeros, and each meta slot is empty or holds a meta of this index.
struct IndexInvariants {
    private let pages: PageFile
    private let meta: IndexMeta
    private var used: [Bool]
    private var report = IndexReport()
    /// The filter of the tree that is being checked, as far as it can be read.
    private var filter: FilterWalk?
    /// Where keys of a page are put together, one after the other.
    private var keyRoom = [UInt8](repeating: 0, count: IndexLimits.keyByteCount)
    /// Hears of each entry of a leaf, in the order of its tree; of a damaged leaf perhaps of some.
    private let visit: EntryVisitor?

    init(_ pages: PageFile, _ meta: IndexMeta, visit: EntryVisitor? = nil) {
        self.pages = pages
        self.meta = meta
        self.visit = visit
        used = Array(repeating: false, count: Int(meta.pageEnd))
    }

    /// Checks everything and goes on behind each damage as far as possible.
    consuming func check(_ slots: MetaSlots) throws(IndexError) -> IndexReport {
        for slot in slots.damaged { report.damages.append(.metaSlot(slot)) }
        try checkGap()
        for tree in meta.trees { try check(tree) }
        for number in try freePages() {
            report.freePageCount += 1
            try checkAlone(number)
        }
        return report
    }

    /// The pages that the tree does not use and that hold neither zeros nor a version of themselves.
    consuming func damagedFreePages() throws(IndexError) -> [UInt64] {
        used = try TreeWalk(pages, meta).usedPages()
        for number in try freePages() {
            try checkAlone(number)
        }
        return report.damages.compactMap {
            if case .page(let number, _) = $0 { number } else { nil }
        }
    }

    // MARK: Pages

    private mutating func check(_ tree: Tree) throws(IndexError) {
        let before = report
        report.treeCount += 1
        report.levelCount = max(report.levelCount, Int(tree.root.level) + 1)
        filter = tree.filter == nil ? nil : FilterWalk(pages)
        for root in [tree.filter, tree.root].compactMap(\.self) {
            try check(root.reference, level: root.level, fence: [], upper: nil)
            // A part of the filter that is missing says nothing about the tree.
            if report.damages.count != before.damages.count { filter = nil }
        }
        // Where a page is missing, its entries are.
        let found = report.entryCount - before.entryCount
        if report.damages.count == before.damages.count, found != tree.entryCount {
            report.damages.append(.entryCount(recorded: tree.entryCount, found: found))
        }
    }

    private mutating func check(
        _ reference: PageReference,
        level: UInt8,
        fence: [UInt8],
        upper: [UInt8]?
    ) throws(IndexError) {
        guard reference.number >= pages.geometry.firstPage, reference.number < meta.pageEnd else {
            report.damages.append(.page(reference.number, .outsideFile))
            return
        }
        guard !used[Int(reference.number)] else {
            report.damages.append(.page(reference.number, .sharedByParents))
            return
        }
        used[Int(reference.number)] = true
        report.usedPageCount += 1
        let page: Page
        do throws(IndexError) {
            page = try pages.read(reference, level: level)
        } catch .corrupt(_, _, let finding) {
            report.damages.append(.page(reference.number, finding))
            return
        }
        guard level != PageLevel.filter else {
            report.filterPageCount += 1
            filter?.append(reference, fence: fence)
            return
        }
        if let finding = try finding(page, fence: fence, upper: upper) {
            report.damages.append(.page(reference.number, finding))
            return
        }
        guard !page.isLeaf else {
            report.leafCount += 1
            report.leafByteCount += page.usedByteCount
            report.entryCount += UInt64(page.count)
            return
        }
        let keys = page.keys
        for (slot, childFence) in keys.enumerated() {
            let isLast = slot + 1 == page.count
            let next = isLast ? upper : keys[slot + 1]
            try check(
                page.child(slot),
                level: level - 1,
                fence: childFence,
                upper: next
            )
        }
    }

    /// What is wrong with the keys of a page, both fences included.
    private mutating func finding(
        _ page: Page,
        fence: [UInt8],
        upper: [UInt8]?
    ) throws(IndexError) -> PageFinding? {
        guard page.count > 0 else { return .malformed }
        // Local while it is lent.
        var room: [UInt8] = []
        swap(&room, &keyRoom)
        defer { swap(&room, &keyRoom) }
        var isFirst = true
        var finding: PageFinding?
        var isBelowUpper = true
        try page.forEachEntry(&room) { isAbove, key, value throws(IndexError) in
            if isFirst {
                finding = findingOfFirst(key, of: page, fence: fence.span)
                isFirst = false
            } else if !isAbove {
                finding = .disorder
            }
            guard finding == nil else { return false }
            if page.isLeaf { try meet(key, value) }
            if let upper { isBelowUpper = KeyOrder.compare(key, upper.span) < 0 }
            return true
        }
        return finding ?? (isBelowUpper ? nil : .outsideFences)
    }

    /// What is wrong with the first key of a page.
    private func findingOfFirst(
        _ key: Span<UInt8>,
        of page: Page,
        fence: Span<UInt8>
    ) -> PageFinding? {
        guard page.isLeaf else { return key.isEqual(to: fence) ? nil : .outsideFences }
        guard !key.isEmpty else { return .malformed }
        return KeyOrder.compare(key, fence) >= 0 ? nil : .outsideFences
    }

    /// Tells of an entry of a leaf, and asks the filter for it.
    private mutating func meet(_ key: Span<UInt8>, _ value: Span<UInt8>) throws(IndexError) {
        visit?(key, value)
        do throws(IndexError) {
            guard let lacking = try filter?.pageLacking(key) else { return }
            report.damages.append(.page(lacking.number, .forgetful))
        } catch .corrupt(_, let number, let finding) {
            report.damages.append(.page(number, finding))
        }
        // Once is enough: it may lack all.
        filter = nil
    }

    // MARK: The rest of the file

    private mutating func checkGap() throws(IndexError) {
        let start = UInt64(PageGeometry.metaByteCount)
        let end = pages.geometry.offset(of: pages.geometry.firstPage)
        guard start < end else { return }
        do throws(SystemError) {
            let bytes = try pages.file.read(at: start, byteCount: Int(end - start))
            if bytes.contains(where: { $0 != 0 }) { report.damages.append(.gap) }
        } catch {
            throw .system(error)
        }
    }

    private func freePages() throws(IndexError) -> [UInt64] {
        let byteCount: UInt64
        do throws(SystemError) { byteCount = try pages.file.byteCount() } catch {
            throw .system(error)
        }
        let end = pages.geometry.pageEnd(forByteCount: byteCount)
        return (pages.geometry.firstPage..<end).filter { $0 >= meta.pageEnd || !used[Int($0)] }
    }

    private mutating func checkAlone(_ number: UInt64) throws(IndexError) {
        do throws(IndexError) {
            try pages.checkAlone(number)
        } catch .corrupt(_, _, let finding) {
            report.damages.append(.page(number, finding))
        }
    }
}
