internal import Synchronization

/// Opened pages within a budget of bytes, shared by all readers.
///
/// Pages lie in small sets found by their number, each set under the lock of its shard. A page that
/// comes in finds the first of its set that nobody asked for since the hand last passed, so pages
/// that one scan touches once leave before those that point reads come back to. What leaves is
/// wiped as soon as no reader holds it.
final class PageCache: Sendable {
    private static let wayCount = 8
    private static let shardLimit = 16

    private let shards: [Shard]
    private let setsPerShard: Int
    private let waysPerSet: Int

    /// Holds as many pages as the budget allows; none if it is smaller than one page.
    init(byteLimit: Int, pageByteCount: Int) {
        let pageLimit = max(0, byteLimit / pageByteCount)
        waysPerSet = min(Self.wayCount, pageLimit)
        let sets = waysPerSet == 0 ? 0 : pageLimit / waysPerSet
        let shardCount = min(Self.shardLimit, sets)
        setsPerShard = shardCount == 0 ? 0 : sets / shardCount
        let slotCount = setsPerShard * waysPerSet
        let ways = waysPerSet
        shards = (0..<shardCount).map { _ in Shard(slotCount: slotCount, wayCount: ways) }
    }

    /// The most pages it can hold.
    var pageLimit: Int { shards.count * setsPerShard * waysPerSet }

    /// The pages it holds now.
    var pageCount: Int { shards.reduce(0) { $0 + $1.pageCount } }

    /// The page of exactly this version, if it is here.
    func page(_ reference: PageReference) -> Page? {
        guard let place = place(of: reference.number) else { return nil }
        return shards[place.shard].page(reference, firstSlot: place.firstSlot)
    }

    /// Takes a page in.
    ///
    /// `isHot` spares it as if it had been asked for already.
    func insert(_ page: Page, isHot: Bool) {
        guard let place = place(of: page.reference.number) else { return }
        shards[place.shard].insert(page, firstSlot: place.firstSlot, isHot: isHot)
    }

    /// Lets go of a page that the current tree no longer has; true if it was here.
    func remove(_ reference: PageReference) -> Bool {
        guard let place = place(of: reference.number) else { return false }
        return shards[place.shard].remove(reference, firstSlot: place.firstSlot)
    }

    /// Lets go of everything.
    func removeAll() {
        for shard in shards { shard.removeAll() }
    }

    private func place(of number: UInt64) -> (shard: Int, firstSlot: Int)? {
        guard !shards.isEmpty else { return nil }
        // Neighbours in the file are often read together; the multiplication parts them.
        let hash = Int(truncatingIfNeeded: (number &* 0x9e37_79b9_7f4a_7c15) >> 33)
        let set = hash % (shards.count * setsPerShard)
        return (set / setsPerShard, set % setsPerShard * waysPerSet)
    }
}

extension PageCache {
    /// Some of the sets, under one lock.
    private final class Shard: Sendable {
        private struct State {
            var numbers: [UInt64]
            var pages: [Page?]
            var wasUsed: [Bool]
            /// Where in its set the hand stands, one for each set.
            var hands: [UInt8]
            var pageCount = 0
        }

        private let wayCount: Int
        private let state: Mutex<State>

        init(slotCount: Int, wayCount: Int) {
            self.wayCount = wayCount
            state = Mutex(
                State(
                    numbers: Array(repeating: 0, count: slotCount),
                    pages: Array(repeating: nil, count: slotCount),
                    wasUsed: Array(repeating: false, count: slotCount),
                    hands: Array(repeating: 0, count: slotCount / wayCount)
                )
            )
        }

        var pageCount: Int { state.withLock { $0.pageCount } }

        func page(_ reference: PageReference, firstSlot: Int) -> Page? {
            state.withLock { state in
                guard let slot = slot(of: reference.number, firstSlot, state),
                    let page = state.pages[slot], page.reference == reference
                else { return nil }
                state.wasUsed[slot] = true
                return page
            }
        }

        func insert(_ page: Page, firstSlot: Int, isHot: Bool) {
            // What is pushed out is wiped after the lock is given back.
            var evicted: Page?
            state.withLock { state in
                let slot =
                    slot(of: page.reference.number, firstSlot, state)
                    ?? free(firstSlot, state) ?? victim(firstSlot, &state)
                if state.pages[slot] == nil { state.pageCount += 1 }
                evicted = state.pages[slot]
                state.pages[slot] = page
                state.numbers[slot] = page.reference.number
                state.wasUsed[slot] = isHot
            }
            _ = consume evicted
        }

        func remove(_ reference: PageReference, firstSlot: Int) -> Bool {
            var removed: Page?
            state.withLock { state in
                guard let slot = slot(of: reference.number, firstSlot, state),
                    state.pages[slot]?.reference == reference
                else { return }
                removed = state.pages[slot].take()
                state.numbers[slot] = 0
                state.pageCount -= 1
            }
            return removed != nil
        }

        func removeAll() {
            var removed: [Page?] = []
            state.withLock { state in
                removed = state.pages
                for slot in state.pages.indices {
                    state.pages[slot] = nil
                    state.numbers[slot] = 0
                }
                state.pageCount = 0
            }
            _ = consume removed
        }

        private func slot(of number: UInt64, _ firstSlot: Int, _ state: borrowing State) -> Int? {
            for slot in firstSlot..<(firstSlot &+ wayCount) where state.numbers[slot] == number {
                return slot
            }
            return nil
        }

        /// Page number 0 is no page, so an empty place has it.
        private func free(_ firstSlot: Int, _ state: borrowing State) -> Int? {
            slot(of: 0, firstSlot, state)
        }

        private func victim(_ firstSlot: Int, _ state: inout State) -> Int {
            let set = firstSlot / wayCount
            var hand = Int(state.hands[set])
            // The second round finds what the first has marked as unused.
            for _ in 0...wayCount {
                let slot = firstSlot + hand
                hand = (hand + 1) % wayCount
                if !state.wasUsed[slot] {
                    state.hands[set] = UInt8(hand)
                    return slot
                }
                state.wasUsed[slot] = false
            }
            return firstSlot + hand
        }
    }
}
