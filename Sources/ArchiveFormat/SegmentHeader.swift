package import ArchiveBytes
package import ArchiveSealing

/// The 4 KiB at the start of every segment.
package struct SegmentHeader: Equatable, Sendable {
    package static let byteCount = 4_096
    package static let formatVersion: UInt32 = 1
    private static let magic: [UInt8] = Array("STRONGRM".utf8)
    private static let hashOffset = byteCount - Digest.byteCount
    private static let noteOffset = 144

    /// The committed end of the segment before this one, so that a missing or shortened segment is
    /// noticed by its successor.
    ///
    /// Zero in the first segment.
    package struct Predecessor: Equatable, Sendable {
        package var segment: UInt64
        package var committedByteCount: UInt64
        package var commitHash: Digest

        package init(segment: UInt64, committedByteCount: UInt64, commitHash: Digest) {
            self.segment = segment
            self.committedByteCount = committedByteCount
            self.commitHash = commitHash
        }

        package static let none = Predecessor(segment: 0, committedByteCount: 0, commitHash: .zero)
    }

    package var archiveID: ArchiveID
    package var number: SegmentNumber
    package var created: Timestamp
    package var firstCommit: CommitNumber
    package var firstSequence: RecordSequence
    package var epoch: UInt32
    package var predecessor: Predecessor
    /// Bits of a newer program's features with which reading is safe and appending is not; version 1
    /// has none.
    package private(set) var readCompatibleFeatures: UInt64 = 0
    /// The hash at the header's end, over all bytes before it: the seal frame signs it.
    ///
    /// The note may change from release to release, so the hash that was read is kept, not computed
    /// again.
    package private(set) var hash = Digest.zero

    package init(
        archiveID: ArchiveID,
        number: SegmentNumber,
        created: Timestamp,
        firstCommit: CommitNumber,
        firstSequence: RecordSequence,
        epoch: UInt32,
        predecessor: Predecessor
    ) {
        self.archiveID = archiveID
        self.number = number
        self.created = created
        self.firstCommit = firstCommit
        self.firstSequence = firstSequence
        self.epoch = epoch
        self.predecessor = predecessor
        hash = Digest(reading: encode().span, at: Self.hashOffset)
    }

    /// Says to a stranger, in the file itself, what the file is.
    private static let note = """
        This is a segment of a Strongroom archive, format version 1: an append-only log of \
        compressed health records under AES-256-GCM (XAES-256-GCM, C2SP). All integers are \
        little-endian. After these 4096 bytes come frames: 64 bytes of header that begin with SRF1, a \
        body, a 16-byte tag, zeros to a multiple of 8. Its contents can be read with the archive's \
        keyring and a passphrase or key file, and verified without either by the archive's Ed25519 \
        public key. The complete specification is the article "Format" of the Strongroom project; \
        its small reader read_archive.py shows it in a few hundred lines of Python.

        """

    package func encode() -> [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(u32: Self.formatVersion)
        bytes.append(u32: 0)
        // No incompatible, read-compatible or compatible feature exists yet.
        for _ in 0..<3 { bytes.append(u64: 0) }
        bytes.append(archiveID: archiveID)
        bytes.append(u64: number.value)
        bytes.append(u64: UInt64(bitPattern: created.microseconds))
        bytes.append(u64: firstCommit)
        bytes.append(u64: firstSequence)
        bytes.append(u32: epoch)
        bytes.append(u32: 0)
        bytes.append(u64: predecessor.segment)
        bytes.append(u64: predecessor.committedByteCount)
        bytes.append(digest: predecessor.commitHash)
        precondition(bytes.count == Self.noteOffset, "the fixed fields end where the note begins")
        bytes.append(contentsOf: Self.note.utf8)
        bytes.append(contentsOf: [UInt8](repeating: 0, count: Self.hashOffset - bytes.count))
        bytes.append(digest: SHA256.hash(bytes.span))
        return bytes
    }

    /// Decodes and checks a header.
    ///
    /// Says which of damage, a foreign file or a newer format it found.
    package init(decoding bytes: Span<UInt8>) throws(FormatError) {
        guard bytes.count >= Self.byteCount else {
            throw FormatError(.truncated, "a segment header needs 4096 bytes, \(bytes.count) found")
        }
        guard bytes.extracting(0..<8).isEqual(to: Self.magic.span) else {
            throw FormatError(.damaged, "the file does not begin with STRONGRM")
        }
        guard
            Digest(reading: bytes, at: Self.hashOffset)
                == SHA256.hash(bytes.extracting(0..<Self.hashOffset))
        else { throw FormatError(.damaged, "the segment header's hash does not match") }
        guard bytes.u32(at: 8) == Self.formatVersion, bytes.u64(at: 16) == 0 else {
            throw FormatError(
                .unsupported,
                "format version \(bytes.u32(at: 8)), features \(bytes.u64(at: 16)): this program "
                    + "reads version 1 without features; use a newer release"
            )
        }
        self.init(
            archiveID: ArchiveID(bytes, at: 40),
            number: SegmentNumber(bytes.u64(at: 56)),
            created: Timestamp(microseconds: Int64(bitPattern: bytes.u64(at: 64))),
            firstCommit: bytes.u64(at: 72),
            firstSequence: bytes.u64(at: 80),
            epoch: bytes.u32(at: 88),
            predecessor: Predecessor(
                segment: bytes.u64(at: 96),
                committedByteCount: bytes.u64(at: 104),
                commitHash: Digest(reading: bytes, at: 112)
            )
        )
        guard (1...Limits.number).contains(firstCommit),
            (1...Limits.number).contains(firstSequence), number.value <= Limits.number
        else { throw FormatError(.damaged, "the segment header numbers what cannot be") }
        readCompatibleFeatures = bytes.u64(at: 24)
        hash = Digest(reading: bytes, at: Self.hashOffset)
    }
}
