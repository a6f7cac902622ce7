import ArchiveBytes
import ArchiveFileIO
import StrongroomVaults
import SystemPackage

/// Bytes in memory that stand at an offset of a file which has nothing else.
final class RangeFile: ReadOnlyFile {
    let path: FilePath
    let start: UInt64
    let bytes: [UInt8]

    init(_ bytes: [UInt8], at start: UInt64, of path: FilePath) {
        self.path = path
        self.start = start
        self.bytes = bytes
    }

    func byteCount() throws(SystemError) -> UInt64 { start + UInt64(bytes.count) }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        guard offset >= start, offset < start + UInt64(bytes.count) else { return 0 }
        let first = Int(offset - start)
        let bytes = bytes
        let count = min(target.count, bytes.count - first)
        target.copy(bytes.span.extracting(first..<(first + count)))
        return count
    }
}

/// A file with some of its ranges replaced, as a source to store from.
struct PatchedSource: ByteSource {
    let file: any File
    /// In order, none over another.
    let patches: [RangeFile]
    let byteCount: UInt64

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int {
        let wanted = min(UInt64(target.count), byteCount - min(offset, byteCount))
        guard wanted > 0 else { return 0 }
        var end = offset + wanted
        let source: any File
        if let patch = patches.first(where: { $0.end > offset }), patch.start < end {
            // Up to where the patch begins, or to its end.
            (source, end) =
                patch.start > offset ? (file, patch.start) : (patch, min(end, patch.end))
        } else {
            source = file
        }
        var part = target._mutatingExtracting(..<Int(end - offset))
        let count = try source.read(at: offset, into: &part)
        guard count > 0, UInt64(count) < wanted else { return count }
        var rest = target._mutatingExtracting(count...)
        return try count + read(at: offset + UInt64(count), into: &rest)
    }
}

extension RangeFile {
    var end: UInt64 { start + UInt64(bytes.count) }
}
