import ArchiveBytes
import ArchiveFileIO
import SystemPackage

/// A segment in a vault, read block by block through a cache.
final class MountedSegment: ReadOnlyFile {
    let path: FilePath
    private let source: any File
    private let length: UInt64
    private let stem: String
    private let cache: BlockCache

    /// Blocks that one request asks for at most: what one answer costs in memory.
    private static let runLimit = 64
    /// What is read so many bytes at a time is not kept.
    private static let cachedByteLimit: UInt64 = 1 << 20

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
        // Whoever reads so much at a time reads on, and would only push out what others read again.
        guard end - offset < Self.cachedByteLimit else {
            let bytes = try source.read(at: offset, byteCount: Int(end - offset))
            guard bytes.count == Int(end - offset) else {
                throw SystemError(.read, path, .ioError)
            }
            target.copy(bytes.span)
            return bytes.count
        }
        let size = BlockCache.blockByteCount
        var missing: [UInt64] = []
        for index in (offset / size)...((end - 1) / size) {
            if let bytes = cache.block(name(index)), bytes.count == range(index).count {
                Self.copy(bytes, at: index * size, offset, &target)
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

    private func name(_ index: UInt64) -> String { "\(stem).\(index)" }

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
        let bytes = try source.read(at: start, byteCount: Int(end - start))
        guard UInt64(bytes.count) == end - start else {
            throw SystemError(.read, path, .ioError)
        }
        Self.copy(bytes, at: start, offset, &target)
        for index in indices {
            let part = range(index)
            let block = bytes[Int(part.lowerBound - start)..<Int(part.upperBound - start)]
            cache.keep(Array(block), as: name(index))
        }
    }

    /// Copies what `bytes`, which stand at `start`, have of the target, which stands at `offset`.
    private static func copy(
        _ bytes: [UInt8],
        at start: UInt64,
        _ offset: UInt64,
        _ target: inout MutableSpan<UInt8>
    ) {
        let first = max(start, offset)
        let end = min(start + UInt64(bytes.count), offset + UInt64(target.count))
        guard first < end else { return }
        let part = Int(first - start)..<Int(end - start)
        target.copy(bytes.span.extracting(part), at: Int(first - offset))
    }
}
