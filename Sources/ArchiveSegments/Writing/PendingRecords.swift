import ArchiveBytes
package import ArchiveFormat

/// Records on their way into the log, in the order of their sequences.
///
/// The inline bodies stand back to back in a few pieces of memory: with one for each record, the thread
/// that frees them and the one that makes the next would wait for each other in the allocator.
///
/// Sequence and time of an entry are those of its batch, whatever stands in it.
package struct PendingRecords: Sendable {
    /// What is known of a record besides its entry.
    package struct Part: Sendable {
        /// Where the inline body stands, and in which piece of the bodies.
        package let body: Range<Int>
        package let piece: Int
        /// Whether the entry has the body's digest already; otherwise it is made ahead,
        /// or by who packs the record.
        package let isDigested: Bool
        /// A bound on the record's plaintext in its pack.
        package let packedByteCount: Int
        /// About how much of that a pack says once for all its records.
        package let commonByteCount: Int
    }

    package private(set) var entries: [RecordEntry] = []
    package private(set) var parts: [Part] = []
    package private(set) var bodies: [[UInt8]] = []
    /// Those of the full pieces, if another thread makes them.
    private var digests: [PieceDigests] = []
    /// Whether another thread hashes the bodies in a piece as soon as it is full.
    package let isDigestedAhead: Bool
    /// The first record whose body is in the last piece.
    private var firstInPiece = 0
    private var bodyByteCount = 0
    /// A bound on the plaintext of all in their packs.
    package private(set) var packedByteCount = 0
    /// Whether one of them says that a name was deleted.
    package private(set) var hasDeletion = false

    /// Small enough that the allocator keeps the memory at hand.
    private static let pieceByteCount = 256 << 10

    /// Who makes room for so many records has much to put there.
    private static let manyCount = 256

    /// None yet.
    package init(isDigestedAhead: Bool = false) { self.isDigestedAhead = isDigestedAhead }

    /// One record, whose body is moved here.
    package init(_ entry: RecordEntry, inlineBody: consuming [UInt8], isDigested: Bool = false) {
        let byteCount = inlineBody.count
        isDigestedAhead = false
        bodies = [inlineBody]
        note(entry, 0..<byteCount, isDigested)
    }

    package var count: Int { parts.count }
    package var isEmpty: Bool { parts.isEmpty }
    package var indices: Range<Int> { parts.indices }

    /// A bound on what the records take in a directory.
    package var entryByteCount: Int { packedByteCount - bodyByteCount }

    package mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
        parts.reserveCapacity(count)
    }

    package mutating func append(
        _ entry: consuming RecordEntry,
        inlineBody: Span<UInt8>,
        isDigested: Bool = false
    ) {
        makeRoom(inlineBody.count)
        let start = bodies[bodies.count - 1].count
        bodies[bodies.count - 1].append(copying: inlineBody)
        note(entry, start..<(start + inlineBody.count), isDigested)
    }

    package mutating func append(contentsOf others: PendingRecords) {
        let digests = others.takeDigests()
        for index in others.indices {
            let part = others.parts[index]
            let piece = others.bodies[part.piece]
            var (entry, isDigested) = (others.entries[index], part.isDigested)
            if !isDigested, part.piece < digests.count, let digest = digests[part.piece][index] {
                (entry.digest, isDigested) = (digest, true)
            }
            append(
                entry,
                inlineBody: piece.span.extracting(part.body),
                isDigested: isDigested
            )
        }
    }

    /// Makes the last piece one that has room for a body.
    private mutating func makeRoom(_ byteCount: Int) {
        if let last = bodies.last {
            if last.count + byteCount <= Self.pieceByteCount { return }
            if isDigestedAhead { digestLastPiece() }
        }
        firstInPiece = parts.count
        var piece: [UInt8] = []
        // One that grows step by step is copied each time: that is for a batch of a few.
        let isLarge = !bodies.isEmpty || entries.capacity >= Self.manyCount
        piece.reserveCapacity(isLarge ? max(Self.pieceByteCount, byteCount) : byteCount)
        bodies.append(piece)
    }

    private mutating func digestLastPiece() {
        digests.append(
            PieceDigests(
                of: bodies[bodies.count - 1],
                parts[firstInPiece...].map(\.body),
                firstRecord: firstInPiece
            )
        )
    }

    /// The digests of bodies in full pieces that were made ahead, piece by piece; no more are made.
    func takeDigests() -> [MadeDigests] { digests.map { $0.take() } }

    /// Gives a record another subject.
    package mutating func setSubject(_ subject: String?, at index: Int) {
        entries[index].subject = subject
    }

    /// Lends the inline body of a record.
    package func withBody<Result>(at index: Int, _ read: (Span<UInt8>) -> Result) -> Result {
        let piece = bodies[parts[index].piece]
        return read(piece.span.extracting(parts[index].body))
    }

    private mutating func note(
        _ entry: consuming RecordEntry,
        _ body: Range<Int>,
        _ isDigested: Bool
    ) {
        let byteCount = body.count + entry.byteCountBound + 3
        packedByteCount += byteCount
        bodyByteCount += body.count
        hasDeletion = hasDeletion || entry.isTombstone
        parts.append(
            Part(
                body: body,
                piece: bodies.count - 1,
                isDigested: isDigested,
                packedByteCount: byteCount,
                commonByteCount: entry.commonByteCount
            )
        )
        entries.append(entry)
    }
}
