import ArchiveFileIO
import SystemPackage

// What the kernel says, as a vault's reasons with what to do next.

extension DirectoryStore {
    func reporting<Result>(
        _ action: String,
        _ name: ObjectName?,
        _ body: () throws(SystemError) -> Result
    ) throws(VaultError) -> Result {
        do {
            return try body()
        } catch {
            throw failure(action, name, error)
        }
    }

    /// Tells a vault that is not there from an object that is not there.
    func requireVault(_ action: String, _ name: ObjectName?) throws(VaultError) {
        do throws(SystemError) {
            var kind = try files.status(of: path)?.kind
            // The dot follows the link to the directory behind it.
            if kind == .symbolicLink { kind = try files.status(of: path.appending("."))?.kind }
            if kind == .directory { return }
        } catch {
            guard error.errno == .notDirectory else { throw failure(action, name, error) }
        }
        throw VaultError(
            .unreachable,
            "cannot \(action)\(name.map { " \($0)" } ?? ""): there is no vault at \(path.string); "
                + "is its disk mounted?"
        )
    }

    func failure(_ action: String, _ name: ObjectName?, _ error: SystemError) -> VaultError {
        let (code, advice) = Self.meaning(of: error.errno)
        let object = name.map { " \($0)" } ?? ""
        return VaultError(
            code,
            "cannot \(action)\(object) in the vault \(path.string): \(error); \(advice)",
            underlying: error
        )
    }

    private static func meaning(of reason: Errno) -> (VaultError.Code, String) {
        switch reason {
        case .noSuchFileOrDirectory: (.notFound, "list the vault to see what it has")
        case .fileExists: (.alreadyExists, "objects are written once; compare it with yours")
        case .isDirectory, .notDirectory, .fileNameTooLong, .directoryNotEmpty:
            (.invalidName, "choose another name")
        case .noSpace, .diskQuotaExceeded, .fileTooLarge: (.capacity, "make room")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            (.refused, "check the owner and the mount options")
        case .ioError, .noSuchAddressOrDevice, .operationNotSupportedByDevice, .staleNFSFileHandle,
            .timedOut,
            .hostIsDown, .noRouteToHost, .networkUnreachable, .socketNotConnected:
            (.unreachable, "check the disk or the connection and try again")
        default: (.failed, "try again, and report it if it stays")
        }
    }
}
