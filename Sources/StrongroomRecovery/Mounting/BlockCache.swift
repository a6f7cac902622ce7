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

    private let files: any FileSystem
    private let directory: FilePath
    private let countLimit: Int
    private let state: Mutex<State>

    private struct State: Sendable {
        /// When each block was used last.
        var uses: [String: UInt64] = [:]
        var clock: UInt64 = 0
    }

    init(_ directory: FilePath, byteLimit: UInt64, on files: any FileSystem) {
        self.files = files
        self.directory = directory
        countLimit = max(16, Int(clamping: byteLimit / Self.blockByteCount))
        let names = (try? files.names(in: directory))?.map(\.string) ?? []
        state = Mutex(State(uses: Dictionary(uniqueKeysWithValues: names.map { ($0, 0) })))
    }

    /// A block's bytes; nil if they are not here.
    func block(_ name: String) -> [UInt8]? {
        let isKnown = state.withLock { state in
            guard state.uses[name] != nil else { return false }
            state.clock += 1
            state.uses[name] = state.clock
            return true
        }
        let limit = Int(Self.blockByteCount) + Digest.byteCount
        guard isKnown, let bytes = try? files.readAll(directory.appending(name), limit: limit),
            bytes.count > Digest.byteCount
        else { return nil }
        let count = bytes.count - Digest.byteCount
        let digest = SHA256.hash(bytes.span.extracting(..<count))
        guard digest == Digest(reading: bytes.span, at: count) else {
            forget(name)
            return nil
        }
        return Array(bytes[..<count])
    }

    /// Keeps a block; that this fails costs only time.
    func keep(_ bytes: [UInt8], as name: String) {
        let path = directory.appending(name)
        do throws(SystemError) {
            let file = try files.open(path, .createNew)
            let whole = bytes + SHA256.hash(bytes.span).bytes
            try file.write(whole.span, at: 0)
            try file.close()
        } catch {
            return
        }
        let surplus = state.withLock { state in
            state.clock += 1
            state.uses[name] = state.clock
            guard state.uses.count > countLimit else { return [String]() }
            // Some more than needed, so that this sorting is rare.
            let oldest = state.uses.sorted { $0.value < $1.value }
            return oldest.prefix(state.uses.count - countLimit * 7 / 8).map(\.key)
        }
        for name in surplus { forget(name) }
    }

    private func forget(_ name: String) {
        state.withLock { _ = $0.uses.removeValue(forKey: name) }
        try? files.remove(directory.appending(name))
    }
}
