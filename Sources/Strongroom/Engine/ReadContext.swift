import ArchiveBytes
import ArchiveFormat
import ArchiveSegments

/// What one thread needs to read frames, used by one thread at a time, as a pool hands it out; it keeps
/// the pack that it opened last.
final class ReadContext: @unchecked Sendable {
    private let opener: FrameOpener
    private var buffer = FrameBuffer()
    private var content: [UInt8] = []
    private var pack = Pack()
    /// Where the pack stands; nil if there is none.
    private var packPlace: RecordPlace?
    /// A larger pack is not kept.
    private static let keptByteCount = 256 << 10

    init(keys: KeyringKeys, _ dictionaries: DictionaryLibrary) {
        opener = FrameOpener(keys: keys, dictionaries: dictionaries)
    }

    deinit {
        forgetPack()
        Self.wipe(&content)
    }

    func emptyBuffer() { buffer.empty() }

    /// Lends the pack at a place, from the cache if it has it; else the cache gets it.
    func withPack<Result>(
        at place: RecordPlace,
        _ log: LogReader,
        _ cache: PackCache,
        _ body: (borrowing Pack) throws(ArchiveError) -> Result
    ) throws(ArchiveError) -> Result {
        var read: FrameOpener.Compression?
        if packPlace?.isInPack(of: place) != true {
            do {
                read = try load(place, log, cache)
            } catch {
                throw ArchiveError(error)
            }
        }
        // The pack is local while it is lent.
        var pack = Pack()
        swap(&pack, &self.pack)
        defer {
            swap(&pack, &self.pack)
            if self.pack.bytes.count > Self.keptByteCount { forgetPack() }
        }
        let result = try body(pack)
        if let read {
            // A copy of exactly its length: the buffer has room for more.
            cache[place] = SealedPack(
                content: [UInt8](copying: content.span),
                compression: read,
                subject: pack.common.subject
            )
        }
        return result
    }

    /// Answers how a pack that was not in the cache is compressed.
    private func load(
        _ place: RecordPlace,
        _ log: LogReader,
        _ cache: PackCache
    ) throws(LogError) -> FrameOpener.Compression? {
        packPlace = nil
        if let sealed = cache[place] {
            try expand(sealed.content.span, sealed.compression, place, of: sealed.subject)
            packPlace = place
            return nil
        }
        var buffer = FrameBuffer()
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        let range = try log.read(place.segment, at: place.frameOffset, into: &buffer)
        let frame = buffer.bytes.span.extracting(range)
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { swap(&content, &self.content) }
        let header = try opener.unseal(
            frame,
            segment: place.segment,
            offset: place.frameOffset,
            into: &content
        )
        try expand(content.span, header.compression, place)
        packPlace = place
        return header.compression
    }

    private func expand(
        _ content: Span<UInt8>,
        _ compression: FrameOpener.Compression,
        _ place: RecordPlace,
        of subject: String? = nil
    ) throws(LogError) {
        // What the pack before had in common this one mostly has, too, but for whose records they are.
        var other = pack.common
        if let subject { other.subject = subject }
        var plain = pack.emptied()
        try opener.expand(
            content,
            compression,
            segment: place.segment,
            offset: place.frameOffset,
            into: &plain
        )
        do throws(FormatError) {
            guard compression.kind == .records else {
                throw FormatError(.damaged, "the frame holds no records")
            }
            try pack.fill(with: plain, like: other)
        } catch {
            throw LogError(error, segment: place.segment, offset: place.frameOffset)
        }
    }

    private func forgetPack() {
        packPlace = nil
        var plain = pack.emptied()
        Self.wipe(&plain)
    }

    /// Overwrites all of an array's memory, what it held before as well.
    private static func wipe(_ bytes: inout [UInt8]) {
        bytes.append(zeros: bytes.capacity - bytes.count)
        bytes.wipe()
    }

    /// Opens the pack at a place, for a walk that does not come back.
    func pack(
        _ place: RecordPlace,
        _ log: LogReader,
        readAhead: Int,
        like other: borrowing RecordEntry
    ) throws(LogError) -> Pack {
        let (plain, header) = try open(place, log, readAhead: readAhead)
        do throws(FormatError) {
            guard header.kind == .records else {
                throw FormatError(.damaged, "the frame holds no records")
            }
            return try Pack(decoding: plain, like: other)
        } catch {
            throw LogError(error, segment: place.segment, offset: place.frameOffset)
        }
    }

    /// The plaintext of any sealed frame.
    func open(
        _ place: RecordPlace,
        _ log: LogReader,
        readAhead: Int? = nil
    ) throws(LogError) -> (plain: [UInt8], header: FrameHeader) {
        // The buffer is local while spans of it are lent.
        var buffer = FrameBuffer()
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        let frame = try log.read(
            place.segment,
            at: place.frameOffset,
            into: &buffer,
            readAhead: readAhead
        )
        return try opener.open(
            buffer.bytes.span.extracting(frame),
            segment: place.segment,
            offset: place.frameOffset
        )
    }
}
