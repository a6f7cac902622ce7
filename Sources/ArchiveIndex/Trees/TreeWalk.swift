internal import ArchiveFileIO

/// Walks the branches of the trees of one version and of their filters.
///
/// Leaves and what is like them are not read: their numbers stand in the branches.
struct TreeWalk {
    private let pages: PageFile
    private let meta: IndexMeta

    init(_ pages: PageFile, _ meta: IndexMeta) {
        self.pages = pages
        self.meta = meta
    }

    /// Which page numbers the trees use.
    func usedPages() throws(IndexError) -> [Bool] {
        var used = [Bool](repeating: false, count: Int(meta.pageEnd))
        for tree in meta.trees {
            try visit(tree) { reference throws(IndexError) in
                guard !used[Int(reference.number)] else {
                    throw .corrupt(
                        pages.file.path,
                        page: reference.number,
                        finding: .sharedByParents
                    )
                }
                used[Int(reference.number)] = true
            }
        }
        return used
    }

    /// The pages of one tree.
    func pages(of tree: Tree) throws(IndexError) -> [PageReference] {
        var found: [PageReference] = []
        try visit(tree) { reference in found.append(reference) }
        return found
    }

    private func visit(
        _ tree: Tree,
        _ take: (PageReference) throws(IndexError) -> Void
    ) throws(IndexError) {
        try visit(tree.root.reference, level: tree.root.level, take)
        if let filter = tree.filter { try visit(filter.reference, level: filter.level, take) }
    }

    private func visit(
        _ reference: PageReference,
        level: UInt8,
        _ take: (PageReference) throws(IndexError) -> Void
    ) throws(IndexError) {
        guard reference.number < meta.pageEnd else {
            throw .corrupt(pages.file.path, page: reference.number, finding: .outsideFile)
        }
        try take(reference)
        guard !PageLevel.isLowest(level) else { return }
        let page = try pages.page(reference, level: level)
        for slot in 0..<page.count { try visit(page.child(slot), level: level - 1, take) }
    }
}
