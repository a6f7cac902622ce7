import ArchiveBytes
import ArchiveFileIO
import SystemPackage

/// A segment in a vault, read through a cache: short pieces in blocks with what stands beside them.
final class MountedSegment: ReadOnlyFile {
    let path: FilePath
    private let source: any File
    private let length: UInt64
    private let stem: String
    private let cache: BlockCache

    /// Blocks that one request asks for at most: what one answer costs in memory.
    private static let runLimit = 64
    init(_ source: any File, byteCount: UInt64, path: FilePath, _ cache: BlockCache) {
        self.source = source
        self.path = path
        self.cache = cache
        length = byteCount
        stem = path.lastComponent?.stem ?? ""
    }

    func byteCount() throws(SystemError) -> UInt64 { length }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        guard offset < length, target.count > 0 else { return 0 }
        let end = min(offset + UInt64(target.count), length)
        // What is longer comes again as it is, for it is a directory.
        guard end - offset <= BlockCache.blockByteCount else {
            try readWhole(offset..<end, &target)
            return Int(end - offset)
        }
        let size = BlockCache.blockByteCount
        var missing: [UInt64] = []
        for index in (offset / size)...((end - 1) / size) {
            if let bytes = cache.bytes(of: piece(range(index))) {
                Self.copy(bytes.span, at: index * size, offset, &target)
                continue
            }
            // Blocks beside each other come in one answer.
            if missing.last.map({ $0 + 1 != index }) ?? false || missing.count == Self.runLimit {
                try fetch(missing, offset, &target)
                missing = []
            }
            missing.append(index)
        }
        try fetch(missing, offset, &target)
        return Int(end - offset)
    }

    private func readWhole(
        _ range: Range<UInt64>,
        _ target: inout MutableSpan<UInt8>
    ) throws(SystemError) {
        let piece = piece(range)
        if let bytes = cache.bytes(of: piece) { return target.copy(bytes.span) }
        let bytes = try bytes(range)
        target.copy(bytes.span)
        // Whoever reads more at a time reads on, and would only push out what others read again.
        if bytes.count <= BlockCache.pieceByteLimit { cache.keep(bytes.span, as: piece) }
    }

    private func bytes(_ range: Range<UInt64>) throws(SystemError) -> [UInt8] {
        let bytes =
            if let file = source as? VaultFile {
                try file.bytes(in: range)
            } else {
                try source.read(at: range.lowerBound, byteCount: range.count)
            }
        guard bytes.count == range.count else { throw SystemError(.read, path, .ioError) }
        return bytes
    }

    private func piece(_ range: Range<UInt64>) -> BlockCache.Piece {
        BlockCache.Piece(stem, at: range.lowerBound, byteCount: range.count)
    }

    private func range(_ index: UInt64) -> Range<UInt64> {
        let start = index * BlockCache.blockByteCount
        return start..<min(start + BlockCache.blockByteCount, length)
    }

    private func fetch(
        _ indices: [UInt64],
        _ offset: UInt64,
        _ target: inout MutableSpan<UInt8>
    ) throws(SystemError) {
        guard let first = indices.first, let last = indices.last else { return }
        let (start, end) = (range(first).lowerBound, range(last).upperBound)
        let bytes = try bytes(start..<end)
        Self.copy(bytes.span, at: start, offset, &target)
        for index in indices {
            let part = range(index)
            let block = Int(part.lowerBound - start)..<Int(part.upperBound - start)
            cache.keep(bytes.span.extracting(block), as: piece(part))
        }
    }

    /// Copies what `bytes`, which stand at `start`, have of the target, which stands at `offset`.
    private static func copy(
        _ bytes: Span<UInt8>,
        at start: UInt64,
        _ offset: UInt64,
        _ target: inout MutableSpan<UInt8>
    ) {
        let first = max(start, offset)
        let end = min(start + UInt64(bytes.count), offset + UInt64(target.count))
        guard first < end else { return }
        let part = Int(first - start)..<Int(end - start)
        target.copy(bytes.extracting(part), at: Int(first - offset))
    }
}
