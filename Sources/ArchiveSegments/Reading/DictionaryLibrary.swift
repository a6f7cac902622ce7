package import ArchiveCodecs
import ArchiveFileIO
package import ArchiveFormat
import ArchiveSealing
import Synchronization

/// The archive's own dictionaries, found where they are needed.
///
/// A segment holds each dictionary that its frames name, in a frame before them, so it is read
/// without any other. Only where that frame is damaged, another segment's with the same number serves.
/// Safe to share; a dictionary is in memory once, however many segments hold it.
package final class DictionaryLibrary: Sendable {
    private struct Key: Hashable {
        var number: UInt16
        var segment: SegmentNumber
    }

    private struct Shelf {
        var found: [Key: CompressionDictionary] = [:]
        var missing: [Key: LogError] = [:]
        var known: [CompressionDictionary] = []
    }

    private let directory: SegmentDirectory
    private let keys: any LogKeys
    private let shelf = Mutex(Shelf())
    /// How far into other segments a dictionary is looked for.
    private static let searchByteCount: UInt64 = 8 << 20

    package init(_ directory: SegmentDirectory, keys: any LogKeys) {
        self.directory = directory
        self.keys = keys
    }

    /// The dictionary that a frame of `segment` names, whose frame stands at `offset`.
    package func dictionary(
        _ number: UInt16,
        namedIn segment: SegmentNumber,
        at offset: UInt64
    ) throws(LogError) -> CompressionDictionary {
        let key = Key(number: number, segment: segment)
        let (found, failure) = shelf.withLock { ($0.found[key], $0.missing[key]) }
        if let found { return found }
        if let failure { throw failure }
        do throws(LogError) {
            let bytes = try search(number, segment, offset)
            let dictionary = try shelved(bytes, key)
            return dictionary
        } catch {
            // Else each frame that wants it would search the whole log again.
            if error.code == .corrupt { shelf.withLock { $0.missing[key] = error } }
            throw error
        }
    }

    private func shelved(_ bytes: [UInt8], _ key: Key) throws(LogError) -> CompressionDictionary {
        let same = shelf.withLock { shelf in
            shelf.known.first { $0.number == key.number && $0.bytes == bytes }
        }
        if let same {
            shelf.withLock { $0.found[key] = same }
            return same
        }
        do {
            let dictionary = try CompressionDictionary(number: key.number, bytes: bytes)
            shelf.withLock { shelf in
                shelf.known.append(dictionary)
                shelf.found[key] = dictionary
            }
            return dictionary
        } catch {
            throw LogError(
                .corrupt,
                segment: key.segment,
                "compression dictionary \(key.number) is none (\(error))"
            )
        }
    }

    private func search(
        _ number: UInt16,
        _ segment: SegmentNumber,
        _ offset: UInt64
    ) throws(LogError) -> [UInt8] {
        do throws(LogError) {
            if let bytes = try bytes(of: number, in: segment, before: offset) { return bytes }
        } catch  where error.code == .corrupt {
            // Another segment may have it.
        }
        var unreadable: LogError?
        for name in try directory.names().reversed() where name.number != segment {
            do throws(LogError) {
                let found = try bytes(of: number, in: name.number, before: Self.searchByteCount)
                if let found { return found }
            } catch  where error.code == .corrupt || error.cause != nil {
                if error.code != .corrupt { unreadable = error }
            }
        }
        // It may be where nobody can read at the moment: that is no damage.
        if let unreadable { throw unreadable }
        throw LogError(
            .corrupt,
            segment: segment,
            offset: offset,
            "the frame of compression dictionary \(number) is damaged or missing, and no other segment "
                + "has it; recover the segment from a vault"
        )
    }

    /// Looks through the headers of a segment's frames up to `limit`.
    private func bytes(
        of number: UInt16,
        in segment: SegmentNumber,
        before limit: UInt64
    ) throws(LogError) -> [UInt8]? {
        let reader = LogReader(directory, archiveID: keys.archiveID)
        let opener = FrameOpener(keys: keys, dictionaries: nil)
        var walk = FrameWalk(reader, segment, opener)
        while let header = try walk.next(before: limit) {
            guard header.kind == .dictionary, header.dictionary == number else { continue }
            return try walk.open(header)
        }
        return nil
    }
}

/// A walk over a segment's frames from header to header; one that is damaged does not hide the next.
private struct FrameWalk {
    private let reader: LogReader
    private let segment: SegmentNumber
    private let opener: FrameOpener
    private var buffer: [UInt8] = []
    private var start: UInt64 = 0
    private var current: UInt64 = 0
    /// Where the next frame begins.
    private(set) var offset = UInt64(SegmentHeader.byteCount)

    private static let readByteCount = 64 << 10

    init(_ reader: LogReader, _ segment: SegmentNumber, _ opener: FrameOpener) {
        self.reader = reader
        self.segment = segment
        self.opener = opener
    }

    /// The next frame's header; nil if none begins before `limit`.
    mutating func next(before limit: UInt64) throws(LogError) -> FrameHeader? {
        while offset < limit {
            if offset < start
                || offset + UInt64(FrameHeader.byteCount) > start + UInt64(buffer.count)
            {
                start = offset
                buffer = try reader.bytes(of: segment, at: offset, byteCount: Self.readByteCount)
            }
            let local = Int(offset - start)
            guard buffer.count - local >= FrameHeader.byteCount else { return nil }
            do throws(FormatError) {
                let header = try opener.header(buffer.span.extracting(local...))
                current = offset
                offset += UInt64(header.frameByteCount)
                return header
            } catch {
                offset += UInt64(FrameHeader.alignment)
            }
        }
        return nil
    }

    /// The dictionary in the frame whose header came last.
    func open(_ header: FrameHeader) throws(LogError) -> [UInt8] {
        let frame = try reader.bytes(of: segment, at: current, byteCount: header.frameByteCount)
        let plain = try opener.open(frame.span, header: header, segment: segment, offset: current)
        do {
            return try DictionaryPlaintext(decoding: plain.span).bytes
        } catch {
            throw LogError(error, segment: segment, offset: current)
        }
    }
}
