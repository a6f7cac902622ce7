internal import ArchiveFileIO

/// Walks the branches of one version of the tree.
struct TreeWalk {
    private let pages: PageFile
    private let meta: IndexMeta

    init(_ pages: PageFile, _ meta: IndexMeta) {
        self.pages = pages
        self.meta = meta
    }

    /// Which page numbers the tree uses.
    ///
    /// Leaves are not read: their numbers stand in the branches.
    func usedPages() throws(IndexError) -> [Bool] {
        var used = [Bool](repeating: false, count: Int(meta.pageEnd))
        if let root = meta.root { try mark(root.reference, level: root.level, in: &used) }
        return used
    }

    private func mark(
        _ reference: PageReference,
        level: UInt8,
        in used: inout [Bool]
    ) throws(IndexError) {
        guard reference.number < meta.pageEnd else {
            throw .corrupt(pages.file.path, page: reference.number, finding: .outsideFile)
        }
        guard !used[Int(reference.number)] else {
            throw .corrupt(pages.file.path, page: reference.number, finding: .sharedByParents)
        }
        used[Int(reference.number)] = true
        guard level > 0 else { return }
        let page = try pages.page(reference, level: level)
        for slot in 0..<page.count { try mark(page.child(slot), level: level - 1, in: &used) }
    }
}
