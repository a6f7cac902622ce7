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

    func view() throws(ArchiveError) -> IndexView {
        switch self {
        case .reader(let view): return view
        case .writer(let index):
            do {
                return try index.view()
            } catch {
                throw ArchiveError.wrapping(error, in: "index")
            }
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
        options.cacheByteLimit = address.configuration.cacheByteCount
        options.readerLocks = lockFile.map {
            ReaderLocks(file: $0, firstByte: Self.firstReaderByte)
        }
        return options
    }

    func open(
        rebuilding: Bool = false
    ) throws(ArchiveError) -> (index: IndexHandle, wasRebuilt: Bool) {
        if rebuilding { return (.writer(try rebuild()), true) }
        do {
            guard isWriter else { return (.reader(try Index.read(place, options)), false) }
            let index = try Index.open(place, options)
            if LogPlace(coverage: index.coverage) != nil { return (.writer(index), false) }
        } catch {
            guard Self.isWorthRebuilding(error) else {
                throw ArchiveError.wrapping(error, in: address.layout.index.string)
            }
            guard isWriter else { throw Self.unreadable(address, error) }
        }
        return (.writer(try rebuild()), true)
    }

    private static func isWorthRebuilding(_ error: IndexError) -> Bool {
        switch error {
        case .missing, .foreign, .damaged, .corrupt: true
        default: false
        }
    }

    private static func unreadable(
        _ address: ArchiveAddress,
        _ error: IndexError
    ) -> ArchiveError {
        ArchiveError(
            .corrupt,
            "\(address.layout.index.string): \(error); the index is made anew when the archive is next "
                + "opened for writing, or now by `strongroom rebuild-index`"
        )
    }

    /// Makes the index anew from the log: sealed segments' directories, then the active segment.
    func rebuild() throws(ArchiveError) -> Index {
        do {
            let path = address.layout.index
            try address.fileSystem.makeDirectory(address.layout.indexDirectory)
            if try address.fileSystem.status(of: path) != nil {
                try address.fileSystem.remove(path)
            }
            let index = try Index.create(place, options, covering: LogPlace.start.coverage)
            var memory = MemoryTable()
            let limit = address.configuration.checkpointByteCount
            let end = try replay(from: .start) { entries, place in
                var builder = RunBuilder()
                builder.append(entries)
                memory.insert(builder.finish())
                // Only a whole segment, or one batch of the active one, is a place to go on from.
                guard memory.byteCount > limit else { return }
                try index.checkpoint(applying: memory.freeze(), covering: LogPlace.start.coverage)
                memory.dropFrozen()
            }
            try index.checkpoint(applying: memory.freeze(), covering: end.coverage)
            return index
        } catch {
            throw ArchiveError.wrapping(error, in: address.layout.index.string)
        }
    }

    /// Reads what the log holds behind `place` into `memory`.
    func replay(
        from place: LogPlace,
        into memory: inout MemoryTable
    ) throws(ArchiveError) -> LogPlace {
        var found = memory
        do {
            let end = try replay(from: place) { entries, _ in
                var builder = RunBuilder()
                builder.append(entries)
                found.insert(builder.finish())
            }
            memory = found
            return end
        } catch {
            throw ArchiveError.wrapping(error, in: address.path.string)
        }
    }

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
    func learnCollections(_ view: IndexView) throws(ArchiveError) -> Set<String> {
        var known = Set(SystemRecords.fixedCollections)
        let prefix = IndexKeys.namePrefix(
            CollectionRegistry.systemCollection,
            CollectionRegistry.prefix
        )
        var entry = IndexEntry()
        var key = prefix
        do {
            while try view.first(atOrAfter: key.span, into: &entry), entry.key.starts(with: prefix)
            {
                let name = entry.key.dropFirst(prefix.count).prefix { $0 != 0 }
                if let collection = String(validating: name, as: UTF8.self) {
                    known.insert(collection)
                    keys.learn(collection: collection)
                }
                key = entry.key + [0]
            }
        } catch {
            throw ArchiveError.wrapping(error, in: address.layout.index.string)
        }
        return known
    }
}
