internal import ArchiveBytes
internal import ArchiveFileIO
internal import ArchiveSealing
internal import SystemPackage

/// The index on disk and its writer: a small forest of B+trees in sealed pages.
///
/// A checkpoint writes its entries as a new tree, merged with the trees before it that are not much
/// larger, as ``Forest`` says; a large tree is left alone until as much has come in. So an entry is
/// written a few times in its life, where a single tree would write a page anew for nearly every
/// entry: keys come in no order.
///
/// It has one owner, which calls it from one thread at a time; readers use ``IndexView``, which any
/// thread may have. A checkpoint never writes to a page that the last durable version or a pinned
/// view has (copy on write): after a crash the file holds the index of before or of after, whole.
///
///     write the new tree → sync → write the other meta slot → sync
///
/// The first failure that leaves it open what is on the disk poisons the writer. Nothing is tried
/// again: after a failed sync the system may have dropped the pages and report success next time.
package final class Index {
    let place: IndexPlace
    let options: IndexOptions
    let pages: PageFile
    private(set) var meta: IndexMeta
    private let authenticator: HMACSHA256
    private let readers: ReaderRegistry
    /// Nil until the first change needs to know which pages are free.
    private var allocator: PageAllocator?
    private var poison: SystemError?

    /// A smaller file is not worth writing anew, however much of it is free.
    private static let wasteByteCount: UInt64 = 1 << 20

    private init(
        _ place: IndexPlace,
        _ pages: PageFile,
        _ meta: IndexMeta,
        _ authenticator: HMACSHA256,
        _ options: IndexOptions
    ) {
        self.place = place
        self.options = options
        self.pages = pages
        self.meta = meta
        self.authenticator = authenticator
        readers = ReaderRegistry(locks: options.readerLocks, takesLocks: false)
    }

    /// Creates an empty index; the file must not exist.
    ///
    /// Durable when it returns.
    package static func create(
        _ place: IndexPlace,
        _ options: IndexOptions,
        covering coverage: [UInt8]
    ) throws(IndexError) -> Index {
        guard let geometry = PageGeometry(pageByteCount: options.pageByteCount) else {
            preconditionFailure("a page has a power of two of bytes, 512 to 65,536")
        }
        precondition(coverage.count <= IndexLimits.coverageByteCount, "the coverage is too long")
        let authenticator = try place.authenticator()
        let generation: [UInt8]
        do throws(SealingError) { generation = try Randomness.bytes(8) } catch {
            throw .sealing(error)
        }
        let meta = IndexMeta(
            pageByteCount: geometry.pageByteCount,
            archive: place.archive,
            generation: generation.span.u64(at: 0),
            transaction: 1,
            trees: [],
            pageEnd: geometry.firstPage,
            coverage: coverage
        )
        let file = try place.open(.createNew)
        do throws(SystemError) {
            try file.resize(to: geometry.offset(of: geometry.firstPage))
            try Self.write(meta, to: file, authenticator)
            try file.synchronize()
            try place.fileSystem.synchronizeDirectory(place.path.directory)
        } catch {
            throw .system(error)
        }
        let pages = place.pages(of: meta, in: file, options)
        return Index(place, pages, meta, authenticator, options)
    }

    /// Opens the index for reading and writing.
    package static func open(
        _ place: IndexPlace,
        _ options: IndexOptions
    ) throws(IndexError) -> Index {
        let file = try place.open(.readWrite)
        let authenticator = try place.authenticator()
        let meta = try readMeta(of: file, place, authenticator)
        let pages = place.pages(of: meta, in: file, options)
        return Index(place, pages, meta, authenticator, options)
    }

    /// The log position that the index covers, as the engine gave it.
    package var coverage: [UInt8] { meta.coverage }

    /// The number of entries; one that was overwritten may count more than once.
    package var entryCount: UInt64 { meta.entryCount }

    /// The number of the last checkpoint.
    package var transaction: UInt64 { meta.transaction }

    /// The bytes of the file that are in use or free for later checkpoints.
    package var byteCount: UInt64 { pages.geometry.offset(of: meta.pageEnd) }

    /// The current version.
    package func view() throws(IndexError) -> IndexView {
        do throws(SystemError) {
            return IndexView(pages: pages, meta: meta, pin: try readers.pin(meta.transaction))
        } catch {
            throw .system(error)
        }
    }

    /// Takes in `runs`, oldest first, after which the index covers `coverage`.
    ///
    /// Durable when it returns; views that exist stay as they are.
    ///
    /// Entries are added or get a new value, none is removed. If this throws, the index is as it
    /// was, unless the writer is poisoned: then it may be either, and the next opening finds out which.
    package func checkpoint(
        applying runs: [SortedRun],
        covering coverage: [UInt8]
    ) throws(IndexError) {
        precondition(coverage.count <= IndexLimits.coverageByteCount, "the coverage is too long")
        try requireSound()
        var allocator = try currentAllocator()
        let oldest: UInt64
        do throws(SystemError) { oldest = try readers.oldest(current: meta.transaction) } catch {
            throw .system(error)
        }
        allocator.release(oldestReader: oldest)

        var next = meta
        next.transaction += 1
        next.coverage = coverage
        var replaced: [PageReference] = []
        do throws(IndexError) {
            replaced = try grow(&next, by: runs, &allocator)
        } catch {
            abandon(after: error)
            throw error
        }
        try commit(next)
        for reference in replaced { _ = pages.cache.remove(reference) }
        allocator.retire(replaced.map(\.number), by: next.transaction)
        self.allocator = allocator
    }

    /// Writes `runs` and the trees that they are merged with as the last tree of `next`; the pages
    /// that it replaces.
    private func grow(
        _ next: inout IndexMeta,
        by runs: [SortedRun],
        _ allocator: inout PageAllocator
    ) throws(IndexError) -> [PageReference] {
        let count = runs.reduce(0) { $0 + UInt64($1.count) }
        guard count > 0 else { return [] }
        let kept = Forest.keptCount(
            next.trees,
            adding: count,
            smallCount: options.smallTreeEntryCount
        )
        let merged = Array(next.trees[kept...])
        let walk = TreeWalk(pages, meta)
        var replaced: [PageReference] = []
        for tree in merged { replaced += try walk.pages(of: tree) }
        var source = try SortedMerge(
            merged.map { TreeCursor(pages, $0, pin: nil, isInPassing: true) },
            runs
        )
        var writer = PageWriter(pages, transaction: next.transaction, allocator: allocator)
        var builder = TreeBuilder(pages)
        defer {
            builder.wipe()
            writer.wipe()
        }
        next.trees.removeLast(merged.count)
        try builder.add(&source, &writer)
        if let tree = try builder.finish(&writer) { next.trees.append(tree) }
        allocator = writer.allocator
        next.pageEnd = allocator.end
        return replaced
    }

    /// Whether so much of the file is free, or would be after a checkpoint of `runs`, that writing it
    /// anew is worth it.
    package func isWasteful(after runs: [SortedRun] = []) -> Bool {
        guard byteCount >= Self.wasteByteCount else { return false }
        let free = allocator.map { UInt64($0.freeCount) } ?? 0
        let used = meta.pageEnd - free
        let count = runs.reduce(0) { $0 + UInt64($1.count) }
        let kept = Forest.keptCount(
            meta.trees,
            adding: count,
            smallCount: options.smallTreeEntryCount
        )
        // What is merged is written elsewhere; its own pages are free afterwards.
        let merged = count == 0 ? 0 : meta.trees[kept...].reduce(0) { $0 + $1.entryCount }
        let left = used * merged / max(1, meta.entryCount)
        let new = used * (merged + count) / max(1, meta.entryCount)
        let end = max(meta.pageEnd, used + new)
        return 4 * (end - (used - left + new)) > end
    }

    /// Closes the file and wipes the cached pages.
    ///
    /// Views cannot read afterwards.
    package func close() throws(IndexError) {
        pages.cache.removeAll()
        do throws(SystemError) { try pages.file.close() } catch { throw .system(error) }
    }

    /// Writes the only tree of a new index.
    func fill(with inputs: MergeInputs, covering coverage: [UInt8]) throws(IndexError) {
        precondition(meta.trees.isEmpty, "only a new index is filled")
        var next = meta
        next.transaction += 1
        next.coverage = coverage
        let built = try TreeTeam(pages, options).build(
            inputs,
            transaction: next.transaction,
            behind: meta.pageEnd
        )
        if let tree = built.tree { next.trees.append(tree) }
        next.pageEnd = built.pageEnd
        try commit(next)
    }

    // MARK: Steps of a checkpoint

    /// Makes the pages durable, then the meta that refers to them.
    private func commit(_ next: IndexMeta) throws(IndexError) {
        do throws(SystemError) {
            try pages.file.synchronizeData()
            try Self.write(next, to: pages.file, authenticator)
            try pages.file.synchronizeData()
        } catch {
            throw poisoned(by: error)
        }
        meta = next
    }

    func requireSound() throws(IndexError) {
        if let poison { throw .poisoned(poison) }
    }

    /// Takes no more changes after `error`, which is also what to throw.
    func poisoned(by error: SystemError) -> IndexError {
        poison = error
        return .system(error)
    }

    func readSlots() throws(IndexError) -> MetaSlots {
        do throws(SystemError) {
            return try MetaSlots(reading: pages.file, archive: place.archive, authenticator)
        } catch {
            throw .system(error)
        }
    }

    /// A page that could not be read, or a disk that is full, leaves the index as it was; after any
    /// other failure to write nobody knows what the disk will hold.
    private func abandon(after error: IndexError) {
        if case .system(let error) = error, error.operation == .write,
            error.errno != .noSpace, error.errno != .diskQuotaExceeded
        {
            poison = error
            return
        }
        // A page that was cut off at the end would look like damage; the next checkpoint comes over
        // it if it cannot be cut off now.
        try? pages.file.resize(to: byteCount)
    }

    private func currentAllocator() throws(IndexError) -> PageAllocator {
        if let allocator { return allocator }
        let used = try TreeWalk(pages, meta).usedPages()
        var allocator = PageAllocator(end: meta.pageEnd)
        let free = (pages.geometry.firstPage..<meta.pageEnd).filter { !used[Int($0)] }
        // Nobody knows since when they are free: a reader of any older version may need them yet.
        allocator.retire(free, by: meta.transaction)
        self.allocator = allocator
        return allocator
    }

    private static func write(
        _ meta: IndexMeta,
        to file: any File,
        _ authenticator: HMACSHA256
    ) throws(SystemError) {
        let offset = UInt64(meta.slot * PageGeometry.metaSlotByteCount)
        try file.write(meta.encoded(authenticator), at: offset)
    }

    static func readMeta(
        of file: any File,
        _ place: IndexPlace,
        _ authenticator: HMACSHA256
    ) throws(IndexError) -> IndexMeta {
        let slots: MetaSlots
        let byteCount: UInt64
        do throws(SystemError) {
            slots = try MetaSlots(reading: file, archive: place.archive, authenticator)
            byteCount = try file.byteCount()
        } catch {
            throw .system(error)
        }
        let meta = try slots.newest(in: place.path)
        guard meta.pageEnd <= byteCount / UInt64(meta.pageByteCount) else {
            throw .damaged(place.path, finding: "it ends before its last page")
        }
        return meta
    }
}
