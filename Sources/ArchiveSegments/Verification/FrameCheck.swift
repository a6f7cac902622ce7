import ArchiveBytes
import ArchiveCodecs
package import ArchiveFormat
package import ArchiveSealing

/// What opening one frame has shown.
enum FrameFinding: Sendable {
    /// A pack of these record versions, whose bodies are together so long.
    case records([DirectoryRecord], bodyByteCount: UInt64)
    case chunk(Digest)
    case directory([DirectoryBlock], erasedCount: Int)
    /// The frame is an erased subject's.
    case erased
    case damaged(String)
}

/// Hears of each record version that opened and the place of its pack, from several threads at a
/// time and in no order.
package typealias RecordVisitor =
    @Sendable (RecordEntry, SegmentNumber, UInt64, Int) -> Void

/// Hears of everything in frames that opened, from several threads at a time and in no order.
package struct FrameVisitor: Sendable {
    package var record: RecordVisitor?
    /// A chunk's content id and place.
    package var chunk: (@Sendable (Digest, SegmentNumber, UInt64) -> Void)?
    /// What a directory lists, whether its pack opened or not.
    package var listed: (@Sendable (DirectoryRecord, SegmentNumber) -> Void)?

    package init(record: RecordVisitor? = nil) { self.record = record }
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
        for (index, slot) in pack.slots.enumerated() {
            let entry = try pack.entry(index)
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
            }
            records.append(record)
            entries.append(entry)
            bodyByteCount += entry.bodyByteCount
        }
        // Only now: a frame that fails may be tried again.
        if let record = visit.record {
            for (index, entry) in entries.enumerated() { record(entry, segment, offset, index) }
        }
        return .records(records, bodyByteCount: bodyByteCount)
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

    private func directory(
        _ bytes: Span<UInt8>,
        _ header: FrameHeader,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws -> FrameFinding {
        guard
            PublicFrame.isAuthentic(bytes, header: header, archiveID: keys.archiveID, mac: mac)
        else { throw FormatError(.damaged, "the directory frame is not authentic") }
        let (blocks, erasedCount) = try DirectoryFrame.open(
            bytes,
            header: header,
            keys: keys,
            segment: segment,
            offset: offset
        )
        if let listed = visit.listed {
            for block in blocks { for record in block.records { listed(record, segment) } }
        }
        return .directory(blocks, erasedCount: erasedCount)
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
