import ArchiveBytes
import ArchiveSealing

extension DirectoryBlock {
    /// What a search wants to know of a block: the versions of one name, and where chunks are.
    package struct Wanted: Sendable {
        package let collection: String
        fileprivate let name: [UInt8]
        /// Where records are whose names, behind a prefix, are collections.
        fileprivate let registry: (collection: String, prefix: [UInt8])

        package init(
            name: String,
            in collection: String,
            registry: (collection: String, prefix: String)
        ) {
            self.collection = collection
            self.name = Array(name.utf8)
            self.registry = (registry.collection, Array(registry.prefix.utf8))
        }
    }

    /// What a search finds in a block.
    package struct Searched: Sendable {
        /// The versions of the name, without their terms.
        package var records: [DirectoryRecord] = []
        package var chunks: [DirectoryChunk] = []
        /// The numbers of all records of the block.
        package var sum = SequenceSum()
        /// Collections that records of the block make known.
        package var collections: [String] = []
    }

    /// Decodes of a block only what is wanted: a thousand records in the time of one commit.
    ///
    /// The rest is passed over, and checked no further than that needs.
    package static func search(
        _ bytes: Span<UInt8>,
        for wanted: Wanted
    ) throws(FormatError) -> Searched {
        do {
            var search = BlockSearch(wanted)
            return try search.run(bytes)
        } catch {
            throw FormatError(.damaged, "a directory block is malformed (\(error))")
        }
    }
}

/// The numbers of some records, as far as sums of them tell them.
package struct SequenceSum: Equatable, Sendable {
    package private(set) var count: UInt64 = 0
    package private(set) var lowest: RecordSequence?
    package private(set) var highest: RecordSequence?
    private var sum: UInt64 = 0
    private var squares: UInt64 = 0

    package init() {}

    package mutating func add(_ sequence: RecordSequence) {
        count += 1
        sum &+= sequence
        squares &+= sequence &* sequence
        lowest = min(lowest ?? sequence, sequence)
        highest = max(highest ?? sequence, sequence)
    }

    package mutating func add(_ other: SequenceSum) {
        guard let low = other.lowest, let high = other.highest else { return }
        count += other.count
        sum &+= other.sum
        squares &+= other.squares
        lowest = min(lowest ?? low, low)
        highest = max(highest ?? high, high)
    }
}

/// A walk over a block's entries that keeps no texts but the last name.
private struct BlockSearch {
    private let wanted: DirectoryBlock.Wanted
    private let collection: [UInt8]
    private var cursor = ByteCursor()
    private var name: [UInt8] = []
    private var isWantedCollection = false
    private var isRegistry = false

    init(_ wanted: DirectoryBlock.Wanted) {
        self.wanted = wanted
        collection = Array(wanted.collection.utf8)
    }

    mutating func run(
        _ bytes: Span<UInt8>
    ) throws(DecodingError) -> DirectoryBlock.Searched {
        let domain = try domain(bytes)
        var block = DirectoryBlock.Searched()
        var last = DirectoryRecord(domain: domain)
        isWantedCollection = last.collection == wanted.collection
        isRegistry = domain == .collection(wanted.registry.collection)
        for _ in 0..<(try cursor.count(bytes, limit: DirectoryBlock.plaintextLimit)) {
            try step(bytes, &last)
            block.sum.add(last.sequence)
            if isRegistry, name.starts(with: wanted.registry.prefix) {
                let known = name.dropFirst(wanted.registry.prefix.count)
                block.collections.append(String(decoding: known, as: UTF8.self))
            }
            guard isWantedCollection, name == wanted.name else { continue }
            var found = last
            found.collection = wanted.collection
            found.name = String(decoding: name, as: UTF8.self)
            block.records.append(found)
        }
        for _ in 0..<(try cursor.count(bytes, limit: DirectoryBlock.plaintextLimit)) {
            let id = try cursor.range(bytes, count: Digest.byteCount)
            let offset = try cursor.count(bytes, limit: Int(Limits.frameOffset / 8))
            block.chunks.append(
                DirectoryChunk(
                    id: Digest(reading: bytes, at: id.lowerBound),
                    frameOffset: UInt64(offset) * 8
                )
            )
        }
        guard cursor.offset == bytes.count else { throw .malformed }
        return block
    }

    private mutating func domain(_ bytes: Span<UInt8>) throws(DecodingError) -> KeyDomainName {
        let kind = try cursor.byte(bytes)
        let limit = kind == 0 ? Limits.collection : Limits.subject
        let range = try text(bytes, limit: limit)
        let copy = [UInt8](copying: bytes.extracting(range))
        guard kind <= 1, let text = String(validating: copy, as: UTF8.self) else {
            throw .malformed
        }
        return kind == 0 ? .collection(text) : .subject(text)
    }

    /// Takes one record's numbers and the rest of its name; see `DirectoryBlock.encode()`.
    private mutating func step(
        _ bytes: Span<UInt8>,
        _ record: inout DirectoryRecord
    ) throws(DecodingError) {
        let flags = try cursor.byte(bytes)
        record.isTombstone = flags & DirectoryBlock.Flag.tombstone != 0
        record.sequence &+= UInt64(bitPattern: try cursor.zigzag(bytes))
        let offset = Int64(record.frameOffset / 8).addingReportingOverflow(
            try cursor.zigzag(bytes)
        )
        guard !offset.overflow, offset.partialValue >= 0,
            offset.partialValue <= Int64(Limits.frameOffset / 8)
        else { throw .overLimit }
        record.frameOffset = UInt64(offset.partialValue) * 8
        record.slot = try cursor.count(bytes, limit: Limits.recordsPerPack)
        record.recorded = Timestamp(
            microseconds: record.recorded.microseconds &+ (try cursor.zigzag(bytes))
        )
        record.eventStart = nil
        if flags & DirectoryBlock.Flag.event != 0 {
            record.eventStart = Timestamp(microseconds: try cursor.zigzag(bytes))
        }
        if flags & DirectoryBlock.Flag.collection != 0 {
            let range = try text(bytes, limit: Limits.collection)
            isWantedCollection = bytes.extracting(range).isEqual(to: collection.span)
        }
        let shared = try cursor.count(bytes, limit: name.count)
        let rest = try text(bytes, limit: Limits.name)
        name.removeLast(name.count - shared)
        name.append(copying: bytes.extracting(rest))
        for _ in 0..<(try cursor.count(bytes, limit: Limits.terms)) {
            _ = try text(bytes, limit: Limits.term)
        }
    }

    /// Where a text behind its length stands.
    private mutating func text(
        _ bytes: Span<UInt8>,
        limit: Int
    ) throws(DecodingError) -> Range<Int> {
        try cursor.range(bytes, count: try cursor.count(bytes, limit: limit))
    }
}
