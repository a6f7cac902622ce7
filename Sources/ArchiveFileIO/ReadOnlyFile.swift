import SystemPackage

/// A file that is made of bytes elsewhere: it can be read, and refuses every change.
package protocol ReadOnlyFile: File {}

extension ReadOnlyFile {
    package func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError) {
        throw SystemError(.write, path, .readOnlyFileSystem)
    }

    package func synchronizeData() throws(SystemError) {}

    package func synchronize() throws(SystemError) {}

    package func resize(to byteCount: UInt64) throws(SystemError) {
        throw SystemError(.resize, path, .readOnlyFileSystem)
    }

    package func allocate(from offset: UInt64, byteCount: UInt64) throws(SystemError) {
        throw SystemError(.allocate, path, .readOnlyFileSystem)
    }

    package func tryLock(byte: UInt64, exclusively: Bool) throws(SystemError) -> Bool {
        !exclusively
    }

    package func unlock(byte: UInt64) throws(SystemError) {}

    package func firstLocked(in range: Range<UInt64>) throws(SystemError) -> UInt64? { nil }

    package func adviseSequential() {}

    package func beginWriting(_ range: Range<UInt64>) {}

    package func close() throws(SystemError) {}
}
