import ArchiveFileIO
import Strongroom
import StrongroomRecovery
import StrongroomVaults

/// Why a command failed: one line for a person, a code and an exit status for a program.
struct CommandFailure: Error {
    let status: ExitStatus
    let code: String
    let message: String

    init(_ status: ExitStatus, code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// The failure that an error of any room below stands for; nil for one of the command line itself.
    init?(_ error: any Error) {
        if Interruption.isRequested {
            self.init(
                .interrupted,
                code: "interrupted",
                "interrupted; what was acknowledged is kept, and the same command goes on from there"
            )
            return
        }
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ArchiveError: self.init(error)
        case let error as VaultError: self.init(error)
        case let error as RecoveryError: self.init(error)
        case let error as SystemError:
            self.init(.failed, code: "system", error.description)
        case is CancellationError:
            self.init(.interrupted, code: "interrupted", "interrupted")
        default: return nil
        }
    }

    private init(_ error: ArchiveError) {
        let status: ExitStatus =
            switch error.code {
            case .notFound: .noArchive
            case .locked: .locked
            case .wrongKey: .wrongKey
            case .corrupt: .integrity
            case .rollback: .rollback
            case .cancelled: .interrupted
            case .alreadyExists, .unsupported, .invalid, .readOnly, .system, .full,
                .durabilityUnknown, .poisoned, .erased, .noRecord:
                .failed
            }
        self.init(status, code: error.code.rawValue, error.message)
    }

    private init(_ error: RecoveryError) {
        let status: ExitStatus =
            switch error.code {
            case .notFound, .unreachable: .noArchive
            case .integrity: .integrity
            case .rollback: .rollback
            case .wrongKey: .wrongKey
            case .locked: .locked
            case .cancelled: .interrupted
            case .noSnapshot, .alreadyExists, .foreign, .conflict, .keyringMissing, .unsupported,
                .refused, .full, .invalid, .system:
                .failed
            }
        self.init(status, code: error.code.rawValue, error.message)
    }

    private init(_ error: VaultError) {
        let statuses: [VaultError.Code: ExitStatus] = [
            .notFound: .noArchive, .unreachable: .noArchive, .damaged: .integrity,
            .outOfRange: .integrity, .cancelled: .interrupted,
        ]
        self.init(
            statuses[error.code] ?? .failed,
            code: error.code.description,
            error.message
        )
    }
}
