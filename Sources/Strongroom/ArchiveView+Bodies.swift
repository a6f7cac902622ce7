import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat

extension ArchiveView {
    /// The newest version of a name with its body, or nil if there is none or it is deleted.
    ///
    /// The same as ``record(named:in:)`` and ``body(of:)``, for the cost of one. A body that is too
    /// large for memory is read in pieces: ``forEachPiece(of:_:)``.
    public func recordWithBody(
        named name: String,
        in collection: String = "records"
    ) throws(ArchiveError) -> (record: Record, body: [UInt8])? {
        guard let place = try place(of: name, in: collection) else { return nil }
        let (record, inlineBody) = try reader.recordWithBody(
            at: place,
            like: Self.likely(name, collection)
        )
        if let inlineBody { return (record, inlineBody) }
        return (record, try body(of: record))
    }

    /// Visits all record versions with their bodies, deletions included, about in the order of the
    /// log, until `visit` answers false.
    ///
    /// This is the fastest way to read everything: the log is read ahead and opened on all
    /// processors. Records are visited on the caller's thread, earlier commits before later ones. The
    /// body is nil where it is so large that it is read in pieces: ``forEachPiece(of:_:)``. Memory is
    /// bounded: some thousand records, or the records in about 32 MB of bodies. A body is a piece of its
    /// pack: copy one that is kept, for it keeps its neighbours in memory.
    public func forEachInLogOrder(
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws(ArchiveError) {
        do {
            var sweep = Sweep(reader, .storage)
            var count = Self.firstLogPageCount
            var page = try logPage(from: [IndexKeys.Table.time.rawValue], count)
            while true {
                count = min(2 * count, Self.logPageCount)
                // The index tells what comes next while the records of this page are opened.
                let following = page.next.map { start in
                    WorkerTeam.begin { [count] in
                        Result { () throws(ArchiveError) in try logPage(from: start, count) }
                    }
                }
                // Whatever ends the walk: nothing of it goes on behind the caller's back.
                defer { _ = following?.wait() }
                guard try sweep.visit(page.runs, visit), let following else { return }
                page = try following.wait().get()
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    /// Where `count` record versions or somewhat more are, and where in the table of times the next are.
    private func logPage(
        from start: [UInt8],
        _ count: Int
    ) throws(ArchiveError) -> (runs: [PlaceRun], next: [UInt8]?) {
        var runs: [PlaceRun] = []
        // Most runs are a pack's.
        runs.reserveCapacity(count / 8)
        let end = [IndexKeys.Table.time.rawValue + 1]
        let next = try page(from: start, to: end, count: count) {
            if let run = $0.upTo(lastSequence) { runs.append(run) }
        }
        runs.sort { $0.first.isBefore($1.first) }
        return (runs, next)
    }

    /// Visits the current records of a collection whose names are `name` or come behind it, with
    /// their bodies, in the order of the names' bytes, until `visit` answers false or `limit` were
    /// visited.
    ///
    /// What a limit asks for is read ahead and opened on all processors. The body is nil where it is
    /// so large that it is read in pieces: ``forEachPiece(of:_:)``; else it is a piece of its pack, so copy
    /// one that is kept.
    public func forEach(
        from name: String,
        in collection: String = "records",
        limit: Int = .max,
        _ visit: (Record, ArraySlice<UInt8>?) throws -> Bool
    ) throws(ArchiveError) {
        do {
            var sweep = Sweep(reader, .scattered)
            var start: [UInt8]? = IndexKeys.names(collection, beginning: name).start
            let end = IndexKeys.collectionPrefix(collection).prefixEnd
            var rest = limit
            var count = min(limit, Self.firstPageCount)
            while let first = start, rest > 0 {
                let page = try currentPage(from: first, to: end, count: min(count, rest))
                guard try sweep.visit(page.runs, visit) else { return }
                rest -= page.runs.count
                count = min(2 * count, Self.pageCount)
                start = page.next
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }
}

// Walks through the index in pages, so that no cursor is held while records are read.
extension ArchiveView {
    /// Entries of a page, once a walk has shown that it is long.
    static var pageCount: Int { 512 }
    /// Record versions of the first page of a walk in the order of the log, which must not be waited for
    /// long, and of a later one, at whose end processors wait for each other.
    private static var firstLogPageCount: Int { 4_096 }
    private static var logPageCount: Int { 32_768 }
    /// Entries of a walk's first page, most of which many callers leave unread.
    static var firstPageCount: Int { 128 }

    /// Visits where `count` record versions of a table are, or somewhat more if one entry stands for
    /// several; answers where the next page begins, or nil.
    func page(
        from start: [UInt8],
        to end: [UInt8],
        count: Int,
        _ visit: (PlaceRun) -> Void
    ) throws(ArchiveError) -> [UInt8]? {
        var seen = 0
        var next: [UInt8]?
        try scan(from: start, to: end) { key, value throws(DecodingError) in
            let run = try PlaceRun(key, value)
            visit(run)
            seen += run.count
            if seen >= count { next = [UInt8](copying: key) + [0] }
            return seen < count
        }
        return next
    }

    /// The places of the current versions of up to `count` names, and where the next page begins.
    ///
    /// The versions of a name stand newest first, so that the first one that this view sees is
    /// current, and no other.
    func currentPage(
        from start: [UInt8],
        to end: [UInt8],
        count: Int
    ) throws(ArchiveError) -> (runs: [PlaceRun], next: [UInt8]?) {
        var runs: [PlaceRun] = []
        runs.reserveCapacity(count)
        // What the key of the last entry has of its name.
        var name: [UInt8] = []
        var isFull = false
        try scan(from: start, to: end) { key, value throws(DecodingError) in
            let sequence = IndexKeys.sequence(key)
            guard sequence <= lastSequence else { return true }
            let found = key.extracting(..<IndexKeys.byteCountBeforeSequence(key))
            guard !found.isEqual(to: name.span) else { return true }
            name.removeAll(keepingCapacity: true)
            name.append(copying: found)
            let value = try IndexValue(value, sequence: sequence)
            if value.note & IndexKeys.tombstone == 0 { runs.append(PlaceRun(value.place)) }
            isFull = runs.count == count
            return !isFull
        }
        return (runs, isFull ? name.prefixEnd : nil)
    }
}
