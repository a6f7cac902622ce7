import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing

/// Reads what the batches of a list hold on all processors, and hands it over in order.
///
/// In memory are what a few megabytes of the log hold.
struct ReplayTeam {
    /// Touched only by the thread whose number it has, and by the team's owner when none runs.
    private final class Worker: @unchecked Sendable {
        let contents: BatchContents
        var buffer: [UInt8] = []

        init(_ contents: BatchContents) { self.contents = contents }
    }

    /// A batch, and what it holds; nil if that did not open.
    private struct FoundBatch: Sendable {
        let entries: LogEntries?
        let link: CommitLink
        let end: UInt64

        /// Whether all of it opened.
        var isOpen: Bool { entries?.erasedCount == 0 }
    }

    /// What a run was found to hold: all its batches, or those before one that is not as listed or
    /// cannot be read.
    private struct Found: Sendable {
        var batches: [FoundBatch] = []
        var isWhole = true
        var failure: LogError?
    }

    private let keys: any LogKeys
    private let workers: [Worker]
    private static let runByteCount: UInt64 = 512 << 10
    private static let runsAhead = 4

    init(keys: any LogKeys, dictionaries: DictionaryLibrary) {
        self.keys = keys
        workers = (0..<WorkerTeam.processorCount).map { _ in
            let opener = FrameOpener(keys: keys, dictionaries: dictionaries)
            return Worker(BatchContents(opener: opener, keys: keys))
        }
    }

    /// Visits the batches behind `end`, and moves it behind the last that is proved to follow.
    func read(
        _ list: CommitList,
        _ end: inout LogPlace,
        _ visit: (LogEntries, LogPlace) throws(LogError) -> Void
    ) throws(LogError) {
        let (keys, workers) = (keys, workers)
        let runs = list.runs(byteCount: Self.runByteCount)
        // A short log is read sooner than threads begin.
        guard runs.count > 1 else { return }
        var place = end
        defer { end = place }
        var isChained = true
        try WorkerTeam.inOrder(
            runs,
            threadCount: workers.count,
            ahead: workers.count * Self.runsAhead,
            { worker, run throws(LogError) in Self.read(run, workers[worker], keys) },
            { found throws(LogError) in
                for batch in found.batches where isChained {
                    guard batch.link.lastSequence >= place.link.lastSequence else {
                        isChained = false
                        break
                    }
                    // Its key may come from a collection that a batch before has made known since.
                    let entries =
                        batch.isOpen ? batch.entries : try read(again: batch.link, list)
                    guard let entries else {
                        isChained = false
                        break
                    }
                    place.link = batch.link
                    place.offset = batch.end
                    try visit(entries, place)
                }
                // Behind a break in the chain nothing of the log is believed, not even its damage.
                if isChained, let failure = found.failure { throw failure }
                if !found.isWhole { isChained = false }
            }
        )
    }

    private static func read(_ run: BatchRun, _ worker: Worker, _ keys: any LogKeys) -> Found {
        var found = Found()
        do throws(LogError) {
            var scanner = try run.scanner(logKey: keys.logKey, buffer: worker.buffer)
            worker.buffer = []
            defer { worker.buffer = scanner.buffer }
            for commit in run.commits {
                guard let batch = try scanner.next(),
                    batch.link.hash == run.list.commits[commit].leaf
                else {
                    found.isWhole = false
                    break
                }
                found.batches.append(
                    FoundBatch(
                        entries: try? worker.contents.entries(of: batch, in: scanner),
                        link: batch.link,
                        end: batch.end
                    )
                )
            }
        } catch {
            found.failure = error
        }
        return found
    }

    /// What the batch of `link` holds, now that everything before it is known; nil if it is not there.
    private func read(again link: CommitLink, _ list: CommitList) throws(LogError) -> LogEntries? {
        let commit = Int(link.number - list.firstLink.number - 1)
        let run = BatchRun(list: list, commits: commit..<(commit + 1))
        var scanner = try run.scanner(logKey: keys.logKey, buffer: [])
        guard let batch = try scanner.next(), batch.link.hash == link.hash else { return nil }
        return try workers[0].contents.entries(of: batch, in: scanner)
    }
}
