import ArchiveFileIO
import ArchiveSealing
import Synchronization
import SystemPackage

/// Pieces of a vault's segments on this machine's disk, of bounded size.
///
/// What it keeps is sealed as it is in the vault. It trusts nothing that it finds: each piece stands
/// with its SHA-256, and one that is torn, foreign or damaged is not there. So nothing is synchronized,
/// and several processes may use the same directory.
final class BlockCache: Sendable {
    /// Some packs, and what is cheap to fetch beside one.
    static let blockByteCount: UInt64 = 128 << 10
    /// The longest piece that is kept.
    static let pieceByteLimit: UInt64 = 1 << 20

    private let files: any FileSystem
    private let directory: FilePath
    private let byteLimit: UInt64
    private let state: Mutex<State>

    /// A piece: a file is named by what it holds.
    struct Piece: Hashable, Sendable {
        let segment: String
        let start: UInt64
        let byteCount: Int

        fileprivate var name: String { "\(segment).\(start)-\(byteCount)" }

        init(_ segment: String, at start: UInt64, byteCount: Int) {
            self.segment = segment
            self.start = start
            self.byteCount = byteCount
        }

        fileprivate init?(_ name: String) {
            let parts = name.split(separator: ".")
            guard let numbers = parts.last?.split(separator: "-"), parts.count == 2,
                numbers.count == 2, let start = UInt64(numbers[0]),
                let byteCount = Int(numbers[1]), byteCount <= BlockCache.pieceByteLimit
            else { return nil }
            self.init(String(parts[0]), at: start, byteCount: byteCount)
        }
    }

    private struct State: Sendable {
        /// When each piece was used last.
        var uses: [Piece: UInt64] = [:]
        var clock: UInt64 = 0
        var byteCount: UInt64 = 0
    }

    init(_ directory: FilePath, byteLimit: UInt64, on files: any FileSystem) {
        self.files = files
        self.directory = directory
        self.byteLimit = max(16 * Self.blockByteCount, byteLimit)
        var found = State()
        for name in (try? files.names(in: directory)) ?? [] {
            guard let piece = Piece(name.string) else {
                // Of an older release, or nobody's.
                try? files.remove(directory.appending(name))
                continue
            }
            found.uses[piece] = 0
            found.byteCount += UInt64(piece.byteCount)
        }
        state = Mutex(found)
    }

    private func path(_ piece: Piece) -> FilePath { directory.appending(piece.name) }

    /// A piece's bytes; nil if they are not here.
    func bytes(of piece: Piece) -> [UInt8]? {
        let isKnown = state.withLock { state in
            guard state.uses[piece] != nil else { return false }
            state.clock += 1
            state.uses[piece] = state.clock
            return true
        }
        guard isKnown else { return nil }
        let (count, limit) = (piece.byteCount, piece.byteCount + Digest.byteCount)
        guard var bytes = try? files.readAll(path(piece), limit: limit), bytes.count == limit,
            SHA256.hash(bytes.span.extracting(..<count)) == Digest(reading: bytes.span, at: count)
        else {
            forget(piece)
            return nil
        }
        bytes.removeLast(Digest.byteCount)
        return bytes
    }

    /// Keeps a piece; that this fails costs only time.
    func keep(_ bytes: Span<UInt8>, as piece: Piece) {
        do throws(SystemError) {
            let file = try files.open(path(piece), .createNew)
            try file.write(bytes, at: 0)
            let digest = SHA256.hash(bytes).bytes
            try file.write(digest.span, at: UInt64(bytes.count))
            try file.close()
        } catch {
            return
        }
        let surplus = state.withLock { state in
            state.clock += 1
            guard state.uses.updateValue(state.clock, forKey: piece) == nil else {
                return [Piece]()
            }
            state.byteCount += UInt64(piece.byteCount)
            guard state.byteCount > byteLimit else { return [] }
            // Some more than needed, so that this sorting is rare.
            var rest = state.byteCount
            return state.uses.sorted { $0.value < $1.value }.map(\.key).prefix { piece in
                defer { rest -= UInt64(piece.byteCount) }
                return rest > byteLimit / 8 * 7
            }
        }
        for piece in surplus { forget(piece) }
    }

    private func forget(_ piece: Piece) {
        state.withLock { state in
            guard state.uses.removeValue(forKey: piece) != nil else { return }
            state.byteCount -= UInt64(piece.byteCount)
        }
        try? files.remove(path(piece))
    }
}
