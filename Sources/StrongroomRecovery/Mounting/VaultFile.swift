import ArchiveBytes
import ArchiveFileIO
import StrongroomVaults
import Synchronization
import SystemPackage

/// An object that is read like a file.
///
/// It keeps the last piece that it asked the store for. Reading on behind it asks for more each time,
/// since a request costs the same for a byte as for a megabyte; reading elsewhere begins small again.
final class VaultFile: ReadOnlyFile {
    let path: FilePath
    private let files: VaultFileSystem
    private let name: ObjectName
    private let length: UInt64
    private let window = Mutex<Window>(Window())

    private struct Window {
        var start: UInt64 = 0
        var bytes: [UInt8] = []
        /// Bytes to ask for next.
        var byteCount = VaultFile.firstByteCount

        var end: UInt64 { start + UInt64(bytes.count) }

        func holds(_ range: Range<UInt64>) -> Bool {
            range.lowerBound >= start && range.upperBound <= end
        }
    }

    /// A header, or most packs.
    fileprivate static let firstByteCount: UInt64 = 64 << 10
    /// What is longer is not asked for twice.
    private static let pieceByteLimit: UInt64 = 128 << 10
    /// A quarter of a second on a slow line.
    private static let byteCountLimit: UInt64 = 4 << 20

    init(_ files: VaultFileSystem, _ name: ObjectName, path: FilePath, byteCount: UInt64) {
        self.files = files
        self.name = name
        self.path = path
        length = byteCount
    }

    func byteCount() throws(SystemError) -> UInt64 { length }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        guard offset < length, target.count > 0 else { return 0 }
        let end = min(offset + UInt64(target.count), length)
        // Several threads may want large pieces at the same time.
        guard end - offset <= Self.pieceByteLimit else {
            var wanted = target._mutatingExtracting(..<Int(end - offset))
            try files.read(name, path, at: offset, into: &wanted)
            return wanted.count
        }
        let bytes = try piece(offset..<end)
        target.copy(bytes.span)
        return bytes.count
    }

    /// The bytes of a range that lies within the file, as they come from the store.
    func bytes(in range: Range<UInt64>) throws(SystemError) -> [UInt8] {
        guard range.count <= Self.pieceByteLimit else {
            return try files.read(name, path, range)
        }
        return Array(try piece(range))
    }

    private func piece(_ range: Range<UInt64>) throws(SystemError) -> ArraySlice<UInt8> {
        try window.withLock { window throws(SystemError) in
            if !window.holds(range) {
                let isNext =
                    !window.bytes.isEmpty && range.lowerBound >= window.start
                    && range.lowerBound <= window.end
                window.byteCount =
                    isNext
                    ? min(Self.byteCountLimit, window.byteCount * 4) : Self.firstByteCount
                let end = min(length, max(range.upperBound, range.lowerBound + window.byteCount))
                window.bytes = try files.read(name, path, range.lowerBound..<end)
                window.start = range.lowerBound
            }
            let start = Int(range.lowerBound - window.start)
            return window.bytes[start..<start + range.count]
        }
    }
}
