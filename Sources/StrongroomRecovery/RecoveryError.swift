import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// Why shipping, recovering, verifying or drilling could not be done.
///
/// Compare ``code``; the message is for people and says what was attempted, where, what was found and
/// what to do next. It holds no key material and nothing of a record. Two errors are equal when their
/// codes are.
public struct RecoveryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no archive at the path, or none in the vault.
        case notFound
        /// There is no snapshot, or not the one that was named.
        case noSnapshot
        /// The target is neither empty nor an interrupted recovery of the same snapshot.
        case alreadyExists
        /// The vault, the keyring or an object is of another archive.
        case foreign
        /// The vault and the archive contradict each other: both were written to apart.
        case conflict
        /// Bytes are missing or are not what was signed.
        case integrity
        /// The vault or archive was put back to an older state than is known.
        case rollback
        /// The passphrase or key file opens no slot of the keyring.
        case wrongKey
        /// The vault holds no keyring; it is kept apart and must be given.
        case keyringMissing
        /// A newer release is needed.
        case unsupported
        /// The vault does not answer. Worth another try.
        case unreachable
        /// The vault or the system answers and forbids it.
        case refused
        /// No room is left.
        case full
        /// Another process works in the same place.
        case locked
        /// The request itself is not possible.
        case invalid
        /// The task was cancelled; run it again to go on where it stopped.
        case cancelled
        /// The operating system failed.
        case system
    }

    /// The kind of failure.
    public let code: Code
    /// What was attempted, where, what was found and what to do next.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Compares the codes.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }
}

extension RecoveryError {
    /// A vault's error; that an object is not there means that the vault has a hole.
    init(_ error: VaultError) {
        let code: Code =
            switch error.code {
            case .capacity: .full
            case .unreachable: .unreachable
            case .refused: .refused
            case .damaged, .outOfRange, .notFound: .integrity
            case .alreadyExists: .conflict
            case .cancelled: .cancelled
            default: .system
            }
        self.init(code, error.message)
    }

    init(_ error: ArchiveError) {
        let code: Code =
            switch error.code {
            case .notFound, .noRecord: .notFound
            case .alreadyExists: .alreadyExists
            case .locked: .locked
            case .wrongKey: .wrongKey
            case .corrupt, .erased: .integrity
            case .rollback: .rollback
            case .unsupported: .unsupported
            case .invalid: .invalid
            case .full: .full
            case .cancelled: .cancelled
            case .readOnly, .system, .durabilityUnknown, .poisoned: .system
            }
        self.init(code, error.message)
    }

    init(_ error: FormatError, in place: String) {
        let code: Code =
            switch error.code {
            case .unsupported: .unsupported
            case .foreign: .foreign
            case .truncated, .damaged, .overLimit: .integrity
            }
        self.init(code, "\(place): \(error.finding)")
    }

    init(_ error: KeyError, in place: String) {
        let code: Code =
            switch error.code {
            case .wrongKey: .wrongKey
            case .unsupported: .unsupported
            case .foreign: .foreign
            case .libraryFailure: .system
            default: .integrity
            }
        self.init(code, "\(place): \(error)")
    }

    init(_ error: SystemError) {
        let code: Code =
            switch error.errno {
            case _ where error.isFull: .full
            case .permissionDenied, .notPermitted, .readOnlyFileSystem: .refused
            default: .system
            }
        self.init(code, error.description)
    }

    /// Any error of the rooms below, in the words of this one.
    static func wrapping(_ error: any Error, in place: String) -> RecoveryError {
        switch error {
        case let error as RecoveryError: error
        case let error as VaultError: RecoveryError(error)
        case let error as ArchiveError: RecoveryError(error)
        case let error as LogError: RecoveryError(ArchiveError.wrapping(error, in: place))
        case let error as FormatError: RecoveryError(error, in: place)
        case let error as KeyError: RecoveryError(error, in: place)
        case let error as SystemError: RecoveryError(error)
        case is CancellationError: .cancelled(place)
        default: RecoveryError(.system, "\(place): \(error)")
        }
    }

    static func cancelled(_ place: String) -> RecoveryError {
        RecoveryError(.cancelled, "\(place): stopped as asked; run it again to go on from there")
    }

    /// Stops at a safe point if the task was cancelled.
    static func checkCancellation(_ place: String) throws(RecoveryError) {
        if Task.isCancelled { throw cancelled(place) }
    }
}
