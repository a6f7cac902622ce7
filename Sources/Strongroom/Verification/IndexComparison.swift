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
    private struct Sum {
        var entryCount: UInt64 = 0
        var hash = 0
        /// Records whose body is in chunks: it is read whole afterwards.
        var chunked: [RecordPlace] = []
    }

    private let state: ReadState
    private let log = Mutex(Sum())

    init(_ state: ReadState) { self.state = state }

    var chunked: [RecordPlace] {
        log.withLock { $0.chunked }.sorted {
            ($0.segment, $0.frameOffset, $0.slot) < ($1.segment, $1.frameOffset, $1.slot)
        }
    }

    /// Entries that the records make which were taken.
    var expectedCount: UInt64 { log.withLock { $0.entryCount } }

    /// Entries that the index has, those of chunks included.
    var entryCount: UInt64 {
        state.index.view.entryCount + UInt64(state.index.runs.reduce(0) { $0 + $1.count })
    }

    /// Takes the record versions of a pack of the log.
    func take(_ pack: OpenedPack) {
        var builder = RunBuilder()
        var value: [UInt8] = []
        var chunked: [RecordPlace] = []
        let records = pack.records.span
        for index in records.indices {
            // What a writer commits meanwhile is beyond this state.
            if records[index].sequence <= state.link.lastSequence {
                IndexKeys.append(records[index], in: pack.segment, to: &builder, &value)
            }
            if pack.entries[index].body != .inline {
                chunked.append(RecordPlace(records[index], in: pack.segment))
            }
        }
        var hash = 0
        builder.visit { key, value in hash &+= Self.hash(key, value) }
        log.withLock { sum in
            sum.entryCount += UInt64(builder.count)
            sum.hash &+= hash
            sum.chunked += chunked
        }
    }

    /// What the index has of records: how many entries, and the sum of their hashes.
    struct IndexSum: Equatable, Sendable {
        var entryCount: UInt64 = 0
        var hash = 0
    }

    /// Whether the index's entries of records, added up, are those of the records that were taken.
    func isEqual(to found: IndexSum) -> Bool {
        log.withLock { $0.entryCount == found.entryCount && $0.hash == found.hash }
    }

    /// Adds up what the index has of records; nil if it cannot be read.
    func sumOfIndex() -> IndexSum? {
        var entryCount: UInt64 = 0
        var hash = 0
        do {
            var cursor = state.index.cursor()
            let first: [UInt8] = []
            var isThere = try cursor.seek(atOrAfter: first.span)
            while isThere {
                cursor.withEntry { key, value in
                    guard key[0] != IndexKeys.Table.chunk.rawValue else { return }
                    entryCount += 1
                    hash &+= Self.hash(key, value)
                }
                isThere = try cursor.next()
            }
        } catch {
            return nil
        }
        return IndexSum(entryCount: entryCount, hash: hash)
    }

    /// The records of the log, as far as it can be read, that have not all their entries.
    func wrongRecords(of log: LogReplay) -> [Damage] {
        var damages: [Damage] = []
        // Where the log cannot be read on, that is reported already.
        _ = try? log.run(from: .start) { entries, _ in
            for record in entries.records where record.sequence <= state.link.lastSequence {
                let place = RecordPlace(record, in: entries.segment)
                guard isWrong(record, at: place) else { continue }
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
        return damages
    }

    private func isWrong(_ record: DirectoryRecord, at place: RecordPlace) -> Bool {
        var isWrong = false
        IndexKeys.entries(of: record, at: place) { key, value in
            let found = try? state.index.value(for: key)
            if found?.span.isEqual(to: value) != true { isWrong = true }
        }
        return isWrong
    }

    private static func hash(_ key: Span<UInt8>, _ value: Span<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(key.count)
        hasher.combine(bytes: key)
        hasher.combine(bytes: value)
        return hasher.finalize()
    }
}

extension Hasher {
    /// Adds eight bytes at a time.
    fileprivate mutating func combine(bytes: Span<UInt8>) {
        var offset = 0
        while offset + 8 <= bytes.count {
            combine(bytes.u64(at: offset))
            offset += 8
        }
        while offset < bytes.count {
            combine(bytes[offset])
            offset += 1
        }
    }
}
