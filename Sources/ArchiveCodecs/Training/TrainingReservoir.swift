import ArchiveBytes

/// A sample of the records that went by, each as likely as the other to be in it, in bounded memory.
package struct TrainingReservoir: Sendable {
    /// Longer records are known by their beginning.
    package static let sampleByteCount = 16 << 10
    /// Shorter ones say nothing.
    private static let leastByteCount = 24

    /// Where a sample stands in the bytes.
    private struct Held {
        let subject: String?
        var range: Range<Int>
    }

    private var held: [Held] = []
    /// The samples, and between them what was let go of: memory of each sample's own would be an
    /// allocation for many a record.
    private var bytes: [UInt8] = []
    /// Bytes of all records that went by, as far as samples would be taken of them.
    package private(set) var seenByteCount = 0
    private var byteCount = 0
    private var random: UInt64

    package init(seed: UInt64) { random = seed | 1 }

    /// Whether the next record, with a body of so many bytes, is to be taken, if what is held is to stay below
    /// `limit` bytes.
    package mutating func wants(_ bodyByteCount: Int, limit: Int) -> Bool {
        guard bodyByteCount >= Self.leastByteCount else { return false }
        seenByteCount += min(bodyByteCount, Self.sampleByteCount)
        // In the long run a record stays with the chance of what is held to what went by.
        return seenByteCount <= limit || Int(next() % UInt64(seenByteCount)) < limit
    }

    /// Takes the body of a record that it ``wants(_:limit:)``.
    package mutating func take(subject: String?, _ body: Span<UInt8>, limit: Int) {
        let count = min(body.count, Self.sampleByteCount)
        makeRoom(count, limit / 2 * 3)
        let start = bytes.count
        bytes.append(copying: body.extracting(first: count))
        held.append(Held(subject: subject, range: start..<bytes.count))
        byteCount += count
        shrink(to: limit)
    }

    /// They share memory of their own: who trains on them holds them long, and the reservoir's memory
    /// would be copied whole when it takes more.
    package var samples: [TrainingSample] {
        var copy: [UInt8] = []
        copy.reserveCapacity(byteCount)
        for sample in held { copy.append(copying: bytes.span.extracting(sample.range)) }
        var start = 0
        return held.map { sample in
            defer { start += sample.range.count }
            let range = start..<(start + sample.range.count)
            return TrainingSample(subject: sample.subject, bytes: copy[range])
        }
    }

    /// Lets go of samples at random until no more than `limit` bytes are held.
    package mutating func shrink(to limit: Int) {
        while byteCount > limit, !held.isEmpty {
            let victim = Int(next() % UInt64(held.count))
            held.swapAt(victim, held.count - 1)
            byteCount -= held.removeLast().range.count
        }
    }

    /// Makes room for a sample within `limit` bytes.
    ///
    /// All of it is reserved as soon as there is more than a little: memory that grew step by step
    /// would be copied, and be new to the processor, over and over.
    private mutating func makeRoom(_ count: Int, _ limit: Int) {
        if bytes.count + count > limit { closeGaps() }
        if bytes.count + count > bytes.capacity, bytes.count > limit / 16 {
            bytes.reserveCapacity(limit)
        }
    }

    /// Moves the samples together, in the order in which they stand.
    private mutating func closeGaps() {
        var end = 0
        let places = held.indices.sorted {
            held[$0].range.lowerBound < held[$1].range.lowerBound
        }
        for place in places {
            let range = held[place].range
            bytes.move(range, to: end)
            held[place].range = end..<(end + range.count)
            end += range.count
        }
        bytes.removeLast(bytes.count - end)
    }

    /// Marsaglia's xorshift: which records are sampled is no secret.
    private mutating func next() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random
    }
}
