internal import ArchiveFileIO
internal import Synchronization

/// Writes one tree on several threads.
///
/// The keys are cut into more ranges than there are threads, for entries of one table take longer than those
/// of another; whoever is free takes the next one.
struct TreeTeam {
    private static let rangesPerThread = 8

    private let pages: PageFile
    private let threadCount: Int
    private let entryCountPerThread: Int

    init(_ pages: PageFile, _ options: IndexOptions) {
        self.pages = pages
        threadCount = options.threadCount
        entryCountPerThread = options.entryCountPerThread
    }

    /// One range of the tree: touched only by the thread that took it, and by the caller when none runs.
    private final class Share: @unchecked Sendable {
        let range: KeyRange
        var builder: TreeBuilder
        var failure: IndexError?

        init(_ range: KeyRange, _ writer: consuming PageWriter) {
            self.range = range
            builder = TreeBuilder(writer, from: range.start)
        }

        func add(_ inputs: MergeInputs) {
            do throws(IndexError) {
                var source = try inputs.merge(range)
                try builder.add(&source)
            } catch {
                failure = error
            }
        }

        deinit { builder.wipe() }
    }

    /// Writes all entries of `inputs` behind the last page; nothing refers to the tree yet.
    ///
    /// The tree, nil if it has no entries, and the new end of the file's pages. Between them a few may be
    /// free.
    func build(
        _ inputs: MergeInputs,
        transaction: UInt64,
        behind pageEnd: UInt64
    ) throws(IndexError) -> (tree: Tree?, pageEnd: UInt64) {
        let threadCount = max(1, min(threadCount, inputs.entryCount / entryCountPerThread))
        let rangeCount = threadCount == 1 ? 1 : Self.rangesPerThread * threadCount
        let stock = PageStock(end: pageEnd)
        let shares = try inputs.ranges(rangeCount, pages.stemByteCount).map { range in
            let allocator = PageAllocator(end: pageEnd, stock)
            return Share(range, PageWriter(pages, transaction: transaction, allocator: allocator))
        }
        let next = Atomic(0)
        WorkerTeam.perform(min(threadCount, shares.count)) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < shares.count else { return }
                shares[index].add(inputs)
            }
        }
        for share in shares {
            if let failure = share.failure { throw failure }
        }
        let first = shares[0]
        for next in shares.dropFirst() { try first.builder.append(&next.builder) }
        let tree = try first.builder.finish()
        return (tree, first.builder.writer.allocator.endOfUsed)
    }
}
