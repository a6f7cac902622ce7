import ArchiveFileIO

/// A store whose objects a thread that may block reads without waiting for another one.
package protocol BlockingStore: ObjectStore {
    /// Fills `target` with an object's bytes from `offset` on.
    ///
    /// It fails as ``ObjectStore/read(_:range:)`` does.
    func read(
        _ name: ObjectName,
        at offset: UInt64,
        into target: inout MutableSpan<UInt8>
    ) throws(VaultError)
}

extension DirectoryStore: BlockingStore {
    /// Fills `target` on the caller's thread.
    package func read(
        _ name: ObjectName,
        at offset: UInt64,
        into target: inout MutableSpan<UInt8>
    ) throws(VaultError) {
        guard let status = try find(name) else { throw missing("read", name) }
        let range = offset..<(offset + UInt64(target.count))
        guard range.upperBound <= status.byteCount else {
            throw tooShort(name, range, status.byteCount)
        }
        let count: Int
        do throws(SystemError) {
            count = try files.open(file(name), .read).read(at: offset, into: &target)
        } catch {
            throw failure("read", name, error)
        }
        guard count == target.count else {
            throw tooShort(name, range, offset + UInt64(count))
        }
    }
}
