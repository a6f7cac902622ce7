/// Which page numbers a checkpoint may write to.
///
/// There is no list of free pages on disk, because it would be one more structure that can be wrong:
/// a page listed as free by mistake is overwritten while the tree still needs it. The tree itself
/// says which pages it uses, and the numbers of all leaves stand in the branches, so the writer
/// walks the branches once before its first checkpoint; an index of 1 GB has a few hundred.
struct PageAllocator {
    /// The number after the last page in use.
    private(set) var end: UInt64
    /// Free for everybody, the lowest last: low numbers first keep the file short and the pages of
    /// one checkpoint side by side.
    private var reusable: [UInt64] = []
    /// Replaced by a transaction, but perhaps still read by those that began before it.
    private var waiting: [Retired] = []
    /// Where the pages behind the end come from, if others take some at the same time.
    private let stock: PageStock?

    private struct Retired {
        let transaction: UInt64
        let pages: [UInt64]
    }

    init(end: UInt64, _ stock: PageStock? = nil) {
        self.end = end
        self.stock = stock
    }

    var freeCount: Int { reusable.count + waiting.reduce(0) { $0 + $1.pages.count } }

    /// Takes the lowest page that nobody reads, or one at the end.
    mutating func allocate() -> UInt64 {
        if let page = reusable.popLast() { return page }
        if let stock {
            let row = stock.take()
            end = row.upperBound
            reusable = row.dropFirst().reversed()
            return row.lowerBound
        }
        defer { end += 1 }
        return end
    }

    /// Notes pages that the tree of `transaction` no longer has.
    mutating func retire(_ pages: [UInt64], by transaction: UInt64) {
        if !pages.isEmpty { waiting.append(Retired(transaction: transaction, pages: pages)) }
    }

    /// Frees what no reader can reach whose transaction is `oldestReader` or later.
    mutating func release(oldestReader: UInt64) {
        guard waiting.contains(where: { $0.transaction <= oldestReader }) else { return }
        for retired in waiting where retired.transaction <= oldestReader {
            reusable.append(contentsOf: retired.pages)
        }
        waiting.removeAll { $0.transaction <= oldestReader }
        reusable.sort(by: >)
    }

    /// Takes over what another one, of the same stock, has left.
    mutating func append(_ other: PageAllocator) {
        end = max(end, other.end)
        reusable.append(contentsOf: other.reusable)
        reusable.sort(by: >)
    }

    /// The number after the last page that was allocated: those behind it are as good as not there.
    var endOfUsed: UInt64 {
        var end = end
        for page in reusable {
            guard page + 1 == end else { break }
            end = page
        }
        return end
    }
}
