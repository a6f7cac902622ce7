import ArchiveBytes

/// A sample of the records that went by, each as likely as the other to be in it, in bounded memory.
package struct TrainingReservoir: Sendable {
    /// Longer records are known by their beginning.
    package static let sampleByteCount = 16 << 10
    /// Shorter ones say nothing.
    private static let leastByteCount = 24

    package private(set) var samples: [TrainingSample] = []
    /// Bytes of all records that went by, as far as samples would be taken of them.
    package private(set) var seenByteCount = 0
    private var byteCount = 0
    private var random: UInt64

    package init(seed: UInt64) { random = seed | 1 }

    /// Takes a record's body, or passes over it; what is held stays below `limit` bytes.
    package mutating func take(subject: String?, _ body: Span<UInt8>, limit: Int) {
        guard body.count >= Self.leastByteCount else { return }
        let count = min(body.count, Self.sampleByteCount)
        seenByteCount += count
        // In the long run a record stays with the chance of what is held to what went by.
        guard seenByteCount <= limit || Int(next() % UInt64(seenByteCount)) < limit else { return }
        let bytes = [UInt8](copying: body.extracting(first: count))
        samples.append(TrainingSample(subject: subject, bytes: bytes))
        byteCount += count
        shrink(to: limit)
    }

    /// Lets go of samples at random until no more than `limit` bytes are held.
    package mutating func shrink(to limit: Int) {
        while byteCount > limit, !samples.isEmpty {
            let victim = Int(next() % UInt64(samples.count))
            samples.swapAt(victim, samples.count - 1)
            byteCount -= samples.removeLast().bytes.count
        }
    }

    /// Marsaglia's xorshift: which records are sampled is no secret.
    private mutating func next() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random
    }
}
