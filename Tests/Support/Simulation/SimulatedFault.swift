package import ArchiveFileIO
package import SystemPackage

/// A failure to come: the n-th matching call from now on answers with an errno.
package struct SimulatedFault: Sendable {
    package enum Duration: Sendable {
        case once
        case forever
    }

    let operation: SystemError.Operation?
    let pathPart: String?
    let call: Int
    let errno: Errno
    let duration: Duration
    private var matchedCount = 0

    /// Prepares a failure.
    ///
    /// Without an operation every call counts; a path part narrows it to the
    /// files whose path contains it.
    package init(
        _ operation: SystemError.Operation? = nil,
        on pathPart: String? = nil,
        call: Int = 1,
        errno: Errno = .ioError,
        duration: Duration = .once
    ) {
        precondition(call > 0, "the first call is call 1")
        self.operation = operation
        self.pathPart = pathPart
        self.call = call
        self.errno = errno
        self.duration = duration
    }

    /// Counts a call; the errno if it is to fail.
    mutating func strike(_ operation: SystemError.Operation, _ path: FilePath) -> Errno? {
        if let wanted = self.operation, wanted != operation { return nil }
        if let pathPart, !path.string.contains(pathPart) { return nil }
        matchedCount += 1
        switch duration {
        case .once: return matchedCount == call ? errno : nil
        case .forever: return matchedCount >= call ? errno : nil
        }
    }
}

/// What a failed synchronization leaves behind; file systems differ.
package enum SynchronizationFailure: Sendable {
    /// The data stays unsynchronized: the next synchronization tries again.
    case keepsDirty
    /// ext4: the data can be read, counts as written and is not on the disk; the next
    /// synchronization succeeds without writing it.
    case marksClean
    /// Btrfs: the file reads again as it was at the last synchronization.
    case reverts
    /// XFS: the file system shuts down, every later call fails.
    case shutsDown
}

/// A disk that lies: the n-th synchronization from now on succeeds, and one of its sectors is not
/// where it should be.
///
/// Reads that the cache answers are right until the power is lost.
package struct SilentMishap: Sendable {
    package enum Kind: Sendable, CaseIterable {
        /// The disk keeps the sector's old bytes.
        case lost
        /// The sector's new bytes land on another sector of the file, and its old ones stay.
        case misdirected
    }

    let kind: Kind
    let seed: UInt64
    var callsLeft: Int

    package init(_ kind: Kind, call: Int = 1, seed: UInt64) {
        precondition(call > 0, "the first synchronization is number 1")
        self.kind = kind
        self.seed = seed
        callsLeft = call
    }
}
