import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import SystemPackage

/// The file `head`: two slots, written in turn, so that one is whole whatever happens to the other.
struct HeadFile {
    private let file: any File
    private let archiveID: ArchiveID
    private let logKey: HMACSHA256
    /// The slot that holds: the one with the higher counter.
    private(set) var current: HeadSlot?
    /// A crash tore the other slot: the next writing makes it whole.
    private(set) var isTorn = false

    /// Opens the head; a damaged slot counts as absent, both damaged is an error.
    init(
        _ fileSystem: any FileSystem,
        _ path: FilePath,
        archiveID: ArchiveID,
        logKey: SecretKey,
        access: FileAccess
    ) throws(ArchiveError) {
        do {
            file = try fileSystem.open(path, access)
            let bytes = try file.read(at: 0, byteCount: 2 * HeadSlot.byteCount)
            self.archiveID = archiveID
            self.logKey = logKey.withSpan { HMACSHA256(key: $0) }
            (current, isTorn) = try Self.newest(bytes, archiveID: archiveID, logKey: self.logKey)
        } catch {
            throw ArchiveError.wrapping(error, in: path.string)
        }
    }

    private static func newest(
        _ bytes: [UInt8],
        archiveID: ArchiveID,
        logKey: HMACSHA256
    ) throws(FormatError) -> (slot: HeadSlot?, isTorn: Bool) {
        var slots: [HeadSlot] = []
        var failure: FormatError?
        for index in 0..<2 {
            let range = (index * HeadSlot.byteCount)..<((index + 1) * HeadSlot.byteCount)
            guard range.upperBound <= bytes.count else { continue }
            do {
                let slot = try HeadSlot(
                    decoding: bytes.span.extracting(range),
                    archiveID: archiveID,
                    logKey: logKey
                )
                if let slot { slots.append(slot) }
            } catch {
                failure = error
            }
        }
        // A crash tears one slot at most: the other then tells.
        if let failure, slots.isEmpty { throw failure }
        return (slots.max { $0.counter < $1.counter }, failure != nil)
    }

    /// Makes it durable that `commit`, which ends at that place, is durable.
    mutating func advance(
        to commit: CommitLink,
        segment: SegmentNumber,
        offset: UInt64,
        isClosed: Bool
    ) throws(ArchiveError) {
        let slot = HeadSlot(
            counter: (current?.counter ?? 0) + 1,
            commit: commit,
            segment: segment.value,
            committedByteCount: offset,
            isClosed: isClosed
        )
        let bytes = slot.encode(archiveID: archiveID, logKey: logKey)
        do {
            try file.write(
                bytes.span,
                at: (slot.counter % 2) * UInt64(HeadSlot.byteCount)
            )
            try file.synchronizeData()
        } catch {
            throw ArchiveError(error)
        }
        current = slot
        isTorn = false
    }
}
