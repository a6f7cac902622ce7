import ArchiveFormat
import Synchronization

/// Packs that were opened one after the other for the records at some places, and why there are no
/// more.
struct OpenedPacks: Sendable {
    private(set) var packs: [Pack] = []
    private let all: ArraySlice<RecordPlace>
    private var end: Int
    var failure: ArchiveError?

    init(_ places: ArraySlice<RecordPlace>) {
        all = places
        end = places.startIndex
    }

    /// Where the records are whose packs these are, in the order of the packs.
    var places: ArraySlice<RecordPlace> { all[..<end] }
    /// What has not been opened yet.
    var rest: ArraySlice<RecordPlace> { all[end...] }

    /// Takes in the pack of the first record that has none yet, and of those behind it that are in it.
    mutating func append(_ pack: consuming Pack) {
        guard let first = rest.first else { return }
        packs.append(pack)
        while end < all.endIndex, all[end].isInPack(of: first) { end += 1 }
    }
}

/// Packs whose records were visited: their memory serves those that come.
final class SparePacks: Sendable {
    private let packs = Mutex<[Pack]>([])
    /// The memory of a larger pack is not kept.
    private static let keptByteCount = 64 << 10

    func take() -> Pack { packs.withLock { $0.popLast() } ?? Pack() }

    func give(back visited: [Pack]) {
        packs.withLock { packs in
            for pack in visited where pack.bytes.count <= Self.keptByteCount { packs.append(pack) }
        }
    }
}
