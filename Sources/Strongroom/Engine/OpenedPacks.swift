import ArchiveFormat
import Synchronization

/// Packs that were opened one after the other for the records of some runs, and why there are no
/// more.
struct OpenedPacks: Sendable {
    private(set) var packs: [Pack] = []
    private let all: ArraySlice<PlaceRun>
    private var end: Int
    var failure: ArchiveError?

    init(_ runs: ArraySlice<PlaceRun>) {
        all = runs
        end = runs.startIndex
    }

    /// Where the records are whose packs these are, in the order of the packs.
    var runs: ArraySlice<PlaceRun> { all[..<end] }
    /// What has not been opened yet.
    var rest: ArraySlice<PlaceRun> { all[end...] }
    /// Where the next pack stands.
    var next: RecordPlace? { end < all.endIndex ? all[end].first : nil }

    /// Takes in the pack that stands at the next place, with the runs behind it that are in it.
    mutating func append(_ pack: consuming Pack) {
        guard let first = next else { return }
        packs.append(pack)
        while end < all.endIndex, all[end].first.isInPack(of: first) { end += 1 }
    }
}

/// Packs whose records were visited: their memory serves those that come.
final class SparePacks: Sendable {
    private let packs = Mutex<[Pack]>([])
    /// The memory of a larger pack is not kept.
    private static let keptByteCount = 64 << 10

    /// As many as there are, up to `count`: threads would wait for each other for one at a time.
    func take(_ count: Int) -> [Pack] {
        packs.withLock { packs in
            var taken: [Pack] = []
            let count = min(count, packs.count)
            taken.reserveCapacity(count)
            for _ in 0..<count { taken.append(packs.removeLast()) }
            return taken
        }
    }

    func give(back visited: [Pack]) {
        guard !visited.isEmpty else { return }
        packs.withLock { packs in
            for pack in visited where pack.bytes.count <= Self.keptByteCount { packs.append(pack) }
        }
    }
}
