import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Strongroom
import Synchronization
import SystemPackage

/// Reads source files one after the other and hands over batches.
///
/// It blocks while it reads, so it runs on a thread of its own: while a batch is being committed others
/// are filled.
final class ImportReader: Sendable {
    private let state: Mutex<ImportReading>

    init(
        _ files: [SourceFile],
        in system: any FileSystem,
        _ options: Importer.Options,
        _ cancellation: Cancellation
    ) {
        state = Mutex(ImportReading(files, in: system, options, cancellation))
    }

    /// The next batch, or nil when all files are read or nobody wants the rest.
    ///
    /// It begins with the lists given. What is seen must be everything but the batches handed over
    /// last that ``DuplicateCheck`` remembers.
    func nextBatch(
        _ sight: ImportSight,
        after lists: [NewRecord] = []
    ) throws(ArchiveError) -> ImportBatch? {
        try state.withLock { reading throws(ArchiveError) in
            try reading.nextBatch(sight, after: lists)
        }
    }
}

struct ImportReading {
    private let files: [SourceFile]
    private let system: any FileSystem
    private let options: Importer.Options
    private let cancellation: Cancellation
    private var tools: ImportTools
    private var naming: SourceNaming
    private var nextFile = 0
    private var nextBatchNumber = 0
    private var current: SourceReading?
    private var last: ImportBatch?
    /// The window's memory of the file that was read last.
    private var memory: [UInt8] = []
    private var lastRecordCount = 0

    init(
        _ files: [SourceFile],
        in system: any FileSystem,
        _ options: Importer.Options,
        _ cancellation: Cancellation
    ) {
        let label = options.source.map { $0 + "/" } ?? ""
        self.options = options
        self.cancellation = cancellation
        self.files = files
        self.system = system
        tools = ImportTools(label: label)
        naming = SourceNaming(label: label, in: system, cancellation)
    }

    mutating func nextBatch(
        _ sight: ImportSight,
        after lists: [NewRecord]
    ) throws(ArchiveError) -> ImportBatch? {
        let view = sight.view
        try tools.beginBatch(after: last, sight)
        last = nil
        var batch = ImportBatch(number: nextBatchNumber, byteLimit: options.batchByteCount)
        nextBatchNumber += 1
        // Mostly a batch holds about as many as the last.
        batch.records.reserveCapacity(lastRecordCount + lastRecordCount / 8)
        for list in lists {
            batch.byteCount += list.byteCountInBatch
            batch.records.put(list)
        }
        batch.listCount = lists.count
        while !batch.isFull {
            if current == nil {
                guard nextFile < files.count else { break }
                try open(&batch, view)
            }
            try readOn(&batch, view)
            // What was not read to its end looks like a failure, and is none.
            if cancellation.isCancelled { return nil }
        }
        batch.openByteCount = current?.takenByteCount ?? 0
        last = batch.withoutEvents
        lastRecordCount = batch.records.count
        return batch.events.isEmpty && batch.records.count == 0 && current == nil ? nil : batch
    }

    /// Opens the next file, unless the archive has it as it is.
    private mutating func open(
        _ batch: inout ImportBatch,
        _ view: ArchiveView
    ) throws(ArchiveError) {
        let (index, source) = (nextFile, files[nextFile])
        nextFile += 1
        let file: any File
        do throws(SystemError) {
            file = try system.open(source.path, .read)
        } catch {
            batch.events.append(.failure(file: index, error.description))
            return
        }
        file.adviseSequential()
        switch try naming.name(of: source, file, in: view) {
        case .success(.new(let name, let path)):
            // Given away, for whoever changes it must hold it alone.
            defer { memory = [] }
            current = SourceReading(
                index: index,
                source,
                name: name,
                path: path,
                file,
                wholeLimit: options.wholeByteCount,
                memory: memory,
                cancellation
            )
        case .success(.unchanged(let pieceCount)):
            batch.events.append(
                .unchanged(file: index, pieceCount: pieceCount, byteCount: source.byteCount)
            )
        case .failure(let error):
            batch.events.append(.failure(file: index, error.description))
        }
    }

    private mutating func readOn(
        _ batch: inout ImportBatch,
        _ view: ArchiveView
    ) throws(ArchiveError) {
        // Taken out while it works, so that it is changed in place and never copied.
        guard var reading = current.take() else { return }
        do {
            let isDone = try reading.fill(&batch, &tools, view)
            if isDone {
                memory = reading.memory
            } else {
                current = consume reading
            }
        } catch let error as SystemError {
            batch.events.append(.failure(file: reading.index, error.description))
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }
}
