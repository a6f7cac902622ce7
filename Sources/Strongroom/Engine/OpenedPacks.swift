import ArchiveFormat
import Synchronization

/// The plaintexts of packs that were opened one after the other for the records of some runs, and why
/// there are no more.
struct OpenedPacks: Sendable {
    private(set) var plaintexts: [[UInt8]] = []
    private let all: ArraySlice<PlaceRun>
    private var end: Int
    var failure: ArchiveError?

    init(_ runs: ArraySlice<PlaceRun>) {
        all = runs
        end = runs.startIndex
        plaintexts.reserveCapacity(runs.count)
    }

    /// Where the records are whose packs these are, in the order of the packs.
    var runs: ArraySlice<PlaceRun> { all[..<end] }
    /// What has not been opened yet.
    var rest: ArraySlice<PlaceRun> { all[end...] }
    /// Where the next pack stands.
    var next: RecordPlace? { end < all.endIndex ? all[end].first : nil }

    /// Takes in the plaintext of the pack that stands at the next place, with the runs behind it that are
    /// in it.
    mutating func append(_ plaintext: consuming [UInt8]) {
        guard let first = next else { return }
        plaintexts.append(plaintext)
        while end < all.endIndex, all[end].first.isInPack(of: first) { end += 1 }
    }

    /// Gives up a plaintext, to be decoded.
    mutating func takePlaintext(_ index: Int) -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &plaintexts[index])
        return taken
    }

    /// Takes back the memory of a plaintext whose records were visited.
    mutating func giveBack(_ plaintext: consuming [UInt8], _ index: Int) {
        plaintexts[index] = plaintext
    }
}

/// Plaintexts whose records were visited: their memory serves those that come.
final class SparePlaintexts: Sendable {
    private let plaintexts = Mutex<[[UInt8]]>([])
    /// The memory of a longer one is not kept.
    private static let keptByteCount = 64 << 10

    /// As many as there are, up to `count`: threads would wait for each other for one at a time.
    func take(_ count: Int) -> [[UInt8]] {
        plaintexts.withLock { plaintexts in
            let count = min(count, plaintexts.count)
            let taken = Array(plaintexts.suffix(count))
            plaintexts.removeLast(count)
            return taken
        }
    }

    func give(back visited: [[UInt8]]) {
        guard !visited.isEmpty else { return }
        plaintexts.withLock { plaintexts in
            for plaintext in visited where plaintext.count <= Self.keptByteCount {
                plaintexts.append(plaintext)
            }
        }
    }
}
