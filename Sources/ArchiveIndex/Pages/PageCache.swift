internal import Synchronization

/// Opened pages within a budget of bytes, shared by all readers.
///
/// A page that comes in takes the place of the first that nobody asked for since the hand last
/// passed (CLOCK), so pages that a scan touches once leave before those that point reads come back
/// to. What leaves is wiped as soon as no reader holds it. The pages are spread over shards, each
/// with a lock of its own; few shards, because a small one cannot tell hot pages from cold.
final class PageCache: Sendable {
    private static let shardLimit = 16
    private static let pagesPerShard = 1_024

    private let shards: [Shard]
    private let pageByteCount: Int
    private let meter: CacheMeter?
    /// The most pages it can hold.
    let pageLimit: Int

    /// Holds as many pages as the budget allows; none if it is smaller than one page.
    init(byteLimit: Int, pageByteCount: Int, meter: CacheMeter? = nil) {
        self.pageByteCount = pageByteCount
        self.meter = meter
        let pages = max(0, byteLimit / pageByteCount)
        let count = min(Self.shardLimit, (pages + Self.pagesPerShard - 1) / Self.pagesPerShard)
        let perShard = count == 0 ? 0 : pages / count
        shards = (0..<count).map { _ in Shard(pageLimit: perShard) }
        pageLimit = count * perShard
    }

    deinit { meter?.add(-pageCount * pageByteCount) }

    /// The pages it holds now.
    var pageCount: Int { shards.reduce(0) { $0 + $1.pageCount } }

    /// The page of exactly this version, if it is here.
    func page(_ reference: PageReference) -> Page? {
        shard(of: reference.number)?.page(reference)
    }

    /// Takes a page in.
    ///
    /// `isHot` spares it as if it had been asked for already.
    func insert(_ page: Page, isHot: Bool) {
        guard let shard = shard(of: page.reference.number) else { return }
        let growth = shard.insert(page, isHot: isHot)
        meter?.add(growth * pageByteCount)
    }

    /// Lets go of a page that the current tree no longer has; true if it was here.
    func remove(_ reference: PageReference) -> Bool {
        guard shard(of: reference.number)?.remove(reference) == true else { return false }
        meter?.add(-pageByteCount)
        return true
    }

    /// Lets go of everything.
    func removeAll() {
        for shard in shards {
            let count = shard.removeAll()
            meter?.add(-count * pageByteCount)
        }
    }

    private func shard(of number: UInt64) -> Shard? {
        shards.isEmpty ? nil : shards[Int(number % UInt64(shards.count))]
    }
}

extension PageCache {
    /// Some of the pages, under one lock.
    private final class Shard: Sendable {
        private let state: Mutex<PageTable>

        init(pageLimit: Int) { state = Mutex(PageTable(pageLimit: pageLimit)) }

        var pageCount: Int { state.withLock { $0.count } }

        func page(_ reference: PageReference) -> Page? {
            state.withLock { $0.page(reference) }
        }

        // What leaves is returned out of the lock, so that it is wiped after the lock is given back.

        /// Answers by how many pages the shard has grown.
        func insert(_ page: Page, isHot: Bool) -> Int {
            let (evicted, growth) = state.withLock { state in
                let count = state.count
                return (state.insert(page, isHot: isHot), state.count - count)
            }
            _ = consume evicted
            return growth
        }

        func remove(_ reference: PageReference) -> Bool {
            state.withLock { $0.remove(reference) } != nil
        }

        /// Answers how many pages it had.
        func removeAll() -> Int {
            let (evicted, count) = state.withLock { state in
                let count = state.count
                return (state.removeAll(), count)
            }
            _ = consume evicted
            return count
        }
    }
}
