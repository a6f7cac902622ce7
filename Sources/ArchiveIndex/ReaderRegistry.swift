package import ArchiveFileIO
internal import Synchronization
internal import SystemPackage

/// Where readers in other processes say which version of the tree they read: each holds a shared
/// lock on byte `firstByte + transaction` of a file that the engine has open for this.
///
/// A lock goes away with its process, so there is no table of readers that a killed one could be
/// left behind in.
package struct ReaderLocks: Sendable {
    package let file: any File
    package let firstByte: UInt64

    package init(file: any File, firstByte: UInt64) {
        self.file = file
        self.firstByte = firstByte
    }
}

/// Counts which versions of the tree are being read.
///
/// The pages of a version are not overwritten while it is pinned here, or by another process.
final class ReaderRegistry: Sendable {
    private let counts = Mutex<[UInt64: Int]>([:])
    private let locks: ReaderLocks?
    /// Whether this is a process of readers only, whose pins the writer sees as locks.
    private let takesLocks: Bool

    init(locks: ReaderLocks?, takesLocks: Bool) {
        self.locks = locks
        self.takesLocks = takesLocks
    }

    /// Keeps a version's pages as they are until the pin is gone.
    func pin(_ transaction: UInt64) throws(SystemError) -> ReaderPin {
        try counts.withLock { counts throws(SystemError) in
            if counts[transaction] == nil, takesLocks, let locks {
                let byte = locks.firstByte + transaction
                guard try locks.file.tryLock(byte: byte, exclusively: false) else {
                    throw SystemError(.lock, locks.file.path, .resourceTemporarilyUnavailable)
                }
            }
            counts[transaction, default: 0] += 1
        }
        return ReaderPin(self, transaction)
    }

    /// The oldest version that somebody reads, `current` if nobody reads an older one.
    func oldest(current: UInt64) throws(SystemError) -> UInt64 {
        var oldest = counts.withLock { $0.keys.min() } ?? current
        if let locks {
            let older = locks.firstByte..<(locks.firstByte + min(oldest, current))
            if let byte = try locks.file.firstLocked(in: older) { oldest = byte - locks.firstByte }
        }
        return min(oldest, current)
    }

    fileprivate func unpin(_ transaction: UInt64) {
        counts.withLock { counts in
            let rest = (counts[transaction] ?? 1) - 1
            counts[transaction] = rest == 0 ? nil : rest
            if rest == 0, takesLocks, let locks {
                // A lock that stays only keeps pages from being used again until the file closes.
                try? locks.file.unlock(byte: locks.firstByte + transaction)
            }
        }
    }
}

/// Keeps the pages of one version of the tree as they are for as long as it lives.
final class ReaderPin: Sendable {
    private let registry: ReaderRegistry
    private let transaction: UInt64

    fileprivate init(_ registry: ReaderRegistry, _ transaction: UInt64) {
        self.registry = registry
        self.transaction = transaction
    }

    deinit { registry.unpin(transaction) }
}
