package import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveKeys
import ArchiveSegments
import SystemPackage

/// Why an archive could not do what was asked.
///
/// Compare ``code``; the message is for people. It says what was attempted, where, what was found and
/// what to do next, and never holds key material or a record's contents. Two errors are equal when
/// their codes are.
public struct ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no archive, or no vault, at that path.
        case notFound
        /// There is something at that path already.
        case alreadyExists
        /// Another process writes to the archive.
        case locked
        /// The passphrase or key file opens no slot of the keyring.
        case wrongKey
        /// Bytes are not what was written. Nothing of them was returned.
        case corrupt
        /// Acknowledged commits are gone: the archive was cut or put back to an old state.
        case rollback
        /// The archive needs a newer release of the program.
        case unsupported
        /// The request itself is not possible: a name too long, a batch too large.
        case invalid
        /// The archive was opened for reading.
        case readOnly
        /// The operating system refused.
        case system
        /// No space is left; nothing of the batch was written.
        case full
        /// A write or sync failed after it began: whether the batch survives is known on reopening.
        case durabilityUnknown
        /// An earlier failure ended writing; reopen the archive.
        case poisoned
        /// The subject was erased; its key is destroyed.
        case erased
        /// No record of that name exists in that state of the archive.
        case noRecord
        /// The task was cancelled; nothing of what it asked for was written.
        case cancelled
    }

    /// The kind of failure.
    public let code: Code
    /// What was attempted, where, what was found, and what to do next.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Equal codes.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }
}

extension ArchiveError {
    init(_ error: LogError) {
        let code: Code =
            switch error.code {
            case .corrupt, .foreign, .missingKey: .corrupt
            case .loss: .rollback
            case .unsupported: .unsupported
            case .system: .system
            case .full: .full
            case .poisoned: .poisoned
            case .durabilityUnknown: .durabilityUnknown
            case .erased: .erased
            case .overLimit: .invalid
            }
        switch code {
        case .corrupt: self.init(code, Self.advised(error.description))
        case .full: self.init(code, error.description + Self.roomAdvice)
        default: self.init(code, error.description)
        }
    }

    private static let roomAdvice =
        "; what was acknowledged is there: make room and run the command again"

    /// Damage is told with what to do about it, unless the finding says so itself.
    private static func advised(_ finding: String) -> String {
        if finding.contains("vault") { return finding }
        return finding
            + "; run `strongroom verify` to see all that is damaged, and recover it from a vault"
    }

    package init(_ error: SystemError) {
        self.init(
            error.isFull ? .full : .system,
            error.isFull ? error.description + Self.roomAdvice : error.description
        )
    }

    init(_ error: FormatError, in file: String) {
        if error.code == .unsupported {
            self.init(.unsupported, "\(file): \(error.finding)")
        } else {
            self.init(
                .corrupt,
                "\(file): \(error.finding); put a copy of the file back, or recover the archive from "
                    + "a vault"
            )
        }
    }

    init(_ error: KeyError) {
        let code: Code =
            switch error.code {
            case .wrongKey: .wrongKey
            case .damaged, .foreign, .unknownEpoch: .corrupt
            case .unsupported: .unsupported
            case .erased: .erased
            case .lastSlot, .noSuchSlot, .tooManySlots, .credentialMissing, .invalidInput: .invalid
            case .libraryFailure: .system
            }
        self.init(code, error.description)
    }

    init(_ error: IndexError) {
        switch error {
        case .system(let error): self.init(error)
        case .newerFormat: self.init(.unsupported, error.description)
        case .poisoned: self.init(.poisoned, error.description)
        case .sealing: self.init(.system, error.description)
        case .missing, .foreign, .damaged, .corrupt:
            self.init(
                .corrupt,
                "\(error.description). Only the index is concerned, not the records: run "
                    + "`strongroom rebuild-index`"
            )
        }
    }

    /// Any error of the rooms below, in the words of this one.
    package static func wrapping(_ error: any Error, in file: String = "archive") -> ArchiveError {
        switch error {
        case let error as ArchiveError: error
        case let error as LogError: ArchiveError(error)
        case let error as SystemError: ArchiveError(error)
        case let error as KeyError: ArchiveError(error)
        case let error as IndexError: ArchiveError(error)
        case let error as FormatError: ArchiveError(error, in: file)
        default: ArchiveError(.system, "\(file): \(error)")
        }
    }
}
