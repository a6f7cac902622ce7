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
    /// The options must have the locks that the writer looks at.
    package init(_ place: IndexPlace, _ options: IndexOptions) throws(IndexError) {
        precondition(options.readerLocks != nil, "the writer must be able to see its readers")
        let file = try place.open(.read)
        let meta = try Index.readMeta(of: file, place, try place.authenticator())
        self.place = place
        pages = place.pages(of: meta, in: file, cacheByteLimit: options.cacheByteLimit)
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
}
