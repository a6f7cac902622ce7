import ArchiveFileIO
import SystemPackage

/// A file that is made of bytes elsewhere: it can be read, and refuses every change.
protocol ReadOnlyFile: File {}

extension ReadOnlyFile {
    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError) {
        throw SystemError(.write, path, .readOnlyFileSystem)
    }

    func synchronizeData() throws(SystemError) {}

    func synchronize() throws(SystemError) {}

    func resize(to byteCount: UInt64) throws(SystemError) {
        throw SystemError(.resize, path, .readOnlyFileSystem)
    }

    func allocate(from offset: UInt64, byteCount: UInt64) throws(SystemError) {
        throw SystemError(.allocate, path, .readOnlyFileSystem)
    }

    func tryLock(byte: UInt64, exclusively: Bool) throws(SystemError) -> Bool { !exclusively }

    func unlock(byte: UInt64) throws(SystemError) {}

    func firstLocked(in range: Range<UInt64>) throws(SystemError) -> UInt64? { nil }

    func adviseSequential() {}

    func close() throws(SystemError) {}
}
