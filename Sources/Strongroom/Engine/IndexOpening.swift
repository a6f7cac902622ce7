import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import SystemPackage

/// The index while the archive is open: with its writer, or one version of it to read.
enum IndexHandle {
    case writer(Index)
    case reader(IndexView)

    func view() throws(IndexError) -> IndexView {
        switch self {
        case .reader(let view): view
        case .writer(let index): try index.view()
        }
    }
}

/// Opens the index, or makes it anew from the log: it is a cache, and one that is missing, damaged,
/// foreign or ahead of the log is not worth an error.
struct IndexOpening {
    let address: ArchiveAddress
    let document: ArchiveDocument
    let keys: KeyringKeys
    let isWriter: Bool
    /// Other processes say here which version of the index they read; the writer's lock is byte 0.
    let lockFile: (any File)?
    let cacheMeter = CacheMeter()

    /// Reader locks stand behind the writer's and room for later uses.
    private static let firstReaderByte: UInt64 = 1 << 20

    private var place: IndexPlace {
        IndexPlace(
            fileSystem: address.fileSystem,
            path: address.layout.index,
            archive: keys.archiveID.bytes,
            key: keys.keyring.indexKey
        )
    }

    private var options: IndexOptions {
        var options = IndexOptions()
        options.pageByteCount = document.pageByteCount
        options.cacheByteLimit = address.configuration.cacheByteCount / 4 * 3
        options.cacheMeter = cacheMeter
        options.stemByteCount = IndexKeys.stemByteCount
        options.threadCount = address.configuration.threadCount
        options.readerLocks = lockFile.map {
            ReaderLocks(file: $0, firstByte: Self.firstReaderByte)
        }
        return options
    }

    /// The index as opening found or made it, and the collections that it knows.
    struct Opened {
        let handle: IndexHandle
        let view: IndexView
        let collections: KnownCollections
        let wasRebuilt: Bool
    }

    /// Opens the index; before it is made anew, `recoverLog` makes durable what the log holds.
    func open(
        rebuilding: Bool = false,
        recoverLog: () throws(LogError) -> Void
    ) throws(ArchiveError) -> Opened {
        if !rebuilding {
            do throws(IndexError) {
                if let opened = try openExisting() { return opened }
            } catch {
                guard isWriter, error.isHealedByRebuilding else { throw ArchiveError(error) }
            }
        }
        let index = try rebuild(recoverLog: recoverLog)
        do {
            return try opened(.writer(index), wasRebuilt: true)
        } catch {
            throw ArchiveError(error)
        }
    }

    /// Nil if the index covers nothing that this program knows of.
    private func openExisting() throws(IndexError) -> Opened? {
        guard isWriter else { return try opened(.reader(try Index.read(place, options))) }
        let index = try Index.open(place, options)
        guard LogPlace(coverage: index.coverage) != nil else { return nil }
        return try opened(.writer(index))
    }

    private func opened(
        _ handle: IndexHandle,
        wasRebuilt: Bool = false
    ) throws(IndexError) -> Opened {
        let view = try handle.view()
        return Opened(
            handle: handle,
            view: view,
            collections: try learnCollections(view),
            wasRebuilt: wasRebuilt
        )
    }

    /// Makes the index anew from the log: sealed segments' directories, then the active segment.
    ///
    /// The old one stays until the new one is whole: what it covers is a witness against a log that
    /// was cut.
    ///
    /// An index must never know of a commit that a loss of power could still take away: it would then
    /// testify against a log that is whole.
    func rebuild(
        recoverLog: () throws(LogError) -> Void = {}
    ) throws(ArchiveError) -> Index {
        do {
            try address.fileSystem.makeDirectory(address.layout.indexDirectory)
            var builder = IndexBuilder(place, options)
            var failure: IndexError?
            let end: LogPlace
            do {
                end = try replay(from: .start) { entries, _ in
                    address.watchIndexing?(entries.segment)
                    do throws(IndexError) {
                        try builder.append { $0.append(entries) }
                    } catch {
                        failure = error
                        throw error
                    }
                }
            } catch {
                // A disk that is full is told as that, not as what the walk makes of it.
                throw failure ?? error
            }
            try checkWitness(end)
            try recoverLog()
            return try builder.finish(covering: end.coverage)
        } catch {
            throw ArchiveError.wrapping(error, in: address.layout.index.string)
        }
    }

    /// Refuses a log that ends before what the old index knew.
    private func checkWitness(_ end: LogPlace) throws(ArchiveError) {
        var options = options
        options.readerLocks = nil
        guard let old = try? Index.read(place, options),
            let covered = LogPlace(coverage: old.coverage),
            covered.link.number > end.link.number
        else { return }
        throw ArchiveError(
            .rollback,
            "\(address.path.string): the log ends with commit \(end.link.number), but the index knows "
                + "commit \(covered.link.number): the log was cut, damaged or put back; nothing was "
                + "changed; run `strongroom verify`, then recover from a vault"
        )
    }

    /// Reads what the log holds behind `place` into `memory`, and which collections it makes known.
    func replay(
        from place: LogPlace,
        into memory: inout MemoryTable,
        _ collections: inout KnownCollections
    ) throws(ArchiveError) -> LogPlace {
        var found = memory
        var known = collections
        do {
            // Many batches at once: sorting them together costs less than merging them one by one.
            var builder = RunBuilder()
            let end = try replay(from: place) { entries, _ in
                builder.append(entries)
                known.add(entries)
                guard builder.byteCount >= Self.replayByteCount else { return }
                let run = builder.finish()
                builder = RunBuilder()
                found.insert(run)
            }
            found.insert(builder.finish())
            memory = found
            collections = known
            return end
        } catch {
            throw ArchiveError.wrapping(error, in: address.path.string)
        }
    }

    private static let replayByteCount = 4 << 20

    private func replay(
        from place: LogPlace,
        visit: (LogEntries, LogPlace) throws -> Void
    ) throws -> LogPlace {
        let replay = LogReplay(
            address.layout.segmentDirectory(address.fileSystem),
            keys: keys
        )
        return try replay.run(from: place) { entries, place throws(LogError) in
            do {
                try visit(entries, place)
            } catch {
                throw LogError(.system, "the index could not take an entry (\(error))")
            }
        }
    }

    /// Learns from the index which collections there are, so that their frames' keys are found.
    private func learnCollections(_ view: IndexView) throws(IndexError) -> KnownCollections {
        var known = KnownCollections()
        let prefix = IndexKeys.collectionPrefix(CollectionRegistry.systemCollection)
        var (key, end) = IndexKeys.names(
            CollectionRegistry.systemCollection,
            beginning: CollectionRegistry.prefix
        )
        var entry = IndexEntry()
        while try view.first(atOrAfter: key.span, into: &entry), entry.key.span.precedes(end.span) {
            if let name = IndexKeys.name(entry.key.span, behind: prefix) {
                let collection = String(name.dropFirst(CollectionRegistry.prefix.count))
                let value = try? IndexValue(entry.value.span)
                known.add(collection, in: value?.place.segment ?? SegmentNumber(0))
                keys.learn(collection: collection)
            }
            // The newest version stands first; the next name behind all of them.
            let stem = entry.key[..<IndexKeys.byteCountBeforeSequence(entry.key.span)]
            key = Array(stem).prefixEnd
        }
        return known
    }
}

extension IndexError {
    /// What is wrong is in the index alone, and the log has all that it held.
    var isHealedByRebuilding: Bool {
        switch self {
        case .missing, .foreign, .damaged, .corrupt: true
        case .newerFormat, .system, .sealing, .poisoned: false
        }
    }

    /// The same, or a file of which nobody knows any more what the disk has: without another one memory
    /// would grow for as long as the archive is open.
    var isHealedInAnotherFile: Bool {
        if case .poisoned = self { true } else { isHealedByRebuilding }
    }
}
