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
        let list = try await archive.read { _ throws(ArchiveError) in
            SourceList(paths.map { FilePath($0) }, in: system)
        }
        let reader = ImportReader(list.files, in: system, options, cancellation)
        var ledger = ImportLedger(list)
        var batch = try await next(reader, cancellation)
        while let filled = batch, !cancellation.isCancelled {
            // While this batch is written the next one is filled.
            async let following = next(reader, cancellation)
            do {
                let receipts = try await commit(filled, ledger.takeFinished(), cancellation)
                ledger.settle(filled, receipts)
                progress?(ledger.progress)
                batch = try await following
            } catch {
                guard cancellation.isCancelled else { throw ArchiveError.wrapping(error) }
            }
        }
        if cancellation.isCancelled { ledger.interrupt() }
        let finished = ledger.takeFinished()
        if !finished.isEmpty { _ = try await commit(nil, finished, cancellation) }
        return ledger.summary
    }

    private func next(
        _ reader: ImportReader,
        _ cancellation: Cancellation
    ) async throws(ArchiveError) -> ImportBatch? {
        do {
            return try await archive.read { view throws(ArchiveError) in
                try reader.nextBatch(view)
            }
        } catch  where error.code == .cancelled && cancellation.isCancelled {
            return nil
        }
    }

    /// Makes a batch durable, and with it the lists of files that were finished before.
    ///
    /// The receipts are those of the batch's records, the large one last. In a task of its own, which
    /// is not cancelled: an import that is stopped keeps what it has read, and ends behind it.
    private func commit(
        _ batch: ImportBatch?,
        _ lists: [NewRecord],
        _ cancellation: Cancellation
    ) async throws(ArchiveError) -> [Receipt] {
        let writing = Task { try await write(batch, lists, cancellation) }
        do { return try await writing.value } catch { throw ArchiveError.wrapping(error) }
    }

    private func write(
        _ batch: ImportBatch?,
        _ lists: [NewRecord],
        _ cancellation: Cancellation
    ) async throws -> [Receipt] {
        var receipts: [Receipt] = []
        var small = lists
        for list in lists where list.body.count > ImportTools.inlineByteLimit {
            try await archive.put(list)
        }
        small.removeAll { $0.body.count > ImportTools.inlineByteLimit }
        let together = small + (batch?.records ?? [])
        if !together.isEmpty {
            let all = try await archive.write { writing throws(ArchiveError) in
                for record in together { writing.put(record) }
            }
            receipts = Array(all.dropFirst(small.count))
        }
        if let large = batch?.large { receipts.append(try await put(large, cancellation)) }
        return receipts
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
