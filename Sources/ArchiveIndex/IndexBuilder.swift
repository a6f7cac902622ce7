internal import ArchiveFileIO
internal import SystemPackage

/// Builds an index anew, of one tree with next to no free page, from entries in any order.
///
/// What does not fit into memory is sorted in parts, which wait on the disk as sealed trees and are
/// merged once at the end: each entry is written twice and read once, however many there are. The
/// new index replaces the old one in a single step when it is whole.
package struct IndexBuilder: ~Copyable {
    /// Entries in memory at a time.
    ///
    /// More would not be faster: a part that does not fit into the processor's cache takes longer
    /// to sort and to read in order.
    package static let defaultMemoryByteCount = 16 * 1_024 * 1_024

    private let place: IndexPlace
    private let options: IndexOptions
    private let memoryByteCount: Int
    private var run = RunBuilder()
    private var scratch: ScratchTrees?

    package init(
        _ place: IndexPlace,
        _ options: IndexOptions,
        memoryByteCount: Int = Self.defaultMemoryByteCount
    ) {
        self.place = place
        self.options = options
        self.memoryByteCount = memoryByteCount
    }

    /// Adds entries that `add` appends to a run; of equal keys the last one wins.
    package mutating func append(_ add: (inout RunBuilder) -> Void) throws(IndexError) {
        add(&run)
        if run.byteCount >= memoryByteCount { try spill() }
    }

    /// Writes the index, which covers `coverage`, in place of any that is there, and opens it.
    ///
    /// Durable when it returns. If it throws, what was there still is.
    package consuming func finish(covering coverage: [UInt8]) throws(IndexError) -> Index {
        let inputs = MergeInputs(scratch?.cursors() ?? [], [run.finish()])
        try withExtendedLifetime(scratch) { () throws(IndexError) in
            try Index.replace(place, options, with: inputs, covering: coverage)
        }
        return try Index.open(place, options)
    }

    private mutating func spill() throws(IndexError) {
        if scratch == nil {
            guard let geometry = PageGeometry(pageByteCount: options.pageByteCount) else {
                preconditionFailure("a page has a power of two of bytes, 512 to 65,536")
            }
            scratch = try ScratchTrees(for: place, geometry: geometry, options)
        }
        let full = run
        run = RunBuilder()
        // The next part is about as large, and need not grow step by step.
        run.reserve(like: full)
        try scratch?.append(full.finish())
    }
}

extension Index {
    /// Writes an index of one tree with all entries of `inputs`, and puts it in the place of any that
    /// is there.
    ///
    /// Durable when it returns. If it throws, what was there still is. Who has the old file open may go
    /// on reading it; nothing more comes into it.
    static func replace(
        _ place: IndexPlace,
        _ options: IndexOptions,
        with inputs: MergeInputs,
        covering coverage: [UInt8]
    ) throws(IndexError) {
        let new = place.adding(".new")
        try removeIfThere(new)
        do throws(IndexError) {
            // The first meta covers nothing, so that it is not taken for the whole index.
            let index = try Index.create(new, options, covering: [])
            try index.fill(with: inputs, covering: coverage)
            try index.close()
        } catch {
            // A disk that is full must not stay full for it.
            try? removeIfThere(new)
            throw error
        }
        do throws(SystemError) {
            try place.fileSystem.rename(new.path, to: place.path)
            try place.fileSystem.synchronizeDirectory(place.path.directory)
        } catch {
            throw .system(error)
        }
    }

    /// Closes the index after writing it anew, nearly without free pages, and with `runs`, oldest first,
    /// after which it covers `coverage`.
    ///
    /// If the new file cannot be written, the old one stays, and nothing is closed.
    package func closeCompacted(
        applying runs: [SortedRun] = [],
        covering coverage: [UInt8]? = nil
    ) throws(IndexError) {
        try requireSound()
        let view = try view()
        let cursors = meta.trees.map { TreeCursor(pages, $0, pin: nil, isInPassing: true) }
        let inputs = MergeInputs(cursors, runs)
        try withExtendedLifetime(view) { () throws(IndexError) in
            try Self.replace(place, options, with: inputs, covering: coverage ?? self.coverage)
        }
        try close()
    }

    private static func removeIfThere(_ place: IndexPlace) throws(IndexError) {
        do throws(SystemError) {
            guard try place.fileSystem.status(of: place.path) != nil else { return }
            try place.fileSystem.remove(place.path)
        } catch {
            throw .system(error)
        }
    }
}
