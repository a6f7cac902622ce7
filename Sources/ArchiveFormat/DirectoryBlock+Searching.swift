import ArchiveBytes
import ArchiveSealing

extension DirectoryBlock {
    /// What a search wants to know of a block: the versions of one name, and where chunks are.
    package struct Wanted: Sendable {
        fileprivate let collectionName: String
        fileprivate let collection: [UInt8]
        fileprivate let name: [UInt8]
        /// Where records are whose names, behind a prefix, are collections.
        fileprivate let registry: (collection: [UInt8], prefix: [UInt8])

        package init(
            name: String,
            in collection: String,
            registry: (collection: String, prefix: String)
        ) {
            collectionName = collection
            self.collection = Array(collection.utf8)
            self.name = Array(name.utf8)
            self.registry = (Array(registry.collection.utf8), Array(registry.prefix.utf8))
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

/// A walk over a block's entries that keeps no texts: of names only how far they are the wanted one.
private struct BlockSearch {
    private let wanted: DirectoryBlock.Wanted
    private var cursor = ByteCursor()
    /// The last entry's length of name, and how many of its first bytes are those of the wanted one.
    private var nameByteCount = 0
    private var matchingByteCount = 0
    private var isWantedCollection = false
    /// The last entry's name, if it may make a collection known.
    private var name: [UInt8]?

    private var isWanted: Bool {
        isWantedCollection && matchingByteCount == nameByteCount
            && nameByteCount == wanted.name.count
    }

    init(_ wanted: DirectoryBlock.Wanted) { self.wanted = wanted }

    mutating func run(
        _ bytes: Span<UInt8>
    ) throws(DecodingError) -> DirectoryBlock.Searched {
        let (isSubject, domain) = try domain(bytes)
        var block = DirectoryBlock.Searched()
        var entry = DirectoryNumbers()
        for _ in 0..<(try cursor.count(bytes, limit: DirectoryBlock.plaintextLimit)) {
            try step(bytes, &entry)
            block.sum.add(entry.sequence)
            if let name, name.starts(with: wanted.registry.prefix) {
                let known = name.dropFirst(wanted.registry.prefix.count)
                block.collections.append(String(decoding: known, as: UTF8.self))
            }
            if isWanted {
                block.records.append(try record(entry, isSubject ? bytes.extracting(domain) : nil))
            }
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

    private mutating func domain(
        _ bytes: Span<UInt8>
    ) throws(DecodingError) -> (isSubject: Bool, text: Range<Int>) {
        let kind = try cursor.byte(bytes)
        guard kind <= 1 else { throw .malformed }
        let range = try text(bytes, limit: kind == 0 ? Limits.collection : Limits.subject)
        let text = bytes.extracting(range)
        if kind == 0 {
            isWantedCollection = text.isEqual(to: wanted.collection.span)
            if text.isEqual(to: wanted.registry.collection.span) { name = [] }
        } else {
            isWantedCollection = wanted.collectionName == RecordEntry.defaultCollection
        }
        return (kind == 1, range)
    }

    private func record(
        _ entry: DirectoryNumbers,
        _ subject: Span<UInt8>?
    ) throws(DecodingError) -> DirectoryRecord {
        var found = DirectoryRecord(domain: .collection(wanted.collectionName))
        found.sequence = entry.sequence
        found.frameOffset = entry.frameOffset
        found.slot = entry.slot
        found.name = String(decoding: wanted.name, as: UTF8.self)
        found.recorded = entry.recorded
        found.eventStart = entry.eventStart
        found.isTombstone = entry.isTombstone
        guard let subject else { return found }
        guard let text = String(validating: [UInt8](copying: subject), as: UTF8.self) else {
            throw .malformedText
        }
        found.subject = text
        return found
    }

    /// Takes one record's numbers and the rest of its name; see `DirectoryBlock.encode()`.
    private mutating func step(
        _ bytes: Span<UInt8>,
        _ entry: inout DirectoryNumbers
    ) throws(DecodingError) {
        try entry.advance(bytes, &cursor)
        if entry.namesCollection {
            let range = try text(bytes, limit: Limits.collection)
            isWantedCollection = bytes.extracting(range).isEqual(to: wanted.collection.span)
        }
        try takeName(bytes)
        for _ in 0..<(try cursor.count(bytes, limit: Limits.terms)) {
            _ = try text(bytes, limit: Limits.term)
        }
    }

    private mutating func takeName(_ bytes: Span<UInt8>) throws(DecodingError) {
        let shared = try cursor.count(bytes, limit: nameByteCount)
        let rest = bytes.extracting(try text(bytes, limit: Limits.name))
        // Where the name before went another way, what both share did so as well.
        if shared <= matchingByteCount {
            let wantedName = wanted.name
            let behind = wantedName.span.extracting(shared...)
            matchingByteCount = shared + rest.sharedByteCount(with: behind)
        }
        nameByteCount = shared + rest.count
        guard name != nil else { return }
        name?.removeSubrange(shared...)
        name?.append(copying: rest)
    }

    /// Where a text behind its length stands.
    private mutating func text(
        _ bytes: Span<UInt8>,
        limit: Int
    ) throws(DecodingError) -> Range<Int> {
        try cursor.range(bytes, count: try cursor.count(bytes, limit: limit))
    }
}
