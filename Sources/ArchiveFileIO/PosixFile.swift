import Glibc
import Synchronization
import SystemPackage

/// A file of the operating system.
///
/// It owns its descriptor: nothing else closes it, and it closes with the last reference.
final class PosixFile: File {
    let path: FilePath

    /// The descriptor, or -1 once closed.
    ///
    /// Atomic only so that a second close is harmless.
    private let owned: Atomic<CInt>

    init(owning descriptor: CInt, path: FilePath) {
        self.path = path
        owned = Atomic(descriptor)
    }

    deinit {
        let descriptor = owned.exchange(-1, ordering: .acquiringAndReleasing)
        // Who cares for a late write error calls close(), which reports it.
        if descriptor >= 0 { try? SystemCall.close(descriptor) }
    }

    func close() throws(SystemError) {
        let descriptor = owned.exchange(-1, ordering: .acquiringAndReleasing)
        precondition(descriptor >= 0, "a file is closed once")
        try reporting(.close) { () throws(Errno) in try SystemCall.close(descriptor) }
    }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        let descriptor = self.descriptor
        let outcome = unsafe target.withUnsafeMutableBytes { bytes in
            Transfer.run(bytes.count) { done throws(Errno) in
                unsafe try SystemCall.read(
                    descriptor,
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes[done...]),
                    at: offset + UInt64(done)
                )
            }
        }
        if let failure = outcome.failure { throw SystemError(.read, path, failure) }
        return outcome.byteCount
    }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError) {
        let descriptor = self.descriptor
        let outcome = unsafe bytes.withUnsafeBytes { bytes in
            Transfer.run(bytes.count) { done throws(Errno) in
                unsafe try SystemCall.write(
                    descriptor,
                    UnsafeRawBufferPointer(rebasing: bytes[done...]),
                    at: offset + UInt64(done)
                )
            }
        }
        if let failure = outcome.failure { throw SystemError(.write, path, failure) }
        // A device that takes nothing and says nothing would loop for ever.
        if outcome.byteCount < bytes.count { throw SystemError(.write, path, .ioError) }
    }

    func synchronizeData() throws(SystemError) {
        try reporting(.synchronize) { () throws(Errno) in
            try SystemCall.synchronizeData(descriptor)
        }
    }

    func synchronize() throws(SystemError) {
        try reporting(.synchronize) { () throws(Errno) in try SystemCall.synchronize(descriptor) }
    }

    func byteCount() throws(SystemError) -> UInt64 {
        try reporting(.status) { () throws(Errno) in
            UInt64(try SystemCall.status(descriptor).st_size)
        }
    }

    func resize(to byteCount: UInt64) throws(SystemError) {
        try reporting(.resize) { () throws(Errno) in
            try SystemCall.resize(descriptor, to: byteCount)
        }
    }

    func allocate(from offset: UInt64, byteCount: UInt64) throws(SystemError) {
        // The kernel calls an empty range invalid; here it is nothing to do.
        guard byteCount > 0 else { return }
        try reporting(.allocate) { () throws(Errno) in
            do throws(Errno) {
                try SystemCall.allocate(descriptor, from: offset, byteCount: byteCount)
            } catch .notSupported {
                let (end, overflow) = offset.addingReportingOverflow(byteCount)
                if overflow { throw .fileTooLarge }
                // Only ever longer: cutting here would lose what lies behind the range.
                if UInt64(try SystemCall.status(descriptor).st_size) < end {
                    try SystemCall.resize(descriptor, to: end)
                }
            }
        }
    }

    func adviseSequential() { SystemCall.adviseSequential(descriptor) }

    func beginWriting(_ range: Range<UInt64>) { SystemCall.beginWriting(descriptor, range) }

    /// The descriptor, for the calls in extensions.
    var descriptor: CInt {
        let descriptor = owned.load(ordering: .relaxed)
        precondition(descriptor >= 0, "a closed file is not used")
        return descriptor
    }

    /// Adds to a failure what was attempted, and where.
    func reporting<Result>(
        _ operation: SystemError.Operation,
        _ body: () throws(Errno) -> Result
    ) throws(SystemError) -> Result {
        do {
            return try body()
        } catch {
            throw SystemError(operation, path, error)
        }
    }
}
