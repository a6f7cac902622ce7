package import ArchiveBytes
package import ArchiveSealing

/// The body of a commit frame: its presence is what makes a batch exist.
package struct CommitBody: Equatable, Sendable {
    package static let byteCount = 112

    package var number: CommitNumber
    /// The highest sequence number in the archive once this batch exists.
    package var lastSequence: RecordSequence
    package var time: Timestamp
    /// Frames in the batch, this one not counted.
    package var frameCount: Int
    /// Bytes of those frames.
    package var frameByteCount: UInt64
    /// RFC 9162 root over those frames.
    package var root: Digest
    /// The leaf hash of the commit frame before this one; zero before the first.
    package var previous: Digest
    /// The highest commit whose sync had returned when this batch was written.
    package var durable: CommitNumber

    package init(
        number: CommitNumber,
        lastSequence: RecordSequence,
        time: Timestamp,
        frameCount: Int,
        frameByteCount: UInt64,
        root: Digest,
        previous: Digest,
        durable: CommitNumber
    ) {
        self.number = number
        self.lastSequence = lastSequence
        self.time = time
        self.frameCount = frameCount
        self.frameByteCount = frameByteCount
        self.root = root
        self.previous = previous
        self.durable = durable
    }

    package func encode(appendingTo bytes: inout [UInt8]) {
        bytes.append(u64: number)
        bytes.append(u64: lastSequence)
        bytes.append(u64: UInt64(bitPattern: time.microseconds))
        bytes.append(u32: UInt32(frameCount))
        bytes.append(u32: 0)
        bytes.append(u64: frameByteCount)
        bytes.append(digest: root)
        bytes.append(digest: previous)
        bytes.append(u64: durable)
    }

    package init(decoding bytes: Span<UInt8>) throws(FormatError) {
        guard bytes.count == Self.byteCount else {
            throw FormatError(.damaged, "a commit body has 112 bytes, \(bytes.count) found")
        }
        self.init(
            number: bytes.u64(at: 0),
            lastSequence: bytes.u64(at: 8),
            time: Timestamp(microseconds: Int64(bitPattern: bytes.u64(at: 16))),
            frameCount: Int(bytes.u32(at: 24)),
            frameByteCount: bytes.u64(at: 32),
            root: Digest(reading: bytes, at: 40),
            previous: Digest(reading: bytes, at: 72),
            durable: bytes.u64(at: 104)
        )
        guard bytes.u32(at: 28) == 0, frameCount <= Limits.framesPerBatch,
            frameByteCount <= UInt64(Limits.batch), (1...Limits.number).contains(number),
            durable < number, lastSequence <= Limits.number
        else { throw FormatError(.damaged, "the commit body's fields contradict each other") }
    }
}

/// The state that one commit leaves for the next.
package struct CommitLink: Equatable, Sendable {
    package var number: CommitNumber
    package var lastSequence: RecordSequence
    /// Leaf hash of the commit frame.
    package var hash: Digest
    package var time: Timestamp

    package init(number: CommitNumber, lastSequence: RecordSequence, hash: Digest, time: Timestamp)
    {
        self.number = number
        self.lastSequence = lastSequence
        self.hash = hash
        self.time = time
    }

    /// Before the first commit.
    package static let origin = CommitLink(
        number: 0,
        lastSequence: 0,
        hash: .zero,
        time: Timestamp(microseconds: 0)
    )
}
