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
    var footprint: Int { content.count + 224 }
}

/// Packs that were decrypted, those that were not used for long forgotten first, and wiped.
///
/// They are kept compressed: to decompress one takes less time than to read, prove and decrypt it,
/// and six to ten times as many have room. Bounded in bytes: two thirds of what the pages of the index
/// leave of the memory for both, which is a quarter at least, for a page tells where hundreds of
/// records are. The rest is the allocator's: packs differ in length, and several threads allocate and
/// free them. A hand goes round the packs: one that was used since it last came by is passed over
/// once, so that neither a hit nor a miss costs more with more packs.
final class PackCache: Sendable {
    private struct Place: Hashable {
        let segment: SegmentNumber
        let frameOffset: UInt64

        init(_ place: RecordPlace) {
            segment = place.segment
            frameOffset = place.frameOffset
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

        /// Puts a pack where the hand has just been, so that the hand comes back to it last.
        mutating func insert(_ pack: SealedPack, at place: Place) {
            let position = freePositions.popLast() ?? items.count
            if position == items.count { items.append(nil) }
            items[position] = Item(place: place, pack: pack)
            positions[place] = position
            byteCount += pack.footprint
        }

        /// Gives up the first pack from the hand on that was not used since the hand was there.
        mutating func evict() -> Item? {
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

    private let state = Mutex(State())
    private let byteLimit: Int
    private let pages: CacheMeter?

    init(byteLimit: Int, sharedWith pages: CacheMeter? = nil) {
        self.byteLimit = byteLimit
        self.pages = pages
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
        get {
            state.withLock { state in
                guard let position = state.positions[Place(place)] else { return nil }
                state.items[position]?.isUsed = true
                return state.items[position]?.pack
            }
        }
        set {
            let limit = limit
            guard let pack = newValue, pack.footprint <= limit / 8 else { return }
            let place = Place(place)
            // What leaves is wiped when the lock has been given back.
            let evicted: [Item] = state.withLock { state in
                var evicted: [Item] = []
                guard state.positions[place] == nil else { return evicted }
                while state.byteCount + pack.footprint > limit, let item = state.evict() {
                    evicted.append(item)
                }
                state.insert(pack, at: place)
                return evicted
            }
            Self.wipe(evicted)
        }
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
