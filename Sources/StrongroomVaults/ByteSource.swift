import ArchiveBytes
package import ArchiveFileIO

/// Bytes of a known number that a store reads, from any offset, perhaps more than once.
///
/// Reading may block: stores call it on threads of their own.
public protocol ByteSource: Sendable {
    /// How many bytes there are; it does not change during a put.
    var byteCount: UInt64 { get }

    /// Reads until `target` is full or the bytes end; returns the number of bytes read.
    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int
}

/// Bytes in memory.
public struct MemorySource: ByteSource {
    private let bytes: [UInt8]

    /// Makes a source of bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// How many bytes there are.
    public var byteCount: UInt64 { UInt64(bytes.count) }

    /// Copies bytes from `offset` on.
    public func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int {
        guard let start = Int(exactly: offset), start < bytes.count else { return 0 }
        let count = min(target.count, bytes.count - start)
        target.copy(bytes.span.extracting(start..<start + count))
        return count
    }
}

/// An open file, as long as it was when the source was made.
package struct FileSource: ByteSource {
    package let byteCount: UInt64
    private let file: any File

    package init(_ file: any File) throws(SystemError) {
        self.file = file
        byteCount = try file.byteCount()
    }

    package func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int {
        try file.read(at: offset, into: &target)
    }
}
