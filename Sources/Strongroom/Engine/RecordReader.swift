import ArchiveBytes
package import ArchiveFormat
package import ArchiveIndex
package import ArchiveSealing
package import ArchiveSegments
import Synchronization

/// Reads records by place: finds the frame, opens the pack, decodes the entry.
///
/// Safe to share. Contexts are kept in a pool, one for each thread that reads at a time, and opened
/// packs in a cache of bounded size.
package final class RecordReader: Sendable {
    private let log: LogReader
    private let keys: KeyringKeys
    private let dictionaries: DictionaryLibrary
    private let contexts = Mutex<[ReadContext]>([])
    private let packs: PackCache
    private let searches = Mutex<[IndexSearch]>([])

    /// With a meter of the index's pages, both share the memory for the cache.
    package init(
        log: LogReader,
        keys: KeyringKeys,
        cacheByteCount: Int = 4 << 20,
        sharedWith pages: CacheMeter? = nil
    ) {
        self.log = log
        self.keys = keys
        dictionaries = DictionaryLibrary(log.directory, keys: keys)
        packs = PackCache(byteLimit: cacheByteCount, sharedWith: pages)
    }

    /// The record version at a place, without its body; it shares texts with `other`.
    package func record(
        at place: RecordPlace,
        like other: consuming RecordEntry = RecordEntry()
    ) throws(ArchiveError) -> Record {
        try open(at: place, like: other).record
    }

    /// The record version at a place, with the pack that holds its inline body; it shares texts with
    /// `other`, and its subject with what was read from the same pack before.
    package func open(
        at place: RecordPlace,
        like other: consuming RecordEntry = RecordEntry()
    ) throws(ArchiveError) -> OpenedRecord {
        if let pack = packs[place] {
            other.subject = pack.subject
            return OpenedRecord(record: try Self.decode(pack, place, like: other), pack: pack)
        }
        var pack = try withContext { context throws(LogError) in try context.pack(place, log) }
        let record = try Self.decode(pack, place, like: other)
        pack.subject = record.entry.subject
        packs[place] = pack
        return OpenedRecord(record: record, pack: pack)
    }

    /// Lends memory for a search in the index.
    func withSearch<Result>(
        _ body: (_ key: inout [UInt8], _ entry: inout IndexEntry) throws -> Result
    ) rethrows -> Result {
        var search = searches.withLock { $0.popLast() } ?? IndexSearch()
        defer { searches.withLock { $0.append(search) } }
        return try body(&search.key, &search.entry)
    }

    /// The inline body of a record that was read from `place`.
    func inlineBody(at place: RecordPlace) throws(ArchiveError) -> ArraySlice<UInt8> {
        let pack = try pack(at: place)
        // The frame may have been read again since the record was.
        guard pack.sequence(place.slot) == place.sequence else {
            throw ArchiveError(Self.displaced(place))
        }
        return pack.bytes[pack.slots[place.slot].body]
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
        let pack = try withContext { context throws(LogError) in try context.pack(place, log) }
        packs[place] = pack
        return pack
    }

    /// Opens records one after the other, up to the first that cannot be opened.
    ///
    /// With `readAhead`, that many bytes of the log are read at a time, and what is opened is not
    /// kept: for a walk that does not come back.
    func open(_ places: ArraySlice<RecordPlace>, readAhead: Int?) -> OpenedRecords {
        var opened = OpenedRecords()
        opened.records.reserveCapacity(places.count)
        // One context for all: what it reads ahead was committed before any of this was asked for.
        let context = takeContext()
        context.emptyBuffer()
        defer { giveBack(context) }
        do throws(ArchiveError) {
            for place in places {
                let pack: Pack
                if let last = opened.records.last, last.record.place.isInPack(of: place) {
                    pack = last.pack
                } else if let readAhead {
                    do throws(LogError) {
                        pack = try context.pack(place, log, readAhead: readAhead)
                    } catch {
                        throw ArchiveError(error)
                    }
                } else {
                    pack = try self.pack(at: place)
                }
                let last = opened.records.count - 1
                let record =
                    try last < 0
                    ? Self.decode(pack, place, like: RecordEntry())
                    : Self.decode(pack, place, like: opened.records.span[last].record.entry)
                opened.records.append(OpenedRecord(record: record, pack: pack))
            }
        } catch {
            opened.failure = error
        }
        return opened
    }

    private static func decode(
        _ pack: Pack,
        _ place: RecordPlace,
        like other: borrowing RecordEntry
    ) throws(ArchiveError) -> Record {
        do {
            var place = place
            let entry = try pack.entry(place.slot, after: other)
            guard place.sequence == 0 || place.sequence == entry.sequence else {
                throw displaced(place)
            }
            place.sequence = entry.sequence
            return Record(entry: entry, place: place)
        } catch let error as FormatError {
            throw ArchiveError(
                LogError(error, segment: place.segment, offset: place.frameOffset)
            )
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    private static func displaced(_ place: RecordPlace) -> LogError {
        LogError(
            .corrupt,
            segment: place.segment,
            offset: place.frameOffset,
            "the frame is not the one of record \(place.sequence), which was put there; run "
                + "`strongroom verify`, then repair from a vault"
        )
    }

    private func takeContext() -> ReadContext {
        contexts.withLock { $0.popLast() } ?? ReadContext(keys: keys, dictionaries)
    }

    private func giveBack(_ context: ReadContext) { contexts.withLock { $0.append(context) } }

    private func withContext<Result>(
        _ body: (ReadContext) throws(LogError) -> Result
    ) throws(ArchiveError) -> Result {
        let context = takeContext()
        defer { giveBack(context) }
        do {
            return try body(context)
        } catch {
            throw ArchiveError(error)
        }
    }
}

/// Memory for a search in the index, to be used again for the next one.
struct IndexSearch: Sendable {
    var key: [UInt8] = []
    var entry = IndexEntry()
}

/// A record and the pack that it stands in.
package struct OpenedRecord: Sendable {
    package let record: Record
    let pack: Pack

    /// The body where it stands in the pack; nil for one in chunks.
    package var inlineBody: ArraySlice<UInt8>? {
        record.entry.body == .inline ? pack.bytes[pack.slots[record.place.slot].body] : nil
    }
}

/// Records that were opened one after the other, and why there are no more.
struct OpenedRecords: Sendable {
    var records: [OpenedRecord] = []
    var failure: ArchiveError?
}

/// What one thread needs to read frames; used by one thread at a time, as the pool hands it out.
private final class ReadContext: @unchecked Sendable {
    private let opener: FrameOpener
    private var buffer = FrameBuffer()

    init(keys: KeyringKeys, _ dictionaries: DictionaryLibrary) {
        opener = FrameOpener(keys: keys, dictionaries: dictionaries)
    }

    func emptyBuffer() { buffer.empty() }

    func pack(
        _ place: RecordPlace,
        _ log: LogReader,
        readAhead: Int? = nil
    ) throws(LogError) -> Pack {
        let (plain, header) = try open(place, log, readAhead: readAhead)
        do throws(FormatError) {
            guard header.kind == .records else {
                throw FormatError(.damaged, "the frame holds no records")
            }
            return try Pack(decoding: plain)
        } catch {
            throw LogError(error, segment: place.segment, offset: place.frameOffset)
        }
    }

    func open(
        _ place: RecordPlace,
        _ log: LogReader,
        readAhead: Int? = nil
    ) throws(LogError) -> (plain: [UInt8], header: FrameHeader) {
        // The buffer is local while spans of it are lent.
        var buffer = FrameBuffer()
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        let frame = try log.read(
            place.segment,
            at: place.frameOffset,
            into: &buffer,
            readAhead: readAhead
        )
        return try opener.open(
            buffer.bytes.span.extracting(frame),
            segment: place.segment,
            offset: place.frameOffset
        )
    }
}
