import ArchiveBytes
import ArchiveCodecs
package import ArchiveFormat
package import ArchiveSealing

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

/// A record version as directories must list it.
///
/// Two of the same number are the same if their fingerprints are, whose key is drawn anew in each
/// process.
struct ListedRecord: Sendable {
    let sequence: RecordSequence
    let fingerprint: Int

    init(_ record: borrowing DirectoryRecord) {
        sequence = record.sequence
        var hasher = Hasher()
        record.hash(into: &hasher)
        fingerprint = hasher.finalize()
    }
}

/// A pack whose record versions have all opened.
package struct OpenedPack: Sendable {
    package let entries: [RecordEntry]
    /// What the directory has to list of them.
    package let records: [DirectoryRecord]
    package let segment: SegmentNumber

    package init(entries: [RecordEntry], records: [DirectoryRecord], segment: SegmentNumber) {
        self.entries = entries
        self.records = records
        self.segment = segment
    }
}

/// Hears of each pack that opened, from several threads at a time and in no order.
package typealias PackVisitor = @Sendable (OpenedPack) -> Void

/// Hears of everything in frames that opened, from several threads at a time and in no order.
package struct FrameVisitor: Sendable {
    package var pack: PackVisitor?
    /// A chunk's content id and place.
    package var chunk: (@Sendable (Digest, SegmentNumber, UInt64) -> Void)?
    /// What a directory lists, whether its pack opened or not.
    package var listed: (@Sendable (DirectoryRecord, SegmentNumber) -> Void)?

    package init(pack: PackVisitor? = nil) { self.pack = pack }
}

/// Opens frames and checks what is inside: one a worker.
struct FrameCheck {
    private let keys: any LogKeys
    private let opener: FrameOpener
    private let mac: HMACSHA256
    private let hasher = SHA256()
    private let visit: FrameVisitor

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
        _ plain: [UInt8],
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws -> FrameFinding {
        let pack = try Pack(decoding: plain)
        var entries: [RecordEntry] = []
        var records: [DirectoryRecord] = []
        entries.reserveCapacity(pack.slots.count)
        records.reserveCapacity(pack.slots.count)
        var bodyByteCount: UInt64 = 0
        var checked: KeyDomainName?
        var madeKnown = false
        for (index, slot) in pack.slots.enumerated() {
            let entry =
                try index == 0
                ? pack.entry(index) : pack.entry(index, after: entries.span[index - 1])
            let record = DirectoryRecord(entry, frameOffset: offset, slot: index)
            if record.domain != checked {
                try check(record.domain, header)
                checked = record.domain
            }
            if entry.body == .inline {
                guard hasher.hash(pack.bytes.span.extracting(slot.body)) == entry.digest
                else {
                    throw FormatError(
                        .damaged,
                        "the body of record \(entry.sequence) has another digest"
                    )
                }
            }
            if let collection = CollectionRegistry.collection(madeKnownBy: record) {
                keys.learn(collection: collection)
                madeKnown = true
            }
            bodyByteCount += entry.bodyByteCount
            records.append(record)
            entries.append(entry)
        }
        let listed = Self.listed(records.span)
        // Only now: a frame that fails may be tried again.
        visit.pack?(OpenedPack(entries: entries, records: records, segment: segment))
        return .records(listed, bodyByteCount: bodyByteCount, madeKnown: madeKnown)
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
        return try DirectoryFrame.open(
            bytes,
            header: header,
            keys: keys,
            segment: segment,
            offset: offset
        )
    }

    private func directory(
        _ bytes: Span<UInt8>,
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws -> FrameFinding {
        let (blocks, erasedCount) = try blocks(of: bytes, header, segment, offset)
        if let listed = visit.listed {
            for block in blocks { for record in block.records { listed(record, segment) } }
        }
        return .directory(
            blocks.flatMap { Self.listed($0.records.span) },
            chunks: blocks.flatMap { $0.chunks.map(\.id) },
            erasedCount: erasedCount
        )
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
