import ArchiveBytes
import ArchiveCodecs
package import ArchiveFormat
package import ArchiveSealing

/// A chunk of a large body, named by its content, before it is committed.
package struct PendingChunk: Sendable {
    let domain: KeyDomainName
    let id: Digest
    let bytes: [UInt8]
}

/// Takes a body of any length in pieces: small ones stay inline, large ones are cut into chunks
/// that are handed on as they fill.
///
/// Memory is bounded by ``pendingLimit`` and one chunk.
package struct BodyWriter {
    /// What a finished body is.
    package struct Result: Sendable {
        package let body: RecordEntry.Body
        package let inlineBody: [UInt8]
        package let byteCount: UInt64
        package let digest: Digest
    }

    /// Bytes of chunks that are committed together.
    static let pendingLimit = 4 << 20

    private let domain: KeyDomainName
    private let mac: HMACSHA256
    private let chunker: ContentChunker
    private let hasher = SHA256()
    private var buffer: [UInt8] = []
    private var start = 0
    private var byteCount: UInt64 = 0
    private var chunks: [RecordEntry.Chunk] = []
    private var lists: [RecordEntry.Chunk] = []
    private var pending: [PendingChunk] = []
    private var pendingByteCount = 0
    private let commit: ([PendingChunk]) throws -> Void

    /// `commit` makes chunks durable that are not in the archive yet.
    package init(
        subject: String?,
        collection: String,
        keys: KeyringKeys,
        commit: @escaping ([PendingChunk]) throws -> Void
    ) throws(ArchiveError) {
        domain = subject.map(KeyDomainName.subject) ?? .collection(collection)
        keys.learn(collection: collection)
        do {
            mac = try keys.contentKey(of: domain, epoch: keys.epoch).withSpan {
                HMACSHA256(key: $0)
            }
            chunker = ContentChunker(gear: try keys.gear(of: domain))
        } catch {
            throw ArchiveError.wrapping(error)
        }
        self.commit = commit
    }

    /// Takes the next piece.
    package mutating func append(_ piece: [UInt8]) throws {
        hasher.update(piece.span)
        byteCount += UInt64(piece.count)
        guard byteCount <= Limits.body else {
            throw ArchiveError(.invalid, "a body of more than 2^48 bytes")
        }
        buffer.append(contentsOf: piece)
        guard byteCount > UInt64(Limits.inlineBody) else { return }
        try cut(isLast: false)
    }

    /// Ends the body.
    ///
    /// Chunks that it names are durable when this returns.
    package mutating func finish() throws -> Result {
        let digest = hasher.finish()
        guard byteCount > UInt64(Limits.inlineBody) else {
            return Result(
                body: .inline,
                inlineBody: buffer,
                byteCount: byteCount,
                digest: digest
            )
        }
        try cut(isLast: true)
        if !lists.isEmpty { try closeList() }
        try flush()
        return Result(
            body: lists.isEmpty ? .chunks(chunks) : .chunkLists(lists),
            inlineBody: [],
            byteCount: byteCount,
            digest: digest
        )
    }

    private mutating func cut(isLast: Bool) throws {
        while start < buffer.count {
            guard let count = nextCut(isLast: isLast) else { break }
            let bytes = Array(buffer[start..<(start + count)])
            start += count
            chunks.append(try add(bytes))
            if chunks.count == Limits.chunkReferencesInEntry { try closeList() }
        }
        // One move of what is left, not one for each chunk.
        if start > Self.pendingLimit || isLast {
            buffer.removeSubrange(..<start)
            start = 0
        }
    }

    private func nextCut(isLast: Bool) -> Int? {
        chunker.cut(in: buffer.span.extracting(start...), isLast: isLast)
    }

    /// Makes a chunk of the references gathered so far: a list of lists has no practical end.
    private mutating func closeList() throws {
        guard !chunks.isEmpty else { return }
        lists.append(try add(ChunkList.encode(chunks)))
        chunks.removeAll(keepingCapacity: true)
    }

    private mutating func add(_ bytes: [UInt8]) throws -> RecordEntry.Chunk {
        let chunk = PendingChunk(domain: domain, id: mac.authenticate(bytes.span), bytes: bytes)
        pending.append(chunk)
        pendingByteCount += bytes.count
        if pendingByteCount >= Self.pendingLimit { try flush() }
        return RecordEntry.Chunk(id: chunk.id, byteCount: bytes.count)
    }

    private mutating func flush() throws {
        if !pending.isEmpty { try commit(pending) }
        pending.removeAll(keepingCapacity: true)
        pendingByteCount = 0
    }
}
