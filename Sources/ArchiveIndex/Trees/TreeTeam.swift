internal import ArchiveFileIO
internal import Synchronization

/// Writes one tree on several threads.
///
/// The keys are cut into more ranges than there are threads, for entries of one table take longer than those
/// of another; whoever is free takes the next one. Each thread has a writer of its own, with memory for some
/// pages, and each range a page a level.
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

        init(_ range: KeyRange, _ pages: PageFile) {
            self.range = range
            builder = TreeBuilder(pages, from: range.start)
        }

        deinit { builder.wipe() }
    }

    /// What one thread writes with: touched by that thread only, and by the caller when none runs.
    private final class Worker: @unchecked Sendable {
        var writer: PageWriter
        var failure: IndexError?

        init(_ writer: consuming PageWriter) { self.writer = writer }

        func add(_ inputs: MergeInputs, to share: Share) {
            do throws(IndexError) {
                var source = try inputs.merge(share.range)
                try share.builder.add(&source, &writer)
            } catch {
                failure = error
            }
        }

        deinit { writer.wipe() }
    }

    /// Writes all entries of `inputs` behind the last page; nothing refers to the tree yet.
    ///
    /// The tree, nil if it has no entries, and the new end of the file's pages. Before it fewer than 16 pages a
    /// thread may be free.
    func build(
        _ inputs: MergeInputs,
        transaction: UInt64,
        behind pageEnd: UInt64
    ) throws(IndexError) -> (tree: Tree?, pageEnd: UInt64) {
        let threadCount = max(1, min(threadCount, inputs.entryCount / entryCountPerThread))
        let rangeCount = threadCount == 1 ? 1 : Self.rangesPerThread * threadCount
        let shares = try inputs.ranges(rangeCount, pages.stemByteCount).map { Share($0, pages) }
        let stock = PageStock(end: pageEnd)
        let workers = (0..<min(threadCount, shares.count)).map { _ in
            let allocator = PageAllocator(end: pageEnd, stock)
            return Worker(PageWriter(pages, transaction: transaction, allocator: allocator))
        }
        let next = Atomic(0)
        WorkerTeam.perform(workers.count) { number in
            let worker = workers[number]
            while worker.failure == nil {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < shares.count else { return }
                worker.add(inputs, to: shares[index])
            }
            // What one cannot write, nobody need.
            next.store(shares.count, ordering: .relaxed)
        }
        for worker in workers {
            if let failure = worker.failure { throw failure }
        }
        let first = workers[0]
        for worker in workers.dropFirst() { try first.writer.append(&worker.writer) }
        let tree = try join(shares, &first.writer)
        return (tree, first.writer.allocator.endOfUsed)
    }

    private func join(
        _ shares: [Share],
        _ writer: inout PageWriter
    ) throws(IndexError) -> Tree? {
        for next in shares.dropFirst() {
            try shares[0].builder.append(&next.builder, &writer)
        }
        return try shares[0].builder.finish(&writer)
    }
}
