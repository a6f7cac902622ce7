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
        // The pack is local while it is lent.
        var pack = Pack()
        swap(&pack, &self.pack)
        defer {
            swap(&pack, &self.pack)
            if self.pack.bytes.count > Self.keptByteCount { forgetPack() }
        }
        if packPlace?.isInPack(of: place) != true {
            packPlace = nil
            do {
                var plain = pack.emptied()
                let subject = try open(place, log, cache, into: &plain)
                try pack.fill(with: plain, like: subject, from: place)
                if subject == nil, let found = pack.subject { cache.note(found, at: place) }
            } catch {
                throw ArchiveError(error)
            }
            packPlace = place
        }
        return try body(pack)
    }

    /// Brings the plaintext of the pack at a place; `plain` keeps its room.
    ///
    /// It comes from the cache if that has it; else the cache gets it. With `last`, where a later frame of
    /// the segment stands, the log is read up to there: for a walk that does not come back. Answers whose
    /// records these are, if the cache knows.
    @discardableResult
    func open(
        _ place: RecordPlace,
        _ log: LogReader,
        _ cache: PackCache?,
        upTo last: UInt64? = nil,
        into plain: inout [UInt8]
    ) throws(LogError) -> String? {
        if let sealed = cache?[place] {
            try expand(sealed.content.span, sealed.compression, place, into: &plain)
            return sealed.subject
        }
        var buffer = FrameBuffer()
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        let range = try log.read(
            place.segment,
            at: place.frameOffset,
            into: &buffer,
            upTo: last
        )
        var content: [UInt8] = []
        swap(&content, &self.content)
        defer { swap(&content, &self.content) }
        let compression = try opener.unseal(
            buffer.bytes.span.extracting(range),
            segment: place.segment,
            offset: place.frameOffset,
            into: &content
        ).compression
        try expand(content.span, compression, place, into: &plain)
        cache?.offer(content, compression, at: place)
        return nil
    }

    private func expand(
        _ content: Span<UInt8>,
        _ compression: FrameOpener.Compression,
        _ place: RecordPlace,
        into plain: inout [UInt8]
    ) throws(LogError) {
        try opener.expand(
            content,
            compression,
            segment: place.segment,
            offset: place.frameOffset,
            into: &plain
        )
        guard compression.kind == .records else {
            throw LogError(
                FormatError(.damaged, "the frame holds no records"),
                segment: place.segment,
                offset: place.frameOffset
            )
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

    /// The plaintext of any sealed frame.
    func open(
        _ place: RecordPlace,
        _ log: LogReader
    ) throws(LogError) -> (plain: [UInt8], header: FrameHeader) {
        // The buffer is local while spans of it are lent.
        var buffer = FrameBuffer()
        swap(&buffer, &self.buffer)
        defer { swap(&buffer, &self.buffer) }
        let frame = try log.read(place.segment, at: place.frameOffset, into: &buffer)
        return try opener.open(
            buffer.bytes.span.extracting(frame),
            segment: place.segment,
            offset: place.frameOffset
        )
    }
}

extension Pack {
    /// Becomes the pack that has this plaintext and stands at a place.
    mutating func fill(
        with plain: consuming [UInt8],
        like subject: String? = nil,
        from place: RecordPlace
    ) throws(LogError) {
        do throws(FormatError) {
            try fill(with: plain, like: subject)
        } catch {
            throw LogError(error, segment: place.segment, offset: place.frameOffset)
        }
    }
}
