import ArchiveFormat
import Synchronization

/// Opened packs, those that were not used for long forgotten first.
///
/// Bounded in bytes. A hand goes round the packs: one that was used since it last came by is passed
/// over once, so that neither a hit nor a miss costs more with more packs.
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
        let pack: Pack
        var isUsed = false
    }

    private struct State {
        var positions: [Place: Int] = [:]
        var items: [Item] = []
        var hand = 0
        var byteCount = 0

        /// Forgets the first pack from the hand on that was not used since the hand was there.
        mutating func evict() {
            while true {
                if hand >= items.count { hand = 0 }
                guard items[hand].isUsed else { break }
                items[hand].isUsed = false
                hand += 1
            }
            let last = items.removeLast()
            var victim = last
            if hand < items.count {
                swap(&items[hand], &victim)
                positions[last.place] = hand
            }
            positions[victim.place] = nil
            byteCount -= victim.pack.footprint
        }
    }

    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// What the packs take in memory.
    var byteCount: Int { state.withLock { $0.byteCount } }

    subscript(place: RecordPlace) -> Pack? {
        get {
            state.withLock { state in
                guard let position = state.positions[Place(place)] else { return nil }
                state.items[position].isUsed = true
                return state.items[position].pack
            }
        }
        set {
            guard let pack = newValue, pack.footprint <= byteLimit / 8 else { return }
            let place = Place(place)
            state.withLock { state in
                guard state.positions[place] == nil else { return }
                while !state.items.isEmpty, state.byteCount + pack.footprint > byteLimit {
                    state.evict()
                }
                state.positions[place] = state.items.count
                state.items.append(Item(place: place, pack: pack))
                state.byteCount += pack.footprint
            }
        }
    }
}

extension Pack {
    /// What a pack takes in memory, with its place in the cache.
    fileprivate var footprint: Int { bytes.count + 32 * slots.count + 160 }
}
