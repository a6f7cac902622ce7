import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// How far the active segment of an archive is committed, as anyone without a key can tell.
///
/// It goes on where it stopped, so that looking again costs only what is new. Its calls block.
struct ActiveTail: Sendable {
    private let directory: SegmentDirectory
    private let archiveID: ArchiveID
    private var number = SegmentNumber(0)
    private var end: UInt64 = 0
    private var link = CommitLink.origin

    init(_ directory: SegmentDirectory, archiveID: ArchiveID) {
        self.directory = directory
        self.archiveID = archiveID
    }

    /// What is committed, durably.
    struct Reach: Sendable {
        let segment: SegmentNumber
        let file: any File
        let end: UInt64
        let link: CommitLink
    }

    /// Looks how far the segment is now; nil if there is no active one, or nothing in it.
    mutating func look() throws(LogError) -> Reach? {
        let names = try directory.names()
        guard let last = names.last(where: { !$0.isSealed }),
            !names.contains(.init(last.number, isSealed: true))
        else { return nil }
        let (file, header): (any File, SegmentHeader)
        do {
            (file, header) = try directory.open(last, archiveID: archiveID)
        } catch {
            // Just made, or sealed since the names were read: the next look tells.
            return nil
        }
        if number != last.number {
            number = last.number
            end = UInt64(SegmentHeader.byteCount)
            link = CommitLink(
                number: header.firstCommit - 1,
                lastSequence: header.firstSequence - 1,
                hash: header.predecessor.commitHash,
                time: header.created
            )
        }
        let known = link.number
        var scanner = try BatchScanner(
            file,
            segment: number,
            archiveID: archiveID,
            logKey: nil,
            after: link,
            at: end
        )
        // Behind the last whole batch stands nothing, or one that is being written.
        while try scanner.next() != nil {}
        if scanner.link.number > known {
            // What the writer has not synchronized yet could be lost here and kept in the vault.
            do throws(SystemError) {
                try file.synchronizeData()
            } catch {
                throw LogError(error, segment: number)
            }
            (end, link) = (scanner.offset, scanner.link)
        }
        guard link.number >= header.firstCommit else { return nil }
        return Reach(segment: number, file: file, end: end, link: link)
    }
}

/// A range of a file, as a source to store from.
struct FileRangeSource: ByteSource {
    let file: any File
    let start: UInt64
    let byteCount: UInt64

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int {
        let count = min(UInt64(target.count), byteCount - min(offset, byteCount))
        guard count > 0 else { return 0 }
        var part = target._mutatingExtracting(..<Int(count))
        return try file.read(at: start + offset, into: &part)
    }

    /// Hashes the range.
    func sha256() throws -> Digest {
        let hasher = SHA256()
        var buffer = [UInt8](repeating: 0, count: Int(min(byteCount, 1 << 20)))
        var offset: UInt64 = 0
        while offset < byteCount {
            var span = buffer.mutableSpan
            let count = try read(at: offset, into: &span)
            guard count > 0 else { throw SystemError(.read, file.path, .ioError) }
            hasher.update(buffer.span.extracting(..<count))
            offset += UInt64(count)
        }
        return hasher.finish()
    }
}
