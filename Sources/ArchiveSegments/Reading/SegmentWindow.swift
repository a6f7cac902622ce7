import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat

/// A stretch of a segment in memory: one buffer that is read into where it has room, and moved back
/// to its front only when it has none.
struct SegmentWindow {
    private let file: any File
    private let segment: SegmentNumber
    let fileByteCount: UInt64
    /// Nothing behind this is read before it is asked for.
    private let end: UInt64
    /// Behind ``leadByteCount`` stand ``count`` bytes of the file from ``start`` on.
    private(set) var bytes: [UInt8]
    private var start: UInt64
    private var count = 0

    /// The buffer's size, which is asked of the file at a time, unless a batch is larger or the rest of
    /// the file is smaller.
    private static let byteCount = 2 << 20
    /// Hashing a frame borrows the byte before it: so there is one before the first as well, and as many
    /// more as keep the file's bytes where processors copy to fastest.
    private static let leadByteCount = 64

    /// Reads ahead up to `end` or the end of the file; `buffer`, if it is large enough, is used.
    init(
        _ file: any File,
        segment: SegmentNumber,
        at offset: UInt64,
        upTo end: UInt64? = nil,
        buffer: consuming [UInt8] = []
    ) throws(LogError) {
        self.file = file
        self.segment = segment
        start = offset
        do {
            fileByteCount = try file.byteCount()
        } catch {
            throw LogError(error, segment: segment)
        }
        self.end = min(end ?? .max, fileByteCount)
        bytes = buffer
        let rest = max(offset, self.end) - offset
        let needed = Int(clamping: min(rest, UInt64(Self.byteCount)))
        if bytes.count < needed + Self.leadByteCount {
            bytes = Self.room(for: Self.size(for: needed))
        }
    }

    /// Memory for so many bytes of the file.
    private static func room(for byteCount: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: leadByteCount + byteCount)
    }

    /// The next power of two.
    ///
    /// A short rest needs no more: filling two megabytes takes longer than reading it. But what is only
    /// a little longer finds room in the same buffer.
    private static func size(for needed: Int) -> Int {
        var size = 4_096
        while size < needed { size *= 2 }
        return size
    }

    /// Where the file's byte at `position` is in ``bytes``.
    func local(_ position: UInt64) -> Int { Int(position - start) + Self.leadByteCount }

    /// Lends what is loaded from `first` up to `end` with the byte before it, which is to be the same
    /// again afterwards.
    mutating func withBytes<Result>(
        fromBefore first: UInt64,
        upTo end: UInt64,
        _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result {
        let range = (local(first) - 1)..<local(end)
        var all = bytes.mutableSpan
        var part = all._mutatingExtracting(range)
        return body(&part)
    }

    /// Brings `byteCount` bytes from `position` on into the buffer and keeps all from `kept` on; false
    /// if the file ends before.
    mutating func load(
        from position: UInt64,
        byteCount: Int,
        keeping kept: UInt64
    ) throws(LogError) -> Bool {
        if position >= start, position + UInt64(byteCount) <= start + UInt64(count) { return true }
        guard position + UInt64(byteCount) <= fileByteCount else { return false }
        if kept < start || kept > start + UInt64(count) {
            start = kept
            count = 0
        }
        if local(position) + byteCount > bytes.count {
            makeRoom(for: Int(position - kept) + byteCount, keeping: kept)
        }
        let filled = count
        let next = start + UInt64(filled)
        let behind = max(end, position + UInt64(byteCount)) - start
        let wanted = min(bytes.count - Self.leadByteCount, Int(clamping: behind)) - filled
        let (file, segment) = (file, segment)
        let found: Int
        do {
            var all = bytes.mutableSpan
            let from = Self.leadByteCount + filled
            var free = all._mutatingExtracting(from..<(from + wanted))
            found = try file.read(at: next, into: &free)
        } catch {
            throw LogError(error, segment: segment)
        }
        count = filled + found
        return local(position) + byteCount <= count
    }

    /// Moves what is kept to the front, into a larger buffer if `needed` bytes do not fit.
    private mutating func makeRoom(for needed: Int, keeping kept: UInt64) {
        let lead = Self.leadByteCount
        let (first, end) = (local(kept), lead + count)
        let rest = end - first
        if needed > bytes.count - lead {
            var larger = Self.room(for: needed + Self.byteCount)
            var target = larger.mutableSpan
            target.copy(bytes.span.extracting(first..<end), at: lead)
            bytes = larger
        } else if first > lead {
            bytes.replaceSubrange(lead..<(lead + rest), with: Array(bytes[first..<end]))
        }
        start = kept
        count = rest
    }
}
