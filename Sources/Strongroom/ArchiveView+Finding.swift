import ArchiveBytes
import ArchiveFormat

/// What records to look for.
///
/// All conditions must hold.
public struct RecordQuery: Sendable {
    /// The collection; nil for all but the engine's own.
    public var collection: String? = "records"
    /// Names begin so.
    public var namePrefix: String?
    /// The record's subject, or, for one record about several people, a term `patient:` with it.
    public var subject: String?
    /// Terms that the record has, all of them, such as `type:Observation`.
    public var terms: [String] = []
    /// The event, or for records without one the recording, is in this range of microseconds since
    /// 1970.
    public var eventRange: Range<Int64>?
    /// Versions that are not current, and deletions, as well.
    public var includesHistory = false

    /// A query that every current record of the collection `records` matches.
    public init() {}
}

extension ArchiveView {
    /// Visits the records that match, until `visit` answers false: by subject or term in the order of
    /// events, else in the order of names.
    ///
    /// The most selective index is walked, the other conditions are checked on the records. Memory is
    /// bounded by one page of places, whatever the number of records.
    public func forEach(
        _ query: RecordQuery,
        _ visit: (Record) throws -> Bool
    ) throws(ArchiveError) {
        do {
            if query.subject != nil || !query.terms.isEmpty {
                try forEachByTerm(query, visit)
            } else {
                try forEachByName(query, visit)
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    /// Records in the order of their sequence numbers, from `first` on.
    package func forEachInOrder(
        from first: UInt64 = 0,
        _ visit: (Record) throws -> Bool
    ) throws(ArchiveError) {
        do {
            try pages(
                from: [IndexKeys.Table.time.rawValue],
                to: [IndexKeys.Table.time.rawValue + 1]
            ) { sequence, place in
                guard sequence >= first, sequence <= lastSequence else { return true }
                return try visit(try reader.record(at: place))
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    private func forEachByTerm(_ query: RecordQuery, _ visit: (Record) throws -> Bool) throws {
        // Records of one subject have it as their own; those that name several have a term for each.
        var prefixes: [[UInt8]] = []
        if let subject = query.subject {
            prefixes = [
                IndexKeys.subjectPrefix(subject), IndexKeys.termPrefix("patient:\(subject)"),
            ]
        } else if let term = query.terms.first {
            prefixes = [IndexKeys.termPrefix(term)]
        }
        var seen: Set<UInt64> = []
        var goesOn = true
        for (index, prefix) in prefixes.enumerated() where goesOn {
            try pages(from: prefix, to: prefix.prefixEnd) { sequence, place in
                guard sequence <= lastSequence, !seen.contains(sequence) else { return true }
                let record = try reader.record(at: place)
                guard try matches(record, query) else { return true }
                // Only a second walk can meet a record again.
                if prefixes.count > 1 && index == 0 { seen.insert(sequence) }
                goesOn = try visit(record)
                return goesOn
            }
        }
    }

    private func forEachByName(_ query: RecordQuery, _ visit: (Record) throws -> Bool) throws {
        var start = [IndexKeys.Table.name.rawValue]
        var end = start.prefixEnd
        if let collection = query.collection {
            (start, end) = IndexKeys.names(collection, beginning: query.namePrefix ?? "")
        }
        if query.includesHistory {
            return try pages(from: start, to: end) { sequence, place in
                guard sequence <= lastSequence else { return true }
                let record = try reader.record(at: place)
                return try !matches(record, query) || visit(record)
            }
        }
        var sweep = Sweep(reader, .scattered)
        var next: [UInt8]? = start
        var count = Self.firstPageCount
        while let first = next {
            let page = try currentPage(from: first, to: end, count: count)
            let goesOn = try sweep.visit(page.runs) { record, _ in
                try !matches(record, query, isCurrent: true) || visit(record)
            }
            guard goesOn else { return }
            count = min(2 * count, Self.pageCount)
            next = page.next
        }
    }

    private func matches(
        _ record: Record,
        _ query: RecordQuery,
        isCurrent: Bool = false
    ) throws -> Bool {
        if let collection = query.collection {
            guard record.collection.hasSameBytes(as: collection) else { return false }
        } else if record.collection == SystemRecords.collection {
            return false
        }
        if let prefix = query.namePrefix, !record.name.utf8.starts(with: prefix.utf8) {
            return false
        }
        if let subject = query.subject,
            !record.subject.hasSameBytes(as: subject),
            !record.has(term: "patient:\(subject)")
        {
            return false
        }
        guard query.terms.allSatisfy(record.has(term:)) else { return false }
        if let range = query.eventRange {
            let start = record.eventStart ?? record.recorded
            let end = record.eventEnd ?? start
            guard start < range.upperBound, end >= range.lowerBound else { return false }
        }
        if query.includesHistory || isCurrent { return true }
        return try !record.isDeleted && self.isCurrent(record)
    }

    /// Walks a range of the index in pages, so that no cursor is held while records are read.
    private func pages(
        from start: [UInt8],
        to end: [UInt8],
        _ visit: (UInt64, RecordPlace) throws -> Bool
    ) throws {
        var next: [UInt8]? = start
        while let first = next {
            var page: [PlaceRun] = []
            page.reserveCapacity(Self.pageCount)
            next = try self.page(from: first, to: end, count: Self.pageCount) { page.append($0) }
            for place in page.lazy.flatMap(\.places) {
                guard try visit(place.sequence, place) else { return }
            }
        }
    }
}
