internal import ArchiveFileIO
internal import SystemPackage

extension IndexView {
    /// A version that has nothing, of an index that has no file: for entries that are in memory alone.
    package static func empty(_ place: IndexPlace) throws(IndexError) -> IndexView {
        let meta = IndexMeta(
            pageByteCount: IndexLimits.pageByteCounts.lowerBound,
            archive: place.archive,
            generation: 0,
            transaction: 0,
            trees: [],
            pageEnd: 0,
            coverage: []
        )
        do {
            let pages = place.pages(of: meta, in: NoFile(path: place.path), IndexOptions())
            let pin = try ReaderRegistry(locks: nil, takesLocks: false).pin(0)
            return IndexView(pages: pages, meta: meta, pin: pin)
        } catch {
            throw .system(error)
        }
    }
}

/// A file without bytes.
private final class NoFile: ReadOnlyFile {
    let path: FilePath

    init(path: FilePath) { self.path = path }

    func byteCount() throws(SystemError) -> UInt64 { 0 }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        0
    }
}
