import ArchiveBytes
package import ArchiveCodecs
package import ArchiveFormat
package import ArchiveSealing

/// A frame before it is sealed.
package struct FrameDraft: Sendable {
    /// What a frame is to hold.
    package enum Content: Sendable {
        case bytes([UInt8])
        /// Records of the batch, by their places in it; who seals them packs them.
        case pack([Int])
    }

    package var kind: FrameHeader.Kind
    package var content: Content
    package var domain: KeyDomainName
    package var firstSequence: RecordSequence
    package var codec: Codec
    package var dictionary: CompressionDictionary?
    /// The number of the dictionary that the frame holds, if it holds one.
    package var dictionaryNumber: UInt16?
    /// Zeros behind the compressed bytes, sealed with them: they hide how long those are.
    package var paddingByteCount = 0

    package init(
        kind: FrameHeader.Kind,
        _ content: Content,
        domain: KeyDomainName,
        firstSequence: RecordSequence,
        codec: Codec,
        dictionary: CompressionDictionary? = nil
    ) {
        self.kind = kind
        self.content = content
        self.domain = domain
        self.firstSequence = firstSequence
        self.codec = codec
        self.dictionary = dictionary
    }
}

/// Makes frames: compress, seal, hash.
///
/// One a worker; contexts and buffers are reused.
package final class FrameSealer {
    private let keys: any LogKeys
    private let mask: TagMask
    private let cipher = XAES256GCM()
    private let hasher = SHA256()
    private let compressor: Compressor
    private var content: [UInt8] = []
    private var pack: [UInt8] = []
    private var associated: [UInt8] = []
    /// The domain of the last frame: mostly that of the next one, too.
    private var domain: (name: KeyDomainName, value: FrameDomain)?

    package init(keys: any LogKeys, level: Int = 3) {
        self.keys = keys
        mask = keys.tagMask
        compressor = Compressor(level: level)
    }

    /// Appends the frame of a draft; returns its leaf hash.
    package func seal(
        _ draft: FrameDraft,
        of batch: RecordBatch,
        nonce: FrameNonce,
        epoch: UInt32,
        appendingTo bytes: inout [UInt8]
    ) throws(LogError) -> Digest {
        switch draft.content {
        case .bytes(let plain):
            return try seal(draft, plain.span, nonce: nonce, epoch: epoch, appendingTo: &bytes)
        case .pack(let members):
            // The buffer is local while a span of it is lent.
            var pack: [UInt8] = []
            swap(&pack, &self.pack)
            defer { swap(&pack, &self.pack) }
            pack.removeAll(keepingCapacity: true)
            let storedByteCount = batch.appendPack(members, hasher, to: &pack)
            return try seal(
                draft,
                pack.span,
                storing: storedByteCount,
                nonce: nonce,
                epoch: epoch,
                appendingTo: &bytes
            )
        }
    }

    private func seal(
        _ draft: FrameDraft,
        _ plain: Span<UInt8>,
        storing storedByteCount: Int = 0,
        nonce: FrameNonce,
        epoch: UInt32,
        appendingTo bytes: inout [UInt8]
    ) throws(LogError) -> Digest {
        guard plain.count <= Limits.framePlaintext else {
            throw LogError(.overLimit, "a frame of \(plain.count) bytes of plaintext")
        }
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { swap(&content, &self.content) }
        let domain = try domain(draft.domain)
        content.removeAll(keepingCapacity: true)
        content.append(u32: UInt32(plain.count))
        let used = compressor.compress(
            plain,
            with: draft.codec,
            storing: storedByteCount,
            dictionary: draft.dictionary,
            appendingTo: &content
        )
        precondition(draft.paddingByteCount <= Limits.framePlaintext / 8, "more than a frame takes")
        content.append(zeros: draft.paddingByteCount)
        // A dictionary's frame names the dictionary that it holds, and is compressed without one.
        let number =
            draft.dictionaryNumber
            ?? (used.hasDictionary ? draft.dictionary?.number : nil)
        let header = FrameHeader(
            kind: draft.kind,
            codec: used.rawValue,
            dictionary: number ?? 0,
            bodyByteCount: content.count,
            maskedTag: mask.applied(to: domain.tag, nonce: nonce),
            nonce: nonce,
            firstSequence: draft.firstSequence,
            epoch: epoch
        )
        let start = bytes.count
        var associated: [UInt8] = []
        swap(&associated, &self.associated)
        defer { swap(&associated, &self.associated) }
        header.encode(
            appendingTo: &bytes,
            archiveID: keys.archiveID,
            hasher: hasher,
            associated: &associated
        )
        let body = bytes.count
        bytes.append(zeros: header.frameByteCount - FrameHeader.byteCount)
        do {
            var all = bytes.mutableSpan
            var sealed = all._mutatingExtracting(
                body..<(body + content.count + FrameHeader.tagByteCount)
            )
            try cipher.seal(
                content.span,
                into: &sealed,
                key: domain.key,
                nonce: associated.span.extracting(FrameHeader.associatedNonceRange),
                associated: associated.span
            )
        } catch {
            throw LogError(.system, "a frame could not be sealed (\(error))")
        }
        return hasher.hash(prefix: 0, bytes.span.extracting(start...))
    }

    private func domain(_ name: KeyDomainName) throws(LogError) -> FrameDomain {
        if let domain, domain.name == name { return domain.value }
        let value = try keys.domain(name, epoch: keys.epoch)
        domain = (name, value)
        return value
    }
}

extension [UInt8] {
    package mutating func append(zeros count: Int) {
        guard count > 0 else { return }
        append(addingCapacity: count) { $0.append(repeating: 0, count: count) }
    }
}
