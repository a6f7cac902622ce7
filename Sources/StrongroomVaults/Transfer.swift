import ArchiveFileIO
import ArchiveSealing
import Synchronization

/// Reads the source of a put from front to back and lets nothing unexpected through.
struct Transfer {
    /// Large enough that a call to the disk costs nothing beside it, small enough to be still in the
    /// processor's cache when it is hashed and written.
    static let chunkByteCount = 512 << 10

    let name: ObjectName
    let source: any ByteSource
    let expectedDigest: Digest?

    init(
        _ name: ObjectName,
        from source: any ByteSource,
        expectedDigest: [UInt8]?
    ) throws(VaultError) {
        self.name = name
        self.source = source
        guard let expectedDigest else {
            self.expectedDigest = nil
            return
        }
        guard let digest = Digest(expectedDigest.span) else {
            throw VaultError(
                .failed,
                "cannot put \(name): a SHA-256 has 32 bytes, not \(expectedDigest.count)"
            )
        }
        self.expectedDigest = digest
    }

    /// Gives `sink` every chunk with its offset; throws at the end if the digest is not the expected
    /// one, so the sink publishes nothing before this has returned.
    func run(
        _ cancellation: Cancellation,
        into sink: (Span<UInt8>, UInt64) throws(VaultError) -> Void
    ) throws(VaultError) {
        let total = source.byteCount
        let hasher = SHA256()
        var chunk = [UInt8](repeating: 0, count: Int(min(total, UInt64(Self.chunkByteCount))))
        var offset: UInt64 = 0
        while offset < total {
            if cancellation.isCancelled {
                throw VaultError(.cancelled, "the put of \(name) was cancelled; nothing is stored")
            }
            let wanted = Int(min(total - offset, UInt64(chunk.count)))
            if wanted < chunk.count { chunk.removeLast(chunk.count - wanted) }
            try fill(&chunk, at: offset)
            if expectedDigest != nil { hasher.update(chunk.span) }
            try sink(chunk.span, offset)
            offset += UInt64(wanted)
        }
        try check(hasher)
    }

    /// Fills a chunk with the bytes at an offset.
    func fill(_ chunk: inout [UInt8], at offset: UInt64) throws(VaultError) {
        let count: Int
        do {
            var target = chunk.mutableSpan
            count = try source.read(at: offset, into: &target)
        } catch {
            throw VaultError(
                .sourceFailed,
                "cannot put \(name): reading its source failed: \(error)",
                underlying: error
            )
        }
        guard count == chunk.count else {
            throw VaultError(
                .sourceFailed,
                "cannot put \(name): its source ends at byte \(offset + UInt64(count)) of "
                    + "\(source.byteCount); it changed meanwhile, so put it again"
            )
        }
    }

    /// Refuses a source whose bytes, all of which the hasher has seen, are not the expected ones.
    func check(_ hasher: SHA256) throws(VaultError) {
        guard let expectedDigest else { return }
        let found = hasher.finish()
        guard found == expectedDigest else {
            throw VaultError(
                .damaged,
                "cannot put \(name): its source has SHA-256 \(found.hex), expected "
                    + "\(expectedDigest.hex); verify the archive"
            )
        }
    }
}

/// Reads the source of a put part by part, for a sink that waits between the parts.
final class PartReader: Sendable {
    private struct State: ~Copyable {
        let hasher = SHA256()
        var offset: UInt64 = 0
    }

    private let transfer: Transfer
    private let partByteCount: Int
    private let state = Mutex(State())

    init(_ transfer: Transfer, partByteCount: Int) {
        self.transfer = transfer
        self.partByteCount = partByteCount
    }

    /// The next part; nil after the last.
    ///
    /// The last part is given only if all bytes were the expected ones, so that nothing that is not
    /// complete without it can be published.
    func next() throws(VaultError) -> [UInt8]? {
        try state.withLock { state throws(VaultError) in
            let rest = transfer.source.byteCount - state.offset
            guard rest > 0 else { return nil }
            var part = [UInt8](repeating: 0, count: Int(min(rest, UInt64(partByteCount))))
            try transfer.fill(&part, at: state.offset)
            state.offset += UInt64(part.count)
            if transfer.expectedDigest != nil { state.hasher.update(part.span) }
            if part.count == rest { try transfer.check(state.hasher) }
            return part
        }
    }
}
