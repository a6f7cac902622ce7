import ArchiveBytes
package import ArchiveSealing

/// What blocks list, for those who need no texts.
package struct DirectoryOutline: Sendable {
    package var records: [ListedRecord] = []
    package var chunks: [Digest] = []

    package init() {}

    /// Decodes a block, all of `bytes`, checked as ``DirectoryBlock/init(decoding:)`` checks it, and adds
    /// what it lists; answers the names behind the prefix of the records in the registry.
    package mutating func add(
        _ bytes: Span<UInt8>,
        registry: (collection: String, prefix: String)
    ) throws(FormatError) -> [String] {
        do {
            var walk = try OutlineWalk(bytes, registry)
            try walk.run(bytes, &self)
            return walk.registered
        } catch {
            throw FormatError(.damaged, "a directory block is malformed (\(error))")
        }
    }
}

/// A walk over a block's entries that makes texts of none but those in the registry.
private struct OutlineWalk {
    private var cursor = ByteCursor()
    private let subject: Range<Int>?
    /// What the fingerprints of the records begin with that are of the last collection and the block's
    /// subject.
    private var domain = DomainPrint()
    private let registry: (collection: String, prefix: String)
    /// Whether the last entry is of the registry's collection.
    private var isRegistry = false
    private(set) var registered: [String] = []

    /// What an entry says.
    private struct Entry {
        var numbers = DirectoryNumbers()
        var name: [UInt8] = []
    }

    init(
        _ bytes: Span<UInt8>,
        _ registry: (collection: String, prefix: String)
    ) throws(DecodingError) {
        self.registry = registry
        let usual = RecordEntry.defaultCollection
        domain.add(collection: usual.utf8Span.span)
        switch try cursor.byte(bytes) {
        case 0:
            subject = nil
            try takeCollection(bytes)
        case 1:
            let text = try cursor.text(bytes, limit: Limits.subject)
            domain.add(subject: bytes.extracting(text))
            subject = text
        default: throw .malformed
        }
    }

    private mutating func takeCollection(_ bytes: Span<UInt8>) throws(DecodingError) {
        let text = try cursor.text(bytes, limit: Limits.collection)
        let name = registry.collection
        isRegistry = subject == nil && bytes.extracting(text).isEqual(to: name.utf8Span.span)
        domain = DomainPrint()
        domain.add(collection: bytes.extracting(text))
        if let subject { domain.add(subject: bytes.extracting(subject)) }
    }

    mutating func run(
        _ bytes: Span<UInt8>,
        _ outline: inout DirectoryOutline
    ) throws(DecodingError) {
        var entry = Entry()
        let count = try cursor.count(bytes, limit: DirectoryBlock.plaintextLimit)
        for _ in 0..<count { outline.records.append(try record(bytes, &entry)) }
        for _ in 0..<(try cursor.count(bytes, limit: DirectoryBlock.plaintextLimit)) {
            let id = try cursor.range(bytes, count: Digest.byteCount)
            _ = try cursor.count(bytes, limit: Int(Limits.frameOffset / 8))
            outline.chunks.append(Digest(reading: bytes, at: id.lowerBound))
        }
        guard cursor.offset == bytes.count else { throw .malformed }
    }

    /// Takes one record; see `DirectoryBlock.encode()`.
    private mutating func record(
        _ bytes: Span<UInt8>,
        _ entry: inout Entry
    ) throws(DecodingError) -> ListedRecord {
        try entry.numbers.advance(bytes, &cursor)
        let numbers = entry.numbers
        if numbers.namesCollection { try takeCollection(bytes) }
        var print = RecordPrint(
            of: domain,
            sequence: numbers.sequence,
            frameOffset: numbers.frameOffset,
            slot: numbers.slot,
            isTombstone: numbers.isTombstone
        )
        print.add(recorded: numbers.recorded, eventStart: numbers.eventStart)
        try takeName(bytes, &entry.name)
        print.add(entry.name.span)
        for _ in 0..<(try cursor.count(bytes, limit: Limits.terms)) {
            print.add(bytes.extracting(try cursor.text(bytes, limit: Limits.term)))
        }
        return ListedRecord(sequence: numbers.sequence, print)
    }

    /// Takes what a name does not share with the name before.
    private mutating func takeName(
        _ bytes: Span<UInt8>,
        _ name: inout [UInt8]
    ) throws(DecodingError) {
        let shared = try cursor.count(bytes, limit: name.count)
        let rest = try cursor.range(bytes, count: try cursor.count(bytes, limit: Limits.name))
        name.removeLast(name.count - shared)
        name.append(copying: bytes.extracting(rest))
        guard !name.isEmpty, name.span.isText else { throw .malformedText }
        if isRegistry, name.starts(with: registry.prefix.utf8) {
            let known = name.dropFirst(registry.prefix.utf8.count)
            registered.append(String(decoding: known, as: UTF8.self))
        }
    }
}

extension ByteCursor {
    /// Where a text behind its length stands.
    fileprivate mutating func text(
        _ bytes: Span<UInt8>,
        limit: Int
    ) throws(DecodingError) -> Range<Int> {
        let range = try range(bytes, count: try count(bytes, limit: limit))
        guard bytes.extracting(range).isText else { throw .malformedText }
        return range
    }
}
