internal import ArchiveBytes
internal import ArchiveFileIO
internal import ArchiveSealing
internal import SystemPackage

/// Sorted parts of an index that is being built, each a tree of its own in one file beside it.
///
/// The pages are sealed like any others: no name or date lies on the disk in clear, not even for
/// the minutes of a rebuild. Nothing is synchronized, and the file goes away with this object; what
/// a killed process leaves is removed by the next one.
final class ScratchTrees {
    private let fileSystem: any FileSystem
    private let path: FilePath
    private let pages: PageFile
    private let team: TreeTeam
    private var pageEnd: UInt64
    private var trees: [Tree] = []

    init(
        for place: IndexPlace,
        geometry: PageGeometry,
        _ options: IndexOptions
    ) throws(IndexError) {
        fileSystem = place.fileSystem
        path = place.path(adding: ".scratch")
        let generation: [UInt8]
        do throws(SealingError) { generation = try Randomness.bytes(8) } catch {
            throw .sealing(error)
        }
        do throws(SystemError) {
            if try fileSystem.status(of: path) != nil { try fileSystem.remove(path) }
            let file = try fileSystem.open(path, .createNew)
            // Every page is read once, in order, by one cursor over its tree or another.
            pages = PageFile(
                file,
                geometry: geometry,
                key: place.key,
                archive: place.archive,
                generation: generation.span.u64(at: 0),
                cacheByteLimit: 0
            )
        } catch {
            throw .system(error)
        }
        // What is sorted comes from all processors.
        var alone = options
        alone.threadCount = 1
        team = TreeTeam(pages, alone)
        pageEnd = geometry.firstPage
    }

    deinit {
        try? pages.file.close()
        try? fileSystem.remove(path)
    }

    /// Writes a run as a tree that comes after those before it.
    func append(_ run: SortedRun) throws(IndexError) {
        let built = try team.build(
            MergeInputs([], [run]),
            transaction: UInt64(trees.count + 1),
            behind: pageEnd
        )
        if let tree = built.tree { trees.append(tree) }
        pageEnd = built.pageEnd
    }

    /// A cursor over each tree, oldest first.
    func cursors() -> [TreeCursor] {
        trees.map { TreeCursor(pages, $0, pin: nil, isInPassing: true) }
    }
}
