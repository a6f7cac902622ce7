import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Synchronization

/// A pack as it was sealed: proved and decrypted, still compressed.
struct SealedPack: Sendable {
    var content: [UInt8]
    let compression: FrameOpener.Compression
    /// Whose records these are, for those that are decoded from it to share; nil if nobody's, or not
    /// known yet.
    var subject: String?

    /// What it takes in memory, with its place in the cache.
    var footprint: Int { Self.footprint(content.count) }

    static func footprint(_ byteCount: Int) -> Int { byteCount + 224 }
}

/// Packs that were decrypted, those that were not used for long forgotten first, and wiped.
///
/// They are kept compressed: to decompress one takes less time than to read, prove and decrypt it,
/// and six to ten times as many have room. Bounded in bytes: two thirds of what the pages of the index
/// leave of the memory for both, which is a quarter at least, for a page tells where hundreds of
/// records are. The rest is the allocator's: packs differ in length, and several threads allocate and
/// free them. A hand goes round the packs: one that was used since it last came by is passed over
/// once, so that neither a hit nor a miss costs more with more packs.
///
/// Once there is no room, a pack comes in when it is missed for the second time while its mark is there:
/// what is read once drives out nothing.
final class PackCache: Sendable {
    private struct Place: Hashable {
        let segment: SegmentNumber
        let frameOffset: UInt64

        init(_ place: RecordPlace) {
            segment = place.segment
            frameOffset = place.frameOffset
        }

        /// Bits of both numbers, in no order.
        var scattered: UInt64 {
            let mixed = (frameOffset ^ UInt64(segment.value) << 40) &* 0x9E37_79B9_7F4A_7C15
            return mixed ^ mixed >> 29
        }
    }

    /// Which packs were missed of late: a mark of each, where no other was missed since.
    private struct Misses {
        private var marks: [UInt32] = []
        /// A power of two: about as many as packs have room.
        let count: Int

        init(byteLimit: Int) {
            count = 1 << (Int.bitWidth - (byteLimit >> 11).leadingZeroBitCount)
        }

        /// Marks that a pack was missed; tells whether it already was.
        mutating func mark(_ place: Place) -> Bool {
            if marks.isEmpty { marks = Array(repeating: 0, count: count) }
            let bits = place.scattered
            let position = Int(truncatingIfNeeded: bits) & (count - 1)
            let mark = UInt32(truncatingIfNeeded: bits >> 32) | 1
            defer { marks[position] = mark }
            return marks[position] == mark
        }
    }

    private struct Item {
        let place: Place
        var pack: SealedPack
        var isUsed = false
    }

    private struct State {
        var positions: [Place: Int] = [:]
        /// What the hand goes round; nil where nothing is.
        var items: [Item?] = []
        var freePositions: [Int] = []
        var hand = 0
        var byteCount = 0
        var misses: Misses

        /// Puts a pack where the hand has just been, so that the hand comes back to it last.
        mutating func insert(_ pack: SealedPack, at place: Place) {
            let position = freePositions.popLast() ?? items.count
            if position == items.count { items.append(nil) }
            items[position] = Item(place: place, pack: pack)
            positions[place] = position
            byteCount += pack.footprint
        }

        /// Gives up packs until the others take no more than `limit`.
        mutating func evict(downTo limit: Int) -> [Item] {
            var evicted: [Item] = []
            while byteCount > limit, let item = evict() { evicted.append(item) }
            return evicted
        }

        /// Gives up the first pack from the hand on that was not used since the hand was there.
        private mutating func evict() -> Item? {
            while !positions.isEmpty {
                if hand >= items.count { hand = 0 }
                defer { hand += 1 }
                if items[hand]?.isUsed == true {
                    items[hand]?.isUsed = false
                } else if let victim = items[hand].take() {
                    positions[victim.place] = nil
                    freePositions.append(hand)
                    byteCount -= victim.pack.footprint
                    return victim
                }
            }
            return nil
        }
    }

    private let state: Mutex<State>
    private let byteLimit: Int
    private let pages: CacheMeter?

    init(byteLimit: Int, sharedWith pages: CacheMeter? = nil) {
        self.byteLimit = byteLimit
        self.pages = pages
        state = Mutex(State(misses: Misses(byteLimit: byteLimit)))
    }

    deinit {
        let items = state.withLock { state in
            defer { state.items = [] }
            return state.items.compactMap(\.self)
        }
        Self.wipe(items)
    }

    private var limit: Int { max(byteLimit / 4, byteLimit - (pages?.byteCount ?? 0)) / 3 * 2 }

    /// What the packs take in memory.
    var byteCount: Int { state.withLock { $0.byteCount } }

    subscript(place: RecordPlace) -> SealedPack? {
        state.withLock { state in
            guard let position = state.positions[Place(place)] else { return nil }
            state.items[position]?.isUsed = true
            return state.items[position]?.pack
        }
    }

    /// Takes in the pack at a place, which was missed, if it has room or was missed before.
    func offer(
        _ content: borrowing [UInt8],
        _ compression: FrameOpener.Compression,
        at place: RecordPlace
    ) {
        let place = Place(place)
        let footprint = SealedPack.footprint(content.count)
        let limit = limit
        guard footprint <= limit / 8 else { return }
        let (isWanted, superfluous) = state.withLock { state in
            // The pages of the index may have come to take more.
            let superfluous = state.evict(downTo: limit)
            return (state.byteCount + footprint <= limit || state.misses.mark(place), superfluous)
        }
        Self.wipe(superfluous)
        guard isWanted else { return }
        // A copy of exactly its length: the array that it stands in has room for more.
        var pack: SealedPack? = SealedPack(
            content: [UInt8](copying: content.span),
            compression: compression
        )
        // What leaves is wiped when the lock has been given back.
        let evicted = state.withLock { state in
            // Another thread may have missed it as well.
            guard state.positions[place] == nil, let new = pack.take() else { return [Item]() }
            defer { state.insert(new, at: place) }
            return state.evict(downTo: limit - footprint)
        }
        Self.wipe(evicted)
        pack?.content.wipe()
    }

    /// Notes whose records the pack at a place holds.
    func note(_ subject: String, at place: RecordPlace) {
        state.withLock { state in
            guard let position = state.positions[Place(place)] else { return }
            state.items[position]?.pack.subject = subject
        }
    }

    private static func wipe(_ items: consuming [Item]) {
        for index in items.indices { items[index].pack.content.wipe() }
    }
}
