import ArchiveBytes
import ArchiveCodecs
import ArchiveFormat
import ArchiveSealing

/// What opening one frame has shown.
enum FrameFinding: Sendable {
    /// A pack of these record versions, whose bodies are together so long.
    case records([ListedRecord], bodyByteCount: UInt64, madeKnown: Bool)
    case chunk(Digest)
    /// What a directory lists.
    case directory([ListedRecord], chunks: [Digest], erasedCount: Int)
    /// The frame is an erased subject's.
    case erased
    case damaged(String)
}

/// Opens frames and checks what is inside: one a worker.
final class FrameCheck {
    private let keys: any LogKeys
    private let opener: FrameOpener
    private let mac: HMACSHA256
    private let hasher = SHA256()
    private let visit: FrameVisitor
    /// Room for what the entries of a pack say.
    private var fields: [EntryFields] = []

    init(keys: any LogKeys, dictionaries: DictionaryLibrary?, visit: FrameVisitor) {
        self.keys = keys
        self.visit = visit
        opener = FrameOpener(keys: keys, dictionaries: dictionaries)
        mac = keys.logKey.withSpan { HMACSHA256(key: $0) }
    }

    /// Checks the frame that stands at `offset` of `segment`; nil for a kind without contents to check.
    func finding(
        _ bytes: Span<UInt8>,
        header: FrameHeader,
        segment: SegmentNumber,
        offset: UInt64
    ) -> FrameFinding? {
        do {
            if header.kind == .directory {
                return try directory(bytes, header, segment, offset)
            }
            let plain = try opener.open(bytes, header: header, segment: segment, offset: offset)
            switch header.kind {
            case .records: return try pack(plain, header, segment, offset)
            case .chunk: return try chunk(plain, header, segment, offset)
            case .dictionary: return try dictionary(plain, header)
            default: return nil
            }
        } catch let error as LogError {
            return error.code == .erased ? .erased : .damaged(error.finding)
        } catch let error as FormatError {
            return .damaged(error.finding)
        } catch {
            return .damaged("\(error)")
        }
    }

    private func pack(
        _ plain: consuming [UInt8],
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws -> FrameFinding {
        // Local while they are lent, and room for the next pack's afterwards.
        var fields: [EntryFields] = []
        swap(&fields, &self.fields)
        defer { swap(&fields, &self.fields) }
        let pack = try Pack(decoding: plain)
        let bytes = pack.bytes.span
        let common = try EntryFields(commonTo: pack)
        var listed: [ListedRecord] = []
        listed.reserveCapacity(pack.slots.count)
        var bodyByteCount: UInt64 = 0
        var madeKnown = false
        for slot in pack.slots.indices {
            if slot == fields.count { fields.append(EntryFields()) }
            try fields[slot].read(slot, of: pack, beyond: common)
            if slot == 0 || !Self.isSameDomain(fields[slot - 1], fields[slot], bytes) {
                try check(Self.domain(of: fields[slot], bytes), header)
            }
            if fields[slot].isInline {
                guard hasher.hash(bytes.extracting(pack.slots[slot].body)) == fields[slot].digest
                else {
                    throw FormatError(
                        .damaged,
                        "the body of record \(fields[slot].sequence) has another digest"
                    )
                }
            }
            if let name = CollectionRegistry.collection(madeKnownBy: fields[slot], in: bytes) {
                keys.learn(collection: name)
                madeKnown = true
            }
            bodyByteCount += fields[slot].bodyByteCount
            listed.append(ListedRecord(fields[slot], in: bytes, frameOffset: offset, slot: slot))
        }
        // Only now: a frame that fails may be tried again.
        visit.pack?(OpenedPack(pack, fields, segment: segment, frameOffset: offset))
        return .records(listed, bodyByteCount: bodyByteCount, madeKnown: madeKnown)
    }

    private static func isSameDomain(
        _ one: borrowing EntryFields,
        _ other: borrowing EntryFields,
        _ bytes: Span<UInt8>
    ) -> Bool {
        switch (one.subject, other.subject) {
        case (let one?, let other?): bytes.extracting(one).isEqual(to: bytes.extracting(other))
        case (nil, nil): domain(of: one, bytes) == domain(of: other, bytes)
        default: false
        }
    }

    private static func domain(
        of fields: borrowing EntryFields,
        _ bytes: Span<UInt8>
    ) -> KeyDomainName {
        if let range = fields.subject { return .subject(text(bytes.extracting(range))) }
        guard let range = fields.collection else {
            return .collection(RecordEntry.defaultCollection)
        }
        return .collection(text(bytes.extracting(range)))
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: bytes), as: UTF8.self)
    }

    private static func listed(_ records: Span<DirectoryRecord>) -> [ListedRecord] {
        var listed: [ListedRecord] = []
        listed.reserveCapacity(records.count)
        for index in records.indices { listed.append(ListedRecord(records[index])) }
        return listed
    }

    private func chunk(
        _ plain: [UInt8],
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws -> FrameFinding {
        let chunk = try ChunkPlaintext(decoding: plain.span)
        try check(chunk.domain, header)
        let key = try keys.contentKey(of: chunk.domain, epoch: header.epoch)
        let content = key.withSpan { HMACSHA256(key: $0) }
        guard content.authenticate(plain.span.extracting(chunk.start...)) == chunk.id else {
            throw FormatError(.damaged, "a chunk's bytes are not those of its content id")
        }
        visit.chunk?(chunk.id, segment, offset)
        return .chunk(chunk.id)
    }

    /// It is of no contents that are counted; it must be one, and the collection `system`'s.
    private func dictionary(_ plain: [UInt8], _ header: FrameHeader) throws -> FrameFinding? {
        try check(.collection(CollectionRegistry.systemCollection), header)
        guard header.dictionary >= DictionaryPlaintext.firstOwnNumber else {
            throw FormatError(.damaged, "a dictionary has the number \(header.dictionary)")
        }
        let bytes = try DictionaryPlaintext(decoding: plain.span).bytes
        _ = try CompressionDictionary(number: header.dictionary, bytes: bytes)
        return nil
    }

    /// Makes known the collections that a directory tells of, and looks at nothing else in it.
    func learn(
        _ bytes: Span<UInt8>,
        header: FrameHeader,
        segment: SegmentNumber,
        offset: UInt64
    ) throws(LogError) {
        guard header.kind == .directory else { return }
        _ = try blocks(of: bytes, header, segment, offset)
    }

    private func blocks(
        of bytes: Span<UInt8>,
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws(LogError) -> (blocks: [DirectoryBlock], erasedCount: Int) {
        try requireAuthentic(bytes, header, segment, offset)
        return try DirectoryFrame.open(
            bytes,
            header: header,
            keys: keys,
            segment: segment,
            offset: offset
        )
    }

    private func requireAuthentic(
        _ bytes: Span<UInt8>,
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws(LogError) {
        guard
            PublicFrame.isAuthentic(bytes, header: header, archiveID: keys.archiveID, mac: mac)
        else {
            throw LogError(
                .corrupt,
                segment: segment,
                offset: offset,
                "the directory frame is not authentic"
            )
        }
    }

    private func directory(
        _ bytes: Span<UInt8>,
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws(LogError) -> FrameFinding {
        if let listed = visit.listed {
            let (blocks, erasedCount) = try blocks(of: bytes, header, segment, offset)
            for block in blocks { for record in block.records { listed(record, segment) } }
            return .directory(
                blocks.flatMap { Self.listed($0.records.span) },
                chunks: blocks.flatMap { $0.chunks.map(\.id) },
                erasedCount: erasedCount
            )
        }
        try requireAuthentic(bytes, header, segment, offset)
        var outline = DirectoryOutline()
        let registry = (CollectionRegistry.systemCollection, CollectionRegistry.prefix)
        let erasedCount = try DirectoryFrame.forEachBlock(bytes, header, keys, segment, offset) {
            plain throws(FormatError) in
            for name in try outline.add(plain, registry: registry) { keys.learn(collection: name) }
        }
        return .directory(outline.records, chunks: outline.chunks, erasedCount: erasedCount)
    }

    /// A frame must be sealed for the domain that its contents are of.
    private func check(_ domain: KeyDomainName, _ header: FrameHeader) throws {
        let tag = try keys.domain(domain, epoch: header.epoch).tag
        guard keys.masked(tag, nonce: header.nonce) == header.maskedTag else {
            throw FormatError(
                .damaged,
                "the frame is sealed for another subject or collection than its contents are of"
            )
        }
    }
}
