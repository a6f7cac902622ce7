import ArchiveBytes
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Synchronization

/// Holds the index against the log: each record version of the log must have all its entries, and
/// there must be no other.
///
/// Both sides are added up, the log's in any order and on any thread: two sets of entries are the
/// same if as many entries give the same sum of hashes, whose key is drawn anew in each process. The
/// index is read once from front to back, and entries are looked up one by one only to name those
/// that are wrong.
final class IndexComparison: Sendable {
    private let state: ReadState
    private let log: LogSum

    /// `log` may have taken packs before there was an index.
    init(_ state: ReadState, _ log: LogSum = LogSum()) {
        self.state = state
        self.log = log
    }

    var chunked: [RecordPlace] { log.chunked }

    /// Entries that the records make which were taken.
    var expectedCount: UInt64 { log.sum.entryCount }

    /// Entries that the index has, those of chunks included; of times as many as there are runs.
    var entryCount: UInt64 {
        state.index.view.entryCount + UInt64(state.index.runs.reduce(0) { $0 + $1.count })
    }

    /// Takes the record versions of a pack of the log.
    ///
    /// What a writer commits meanwhile is beyond this state.
    func take(_ pack: OpenedPack) { log.take(pack, upTo: state.link.lastSequence) }

    /// Whether the index's entries of records, added up, are those of the records that were taken.
    func isEqual(to found: EntrySum) -> Bool {
        log.sum == found
    }

    /// Adds up what the index has of records, those that `file` found in the file's trees; nil if a page is
    /// damaged.
    ///
    /// The file is read again only if meanwhile it holds another version than this state. Where two trees
    /// have one key both entries count, and the sums differ: entries that are looked up one by one then
    /// tell the truth. Only failures of the operating system throw.
    func sum(_ file: FileSum, of report: IndexReport) throws(IndexError) -> IndexSum? {
        guard report.isSound, report.transaction == state.index.view.transaction else {
            return try sumOfIndex()
        }
        for run in state.index.runs {
            for index in 0..<run.count { run.withEntry(index) { file.add($0, $1) } }
        }
        return file.sum
    }

    /// The same from the state alone.
    func sumOfIndex() throws(IndexError) -> IndexSum? {
        let found = FileSum()
        do throws(IndexError) {
            var cursor = state.index.cursor()
            let first: [UInt8] = []
            var isThere = try cursor.seek(atOrAfter: first.span)
            while isThere {
                cursor.withEntry { found.add($0, $1) }
                isThere = try cursor.next()
            }
        } catch {
            if case .system = error { throw error }
            return nil
        }
        return found.sum
    }

    /// The records of the log, as far as it can be read, that have not all their entries.
    func wrongRecords(of log: LogReplay) throws(ArchiveError) -> [Damage] {
        var damages: [Damage] = []
        var failure: IndexError?
        // Where the log cannot be read on, that is reported already.
        _ = try? log.run(from: .start) { entries, _ in
            for record in entries.records
            where record.sequence <= state.link.lastSequence && failure == nil {
                let place = RecordPlace(record, in: entries.segment)
                guard isWrong(record, at: place, &failure) else { continue }
                damages.append(
                    Damage(
                        file: "index/records.btree",
                        sequences: record.sequence...record.sequence,
                        "an entry is missing or wrong; `strongroom rebuild-index` makes the index "
                            + "anew"
                    )
                )
            }
        }
        if let failure { throw ArchiveError(failure) }
        return damages
    }

    /// `failure` is set if the system does not let the index be read.
    private func isWrong(
        _ record: DirectoryRecord,
        at place: RecordPlace,
        _ failure: inout IndexError?
    ) -> Bool {
        var builder = RunBuilder()
        var value: [UInt8] = []
        IndexKeys.append(record, in: place.segment, to: &builder, &value)
        var isWrong = false
        do {
            let time = IndexKeys.time(record.recorded, sequence: record.sequence)
            let run = try state.index.timeRun(holding: time.span)
            if run?.place(of: record.sequence) != place { isWrong = true }
        } catch IndexError.system(let error) {
            failure = .system(error)
        } catch {
            isWrong = true
        }
        builder.visit { key, value in
            do throws(IndexError) {
                let found = try state.index.value(for: key)
                if found?.span.isEqual(to: value) != true { isWrong = true }
            } catch {
                if case .system = error { failure = error } else { isWrong = true }
            }
        }
        return isWrong && failure == nil
    }
}

/// What the entries of an index add up to.
struct IndexSum: Sendable {
    var records = EntrySum()
    var chunkCount: UInt64 = 0

    var entryCount: UInt64 { records.entryCount + chunkCount }
}

/// Adds up the entries that an index has.
final class FileSum {
    private var found = IndexSum()
    private var isMalformed = false
    private let hash = EntryHash()

    /// Nil if an entry was malformed.
    var sum: IndexSum? { isMalformed ? nil : found }

    func add(_ key: Span<UInt8>, _ value: Span<UInt8>) {
        switch key[0] {
        case IndexKeys.Table.chunk.rawValue: found.chunkCount += 1
        case IndexKeys.Table.time.rawValue: addTimes(key, value)
        default: found.records.add(hash.whole(key, value))
        }
    }

    /// Adds an entry for each record version of a ``TimeRun``.
    private func addTimes(_ key: Span<UInt8>, _ value: Span<UInt8>) {
        let end = IndexKeys.byteCountBeforeSequence(key)
        guard end > 0, let (first, count) = try? TimeRun.places(key, value) else {
            isMalformed = true
            return
        }
        let time = hash.begin(IndexKeys.Table.time.rawValue, key.extracting(1..<end))
        for number in 0..<count {
            var place = first
            place.sequence += number
            place.slot += Int(number)
            found.records.add(hash.end(time, place))
        }
    }
}
