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

    var recordCount: Int {
        if case .records(let records, _, _) = self { records.count } else { 0 }
    }
}

/// Opens frames and checks what is inside: one a worker.
final class FrameCheck {
    private let keys: any LogKeys
    private let opener: FrameOpener
    private let mac: HMACSHA256
    private let hasher = SHA256()
    private let visit: FrameVisitor
    /// Room for a pack, and for what its entries say.
    private var pack = Pack()
    private var fields: [EntryFields] = []
    /// Whom the records of the pack before are of, in which epoch, and the tag of that.
    private var usual: (domain: KeyDomainName, epoch: UInt32, tag: MaskedTag)?

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
            switch header.kind {
            case .directory: return try directory(bytes, header, segment, offset)
            case .records: return try records(bytes, header, segment, offset)
            default: break
            }
            let plain = try opener.open(bytes, header: header, segment: segment, offset: offset)
            switch header.kind {
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

    private func records(
        _ frame: Span<UInt8>,
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws -> FrameFinding {
        // Local while they are lent, and room for the next pack's afterwards.
        var pack = Pack()
        var fields: [EntryFields] = []
        swap(&pack, &self.pack)
        swap(&fields, &self.fields)
        defer {
            swap(&pack, &self.pack)
            swap(&fields, &self.fields)
        }
        var plain = pack.emptied()
        try opener.open(frame, header: header, segment: segment, offset: offset, into: &plain)
        try pack.fill(with: plain)
        let finding = try check(pack, header, offset, &fields)
        // Only now: a frame that fails may be tried again.
        visit.pack?(OpenedPack(pack, fields, segment: segment, frameOffset: offset))
        return finding
    }

    private func check(
        _ pack: borrowing Pack,
        _ header: FrameHeader,
        _ offset: UInt64,
        _ fields: inout [EntryFields]
    ) throws -> FrameFinding {
        let bytes = pack.bytes.span
        let common = try EntryFields(commonTo: pack)
        var listed: [ListedRecord] = []
        listed.reserveCapacity(pack.slots.count)
        var bodyByteCount: UInt64 = 0
        var madeKnown = false
        var domain = DomainPrint()
        for slot in pack.slots.indices {
            if slot == fields.count { fields.append(EntryFields()) }
            try fields[slot].read(slot, of: pack, beyond: common)
            let all = fields.span
            if !EntryFields.sharesDomain(all, slot) {
                if slot == 0 || !Self.isLikeBefore(slot, all, bytes) {
                    try check(Self.domain(of: slot, all, bytes), header)
                }
                domain = DomainPrint(all, of: slot, in: bytes)
            }
            if all[slot].isInline {
                guard hasher.hash(bytes.extracting(pack.slots[slot].body)) == all[slot].digest
                else {
                    throw FormatError(
                        .damaged,
                        "the body of record \(all[slot].sequence) has another digest"
                    )
                }
            }
            if all[slot].collection != nil, all[slot].subject == nil,
                let name = CollectionRegistry.collection(madeKnownBy: all[slot], in: bytes)
            {
                keys.learn(collection: name)
                madeKnown = true
            }
            bodyByteCount += all[slot].bodyByteCount
            listed.append(
                ListedRecord(all, of: slot, in: bytes, domain: domain, frameOffset: offset)
            )
        }
        return .records(listed, bodyByteCount: bodyByteCount, madeKnown: madeKnown)
    }

    // Fields are named by their slot in these: handing them over would copy them.

    /// Whether a record is of the same domain as the one before.
    private static func isLikeBefore(
        _ slot: Int,
        _ fields: Span<EntryFields>,
        _ bytes: Span<UInt8>
    ) -> Bool {
        switch (fields[slot - 1].subject, fields[slot].subject) {
        case (let one?, let other?): bytes.extracting(one).isEqual(to: bytes.extracting(other))
        case (nil, nil): domain(of: slot - 1, fields, bytes) == domain(of: slot, fields, bytes)
        default: false
        }
    }

    private static func domain(
        of slot: Int,
        _ fields: Span<EntryFields>,
        _ bytes: Span<UInt8>
    ) -> KeyDomainName {
        if let range = fields[slot].subject { return .subject(text(bytes.extracting(range))) }
        guard let range = fields[slot].collection else {
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

    /// The frame that was opened must be sealed for the domain that its contents are of.
    private func check(_ domain: KeyDomainName, _ header: FrameHeader) throws {
        let tag = try tag(of: domain, epoch: header.epoch)
        guard tag == opener.openedTag else {
            throw FormatError(
                .damaged,
                "the frame is sealed for another subject or collection than its contents are of"
            )
        }
    }

    /// The tag of a domain whose key there is, which packs that follow each other mostly share.
    private func tag(of domain: KeyDomainName, epoch: UInt32) throws(LogError) -> MaskedTag {
        if let usual, usual.epoch == epoch, usual.domain == domain { return usual.tag }
        let tag = try keys.domain(domain, epoch: epoch).tag
        usual = (domain, epoch, tag)
        return tag
    }
}
