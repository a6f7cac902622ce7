import ArchiveBytes
import ArchiveFormat
package import ArchiveSealing
package import ArchiveSegments
import Synchronization

/// Reads records by place: finds the frame, opens the pack, decodes the entry.
///
/// Safe to share. Contexts are kept in a pool, one for each thread that reads at a time, and opened
/// packs in a small cache that is wiped as it turns over.
package final class RecordReader: Sendable {
    private let log: LogReader
    private let keys: KeyringKeys
    private let contexts = Mutex<[ReadContext]>([])
    private let packs: PackCache

    package init(log: LogReader, keys: KeyringKeys, cacheByteCount: Int = 4 << 20) {
        self.log = log
        self.keys = keys
        packs = PackCache(byteLimit: cacheByteCount)
    }

    /// The record version at a place, without its body.
    package func record(at place: RecordPlace) throws(ArchiveError) -> Record {
        try decode(try pack(at: place), place)
    }

    /// The record version at a place, and the bytes of its inline body (empty for a chunked one).
    package func recordAndInlineBody(
        at place: RecordPlace
    ) throws(ArchiveError) -> (Record, [UInt8]) {
        let pack = try pack(at: place)
        let record = try decode(pack, place)
        return (record, Array(pack.bytes[pack.slots[place.slot].body]))
    }

    /// The plaintext of a frame that is not a pack, with the place of its content.
    package func chunk(
        at place: RecordPlace,
        id: Digest
    ) throws(ArchiveError) -> ArraySlice<UInt8> {
        try withContext { context throws(LogError) in
            let (plain, header) = try context.open(place, log)
            do throws(FormatError) {
                let chunk = try ChunkPlaintext(decoding: plain.span)
                guard header.kind == .chunk, chunk.id == id else {
                    throw FormatError(.damaged, "the frame holds another chunk")
                }
                return plain[chunk.start...]
            } catch {
                throw LogError(error, segment: place.segment, offset: place.frameOffset)
            }
        }
    }

    private func pack(at place: RecordPlace) throws(ArchiveError) -> Pack {
        if let pack = packs[place] { return pack }
        let pack = try withContext { context throws(LogError) in
            let (plain, header) = try context.open(place, log)
            do throws(FormatError) {
                guard header.kind == .records else {
                    throw FormatError(.damaged, "the frame holds no records")
                }
                return try Pack(decoding: plain)
            } catch {
                throw LogError(error, segment: place.segment, offset: place.frameOffset)
            }
        }
        packs[place] = pack
        return pack
    }

    private func decode(_ pack: Pack, _ place: RecordPlace) throws(ArchiveError) -> Record {
        do {
            return Record(entry: try pack.entry(place.slot), place: place)
        } catch {
            throw ArchiveError(
                LogError(error, segment: place.segment, offset: place.frameOffset)
            )
        }
    }

    private func withContext<Result>(
        _ body: (ReadContext) throws(LogError) -> Result
    ) throws(ArchiveError) -> Result {
        let context = contexts.withLock { $0.popLast() } ?? ReadContext(keys: keys)
        defer { contexts.withLock { $0.append(context) } }
        do {
            return try body(context)
        } catch {
            throw ArchiveError(error)
        }
    }
}

/// What one thread needs to read frames; used by one thread at a time, as the pool hands it out.
private final class ReadContext: @unchecked Sendable {
    private let opener: FrameOpener
    private var buffer: [UInt8] = []

    init(keys: KeyringKeys) { opener = FrameOpener(keys: keys) }

    func open(
        _ place: RecordPlace,
        _ log: LogReader
    ) throws(LogError) -> (plain: [UInt8], header: FrameHeader) {
        // The buffer is local while spans of it are lent.
        var buffer: [UInt8] = []
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        try log.read(place.segment, at: place.frameOffset, into: &buffer)
        let header: FrameHeader
        do {
            header = try opener.header(buffer.span)
        } catch {
            throw LogError(error, segment: place.segment, offset: place.frameOffset)
        }
        let plain = try opener.open(
            buffer.span,
            header: header,
            segment: place.segment,
            offset: place.frameOffset
        )
        return (plain, header)
    }
}

/// Opened packs, the least recently used ones forgotten first.
///
/// Bounded in bytes.
private final class PackCache: Sendable {
    private struct State {
        var packs: [RecordPlace: (pack: Pack, used: UInt64)] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    subscript(place: RecordPlace) -> Pack? {
        get {
            let key = RecordPlace(
                segment: place.segment,
                frameOffset: place.frameOffset,
                slot: 0
            )
            return state.withLock { state in
                guard let pack = state.packs[key]?.pack else { return nil }
                state.clock += 1
                state.packs[key]?.used = state.clock
                return pack
            }
        }
        set {
            guard let pack = newValue, pack.bytes.count <= byteLimit / 8 else { return }
            let key = RecordPlace(
                segment: place.segment,
                frameOffset: place.frameOffset,
                slot: 0
            )
            state.withLock { state in
                state.clock += 1
                if state.packs.updateValue((pack, state.clock), forKey: key) == nil {
                    state.byteCount += pack.bytes.count
                }
                if state.byteCount > byteLimit { Self.evict(&state, downTo: byteLimit * 3 / 4) }
            }
        }
    }

    private static func evict(_ state: inout State, downTo limit: Int) {
        for (place, item) in state.packs.sorted(by: { $0.value.used < $1.value.used }) {
            guard state.byteCount > limit else { return }
            state.byteCount -= item.pack.bytes.count
            state.packs[place] = nil
        }
    }
}
