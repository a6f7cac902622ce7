package import ArchiveFileIO
import ArchiveSealing
public import Strongroom
import SystemPackage

/// Takes health records into an archive: FHIR bulk data and Bundles, HL7 v2 messages, and any other
/// file as it is.
///
/// Formats are told by content. Bytes are kept exactly; what does not parse is kept whole and counted.
/// Records get their subject, their terms to be found by, and their time. An import that was killed is
/// run again: what is there already is recognized by name and digest, nothing is stored twice.
public struct Importer: Sendable {
    /// How an import goes about it.
    public struct Options: Sendable {
        /// A name for the system that the records come from.
        ///
        /// Put before names and subjects, it keeps apart what two systems call the same.
        public var source: String?
        /// Bytes after which a batch is committed, and from which on a record is stored by itself.
        package var batchByteCount = ImportBatch.usualByteCount
        package var wholeByteCount = SourceSplitter.usualWholeLimit

        /// No name for the source.
        public init() {}
    }

    private let archive: Archive
    private let options: Options
    private let system: any FileSystem

    /// An importer into an archive that is open for writing.
    public init(into archive: Archive, options: Options = Options()) {
        self.init(into: archive, options: options, system: PosixFileSystem())
    }

    package init(into archive: Archive, options: Options, system: any FileSystem) {
        self.archive = archive
        self.options = options
        self.system = system
    }

    /// Imports files, and folders with all that is in them.
    ///
    /// Every record that the summary counts is durable. Files that cannot be read are listed in the
    /// summary and do not stop the rest; an error of the archive does. Cancelling the task ends the
    /// import, also in the middle of a long file, and the summary says so.
    public func run(
        _ paths: [String],
        progress: (@Sendable (ImportProgress) -> Void)? = nil
    ) async throws(ArchiveError) -> ImportSummary {
        let cancellation = Cancellation()
        let outcome = await withTaskCancellationHandler {
            do throws(ArchiveError) {
                return Result<_, ArchiveError>.success(try await run(paths, cancellation, progress))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try outcome.get()
    }

    private func run(
        _ paths: [String],
        _ cancellation: Cancellation,
        _ progress: (@Sendable (ImportProgress) -> Void)?
    ) async throws(ArchiveError) -> ImportSummary {
        let system = system
        let start = await archive.latest()
        let list = try await archive.read(start) { _ throws(ArchiveError) in
            SourceList(paths.map { FilePath($0) }, in: system)
        }
        let reader = ImportReader(list.files, in: system, options, cancellation)
        var ahead = ReadAhead(reader, of: archive, cancellation)
        do throws(ArchiveError) {
            return try await run(list, start, &ahead, cancellation, progress)
        } catch {
            // Nobody wants what is still being read.
            cancellation.cancel()
            await ahead.finish()
            throw error
        }
    }

    private func run(
        _ list: SourceList,
        _ start: ArchiveView,
        _ ahead: inout ReadAhead,
        _ cancellation: Cancellation,
        _ progress: (@Sendable (ImportProgress) -> Void)?
    ) async throws(ArchiveError) -> ImportSummary {
        var ledger = ImportLedger(list)
        var watch = SequenceWatch(start)
        var sight = watch.sight(Task { start })
        for _ in 0..<ReadAhead.count { ahead.begin(sight) }
        // What batches begin with that are still being filled or wait; it is durable only with those.
        var lists: [NewRecord] = []
        while let filled = try await ahead.next(), !cancellation.isCancelled {
            let finished = ledger.takeFinished()
            let short = finished.filter(\.isShort)
            // While this batch is written others are filled.
            ahead.begin(sight, after: short)
            let latest = ahead.look()
            lists.removeFirst(filled.listCount)
            lists += short
            do {
                let longLists = try await put(finished.filter { !$0.isShort })
                let receipts = try await commit(filled, cancellation)
                ledger.settle(filled, receipts)
                progress?(ledger.progress)
                // Before these receipts: the view may have been taken earlier.
                sight = watch.sight(latest)
                watch.note(longLists + receipts)
            } catch {
                guard cancellation.isCancelled else { throw ArchiveError.wrapping(error) }
            }
        }
        await ahead.finish()
        if cancellation.isCancelled { ledger.interrupt() }
        if lists.isEmpty { lists = ledger.takeFinished() }
        while !lists.isEmpty {
            _ = try await put(lists)
            lists = ledger.takeFinished()
        }
        return ledger.summary
    }

    /// Makes a batch durable.
    ///
    /// The receipts are those of the batch's records, the large one last. In a task of its own, which
    /// is not cancelled: an import that is stopped keeps what it has read, and ends behind it.
    private func commit(
        _ batch: ImportBatch,
        _ cancellation: Cancellation
    ) async throws(ArchiveError) -> [Receipt] {
        let writing = Task {
            var receipts = try await archive.write(batch.records)
            if let large = batch.large { receipts.append(try await put(large, cancellation)) }
            return receipts
        }
        do { return try await writing.value } catch { throw ArchiveError.wrapping(error) }
    }

    /// Makes lists of files durable, in a task of its own as well; the receipts are in the order of
    /// the commits.
    private func put(_ lists: [NewRecord]) async throws(ArchiveError) -> [Receipt] {
        guard !lists.isEmpty else { return [] }
        let writing = Task {
            var receipts: [Receipt] = []
            for list in lists where !list.isShort {
                receipts.append(try await archive.put(list))
            }
            return receipts
                + (try await archive.write { writing throws(ArchiveError) in
                    for list in lists where list.isShort { writing.put(list) }
                })
        }
        do { return try await writing.value } catch { throw ArchiveError.wrapping(error) }
    }

    private func put(
        _ large: LargeRecord,
        _ cancellation: Cancellation
    ) async throws(ArchiveError) -> Receipt {
        guard case .file(let file, let offset, let byteCount, let digest) = large.body else {
            return try await archive.put(large.record)
        }
        let body = FileBody(
            file,
            offset: offset,
            byteCount: byteCount,
            digest: digest,
            cancellation
        )
        return try await archive.put(large.record) { try body.next() }
    }
}

extension NewRecord {
    /// Whether the archive takes it as a part of a batch.
    fileprivate var isShort: Bool { body.count <= ImportTools.inlineByteLimit }
}
