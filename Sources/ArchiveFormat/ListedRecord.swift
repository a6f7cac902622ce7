import ArchiveBytes

/// A record version as directories must list it.
///
/// Two of the same number are the same if their fingerprints are, whose key is drawn anew in each
/// process.
package struct ListedRecord: Equatable, Sendable, BitwiseCopyable {
    package let sequence: RecordSequence
    package let fingerprint: UInt64

    package init(_ record: borrowing DirectoryRecord) {
        let (collection, name) = (record.collection, record.name)
        var domain = DomainPrint()
        domain.add(collection: collection.utf8Span.span)
        if let subject = record.subject { domain.add(subject: subject.utf8Span.span) }
        var print = RecordPrint(
            of: domain,
            sequence: record.sequence,
            frameOffset: record.frameOffset,
            slot: record.slot,
            isTombstone: record.isTombstone
        )
        print.add(recorded: record.recorded, eventStart: record.eventStart)
        print.add(name.utf8Span.span)
        record.terms.visit { print.add($0) }
        self.init(sequence: record.sequence, print)
    }

    init(sequence: RecordSequence, _ print: RecordPrint) {
        self.sequence = sequence
        fingerprint = print.hash.value
    }
}

/// What fingerprints of records that follow each other mostly have in common, and begin with: collection
/// and subject, hashed once for all of them.
package struct DomainPrint: BitwiseCopyable {
    fileprivate var hash = KeyedHash.empty

    /// That of no record yet.
    package init() {}

    mutating func add(collection: Span<UInt8>) { hash.combine(collection) }

    /// Takes a subject; there may be none, which is another than an empty one.
    mutating func add(subject: Span<UInt8>) {
        hash.combine(1)
        hash.combine(subject)
    }
}

/// What a fingerprint is made of, in this order: collection, subject, numbers, times, name, terms.
struct RecordPrint {
    private(set) var hash: KeyedHash

    @inline(__always)
    init(
        of domain: DomainPrint,
        sequence: RecordSequence,
        frameOffset: UInt64,
        slot: Int,
        isTombstone: Bool
    ) {
        hash = domain.hash
        hash.combine(sequence, frameOffset)
        hash.combine(UInt64(slot), isTombstone ? 1 : 0)
    }

    @inline(__always)
    mutating func add(recorded: Timestamp, eventStart: Timestamp?) {
        hash.combine(UInt64(bitPattern: recorded.microseconds), eventStart == nil ? 0 : 1)
        if let eventStart { hash.combine(UInt64(bitPattern: eventStart.microseconds)) }
    }

    @inline(__always)
    mutating func add(_ text: Span<UInt8>) { hash.combine(text) }
}
