import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import StrongroomVaults
import SystemPackage

/// The place that a drill recovers into, and takes away again.
struct DrillScratch: Sendable {
    let path: FilePath
    private let files: any FileSystem
    /// Whether the directory was there before, and so stays.
    private let wasThere: Bool

    /// A directory that is nested deeper than this is not what was recovered.
    private static let depthLimit = 8

    /// Takes an empty or new directory: the one that is named, or one beside the vault, or, if the
    /// vault is no directory, in `/var/tmp`.
    init(
        _ named: FilePath?,
        for store: any ObjectStore,
        on files: any FileSystem
    ) throws(RecoveryError) {
        self.files = files
        do {
            path = try named ?? Self.path(for: store)
            let status = try files.status(of: path)
            if status != nil, try !files.names(in: path).isEmpty {
                throw RecoveryError(
                    .alreadyExists,
                    "the scratch directory \(path.string) is not empty; name an empty or a new one"
                )
            }
            wasThere = status != nil
        } catch {
            throw RecoveryError.wrapping(error, in: "the scratch directory")
        }
    }

    private static func path(for store: any ObjectStore) throws(SealingError) -> FilePath {
        let suffix = ".drill-" + Hex.encode(try Randomness.bytes(6))
        guard let vault = (store as? DirectoryStore)?.path, let name = vault.lastComponent else {
            return FilePath("/var/tmp").appending("strongroom" + suffix)
        }
        return vault.directory.appending(name.string + suffix)
    }

    /// A new place beside a vault.
    static func path(beside store: any ObjectStore) throws(RecoveryError) -> FilePath {
        do {
            return try path(for: store)
        } catch {
            throw RecoveryError.wrapping(error, in: "the scratch directory")
        }
    }

    /// Removes what was recovered.
    func remove() throws(RecoveryError) {
        do {
            guard try files.status(of: path) != nil else { return }
            try remove(path, depth: 0)
            if !wasThere { try files.removeDirectory(path) }
        } catch {
            throw RecoveryError(error)
        }
    }

    /// Removes what a directory holds.
    private func remove(_ directory: FilePath, depth: Int) throws(SystemError) {
        guard depth < Self.depthLimit else {
            throw SystemError(.removeDirectory, directory, .directoryNotEmpty)
        }
        for name in try files.names(in: directory) {
            let child = directory.appending(name)
            if try files.status(of: child)?.kind == .directory {
                try remove(child, depth: depth + 1)
                try files.removeDirectory(child)
            } else {
                try files.remove(child)
            }
        }
    }
}
