internal import ArchiveFileIO
internal import SystemPackage

/// The index as a process sees it that does not write: each view is the newest tree at the moment.
///
/// The writer, in whatever process, learns of the views through ``ReaderLocks``.
package final class IndexReader: Sendable {
    /// Between reading a meta and pinning it the writer may finish a checkpoint; it would have to
    /// do so that many times in a row to turn a reader away.
    private static let attemptLimit = 100

    private let place: IndexPlace
    private let pages: PageFile
    private let generation: UInt64
    private let readers: ReaderRegistry

    /// Opens the index for reading.
    ///
    /// Without locks in the options the writer does not see this reader and may use its pages
    /// again: a read of such a page is then reported as corrupt, never answered wrongly.
    package init(_ place: IndexPlace, _ options: IndexOptions) throws(IndexError) {
        let file = try place.open(.read)
        let meta = try Index.readMeta(of: file, place, try place.authenticator())
        self.place = place
        pages = place.pages(of: meta, in: file, options)
        generation = meta.generation
        readers = ReaderRegistry(locks: options.readerLocks, takesLocks: true)
    }

    /// The newest version of the tree.
    package func view() throws(IndexError) -> IndexView {
        let authenticator = try place.authenticator()
        var meta = try Index.readMeta(of: pages.file, place, authenticator)
        for _ in 0..<Self.attemptLimit {
            guard meta.generation == generation else {
                throw .damaged(place.path, finding: "another index was written over it")
            }
            let pin: ReaderPin
            do throws(SystemError) { pin = try readers.pin(meta.transaction) } catch {
                throw .system(error)
            }
            // The lock protects the version only if the writer had not gone on before it was set:
            // pages of an older version may be in use again.
            let now = try Index.readMeta(of: pages.file, place, authenticator)
            if now.transaction == meta.transaction, now.generation == generation {
                return IndexView(pages: pages, meta: meta, pin: pin)
            }
            meta = now
        }
        throw .damaged(place.path, finding: "it changes faster than it can be read")
    }

    /// Checks every page of the file, as ``Index/verifyAllPages()`` does.
    ///
    /// A writer may go on meanwhile. What it writes is read again before it counts as damaged. `visit`
    /// hears of each entry of each tree, whether another tree has its key as well or not; of damaged
    /// pages perhaps of some.
    package func verifyAllPages(visit: EntryVisitor? = nil) throws(IndexError) -> IndexReport {
        let view = try view()
        let slots = try settledSlots()
        // The view's pages are kept only as long as the view.
        return try withExtendedLifetime(view) { () throws(IndexError) in
            var report = try IndexInvariants(pages, view.meta, visit: visit).check(slots)
            report.transaction = view.transaction
            return report
        }
    }

    private func settledSlots() throws(IndexError) -> MetaSlots {
        let authenticator = try place.authenticator()
        do throws(SystemError) {
            for _ in 0..<PageFile.rereadLimit {
                let slots = try MetaSlots(
                    reading: pages.file,
                    archive: place.archive,
                    authenticator
                )
                if slots.damaged.isEmpty { return slots }
            }
            return try MetaSlots(reading: pages.file, archive: place.archive, authenticator)
        } catch {
            throw .system(error)
        }
    }
}

extension Index {
    /// Opens the newest version of the tree to read, in a process that does not write.
    ///
    /// It stays as it is for as long as the view lives. For more than one view, and for one cache
    /// for all of them, keep an ``IndexReader``.
    package static func read(
        _ place: IndexPlace,
        _ options: IndexOptions
    ) throws(IndexError) -> IndexView {
        try IndexReader(place, options).view()
    }

    /// Checks every page of the file, as ``verifyAllPages()`` does, in a process that only reads.
    package static func verify(
        _ place: IndexPlace,
        _ options: IndexOptions,
        visit: EntryVisitor? = nil
    ) throws(IndexError) -> IndexReport {
        try IndexReader(place, options).verifyAllPages(visit: visit)
    }
}
