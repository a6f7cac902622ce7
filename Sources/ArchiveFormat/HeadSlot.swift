import ArchiveBytes
package import ArchiveSealing

/// One of the two 512-byte slots of the file `head`: the highest commit known to be durable.
///
/// The head is the archive's memory apart from the log. A log that ends before the head has lost
/// acknowledged records or was put back, and is never taken for a torn tail.
package struct HeadSlot: Equatable, Sendable {
    package static let byteCount = 512
    private static let magic: [UInt8] = Array("SRHEAD01".utf8)
    private static let tagOffset = 448
    private static let hashOffset = 480

    /// Rises by one with every write; the slot with the higher counter holds.
    package var counter: UInt64
    package var commit: CommitLink
    package var segment: UInt64
    /// Bytes of that segment up to the end of the commit.
    package var committedByteCount: UInt64
    /// The writer closed the archive in order after this commit; nothing was written since.
    package var isClosed: Bool

    package init(
        counter: UInt64,
        commit: CommitLink,
        segment: UInt64,
        committedByteCount: UInt64,
        isClosed: Bool
    ) {
        self.counter = counter
        self.commit = commit
        self.segment = segment
        self.committedByteCount = committedByteCount
        self.isClosed = isClosed
    }

    /// The slot's bytes: a MAC for who has keys, a plain hash for who has none.
    package func encode(archiveID: ArchiveID, logKey: HMACSHA256) -> [UInt8] {
        var bytes = Self.magic
        bytes.append(archiveID: archiveID)
        bytes.append(u64: counter)
        bytes.append(u64: commit.number)
        bytes.append(u64: commit.lastSequence)
        bytes.append(digest: commit.hash)
        bytes.append(u64: UInt64(bitPattern: commit.time.microseconds))
        bytes.append(u64: segment)
        bytes.append(u64: committedByteCount)
        bytes.append(isClosed ? 1 : 0)
        bytes.append(contentsOf: [UInt8](repeating: 0, count: Self.tagOffset - bytes.count))
        bytes.append(digest: logKey.authenticate(bytes.span))
        bytes.append(digest: SHA256.hash(bytes.span))
        return bytes
    }

    /// Decodes a slot; nil for one that was never written.
    ///
    /// With `logKey` the MAC is checked as well.
    package init?(
        decoding bytes: Span<UInt8>,
        archiveID: ArchiveID,
        logKey: HMACSHA256?
    ) throws(FormatError) {
        guard bytes.count == Self.byteCount else {
            throw FormatError(.truncated, "a head slot of \(bytes.count) bytes")
        }
        if (0..<Self.byteCount).allSatisfy({ bytes[$0] == 0 }) { return nil }
        guard bytes.extracting(0..<8).isEqual(to: Self.magic.span),
            Digest(reading: bytes, at: Self.hashOffset)
                == SHA256.hash(bytes.extracting(0..<Self.hashOffset))
        else { throw FormatError(.damaged, "the head slot's hash does not match") }
        guard ArchiveID(bytes, at: 8) == archiveID else {
            throw FormatError(.foreign, "the head slot belongs to another archive")
        }
        if let logKey {
            let tag = logKey.authenticate(bytes.extracting(0..<Self.tagOffset))
            guard tag == Digest(reading: bytes, at: Self.tagOffset) else {
                throw FormatError(.damaged, "the head slot is not authentic")
            }
        }
        self.init(
            counter: bytes.u64(at: 24),
            commit: CommitLink(
                number: bytes.u64(at: 32),
                lastSequence: bytes.u64(at: 40),
                hash: Digest(reading: bytes, at: 48),
                time: Timestamp(microseconds: Int64(bitPattern: bytes.u64(at: 80)))
            ),
            segment: bytes.u64(at: 88),
            committedByteCount: bytes.u64(at: 96),
            isClosed: bytes[104] == 1
        )
        guard commit.number <= Limits.number, commit.lastSequence <= Limits.number else {
            throw FormatError(.damaged, "the head slot numbers what cannot be")
        }
    }
}
