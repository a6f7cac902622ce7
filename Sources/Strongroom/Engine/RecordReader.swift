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
        var record = Record(entry: other, place: place)
        try withPack(at: place) { pack throws(ArchiveError) in
            try Self.decode(pack, place, into: &record)
        }
        return record
    }

    /// The same with its inline body, which is nil for one in chunks.
    package func recordWithBody(
        at place: RecordPlace,
        like other: consuming RecordEntry = RecordEntry()
    ) throws(ArchiveError) -> (record: Record, inlineBody: [UInt8]?) {
        var record = Record(entry: other, place: place)
        let body: [UInt8]? = try withPack(at: place) { pack throws(ArchiveError) in
            try Self.decode(pack, place, into: &record)
            return record.entry.body == .inline ? pack.inlineBody(place.slot) : nil
        }
        return (record, body)
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
    func inlineBody(at place: RecordPlace) throws(ArchiveError) -> [UInt8] {
        try withPack(at: place) { pack throws(ArchiveError) in
            // The frame may have been read again since the record was.
            guard pack.sequence(place.slot) == place.sequence else {
                throw ArchiveError(Self.displaced(place))
            }
            return pack.inlineBody(place.slot)
        }
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

    /// Opens packs one after the other, up to the first that cannot be opened, and as long as they do not
    /// have `byteLimit` bytes together.
    ///
    /// With `readsAhead` the runs stand in one segment, the log is read from the first to the last, and
    /// what is opened is not kept: for a walk that does not come back.
    func openPacks(
        _ runs: ArraySlice<PlaceRun>,
        readsAhead: Bool,
        byteLimit: Int,
        _ spare: SparePlaintexts
    ) -> OpenedPacks {
        // One context for all: what it reads ahead was committed before any of this was asked for.
        let context = takeContext()
        context.emptyBuffer()
        var unused = spare.take(runs.count)
        defer {
            giveBack(context)
            spare.give(back: unused)
        }
        var opened = OpenedPacks(runs)
        let last = readsAhead ? runs.last?.first.frameOffset : nil
        var byteCount = 0
        while byteCount < byteLimit, let place = opened.next {
            var plain = unused.popLast() ?? []
            do throws(LogError) {
                let cache = readsAhead ? nil : packs
                try context.open(place, log, cache, upTo: last, into: &plain)
            } catch {
                opened.failure = ArchiveError(error)
                break
            }
            byteCount += plain.count
            opened.append(plain)
        }
        return opened
    }

    /// Makes `record` the one at a place in `pack`; texts that it has already stay where they are.
    static func decode(
        _ pack: borrowing Pack,
        _ place: RecordPlace,
        into record: inout Record
    ) throws(ArchiveError) {
        do {
            try pack.decode(place.slot, into: &record.entry)
            guard place.sequence == 0 || place.sequence == record.entry.sequence else {
                throw displaced(place)
            }
            record.place = place
            record.place.sequence = record.entry.sequence
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

    private func withPack<Result>(
        at place: RecordPlace,
        _ body: (borrowing Pack) throws(ArchiveError) -> Result
    ) throws(ArchiveError) -> Result {
        let context = takeContext()
        defer { giveBack(context) }
        return try context.withPack(at: place, log, packs, body)
    }

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
