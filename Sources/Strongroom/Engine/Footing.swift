import ArchiveFileIO
import SystemPackage

/// What a writer stands on: its process, and the lock file at its place.
///
/// The lock holds whoever opens the same file. It holds nobody once its name is removed, or leads into
/// another directory than the one that was opened; and a copy of the process shares it.
struct Footing {
    private let fileSystem: any FileSystem
    private let lock: FilePath
    private let root: FilePath
    private let opened: FileIdentity?
    private let process: Int32

    /// Takes the lock file, which is open, for what it is now.
    init(_ fileSystem: any FileSystem, _ layout: ArchiveLayout) throws(SystemError) {
        self.fileSystem = fileSystem
        lock = layout.lock
        root = layout.root
        opened = try fileSystem.identity(of: layout.lock)
        process = ProcessIdentity.current
    }

    /// A copy of the process that opened the archive: the lock and all files are the other's as well.
    var isCopy: Bool { process != ProcessIdentity.current }

    /// Says why nothing may be written any more; nil as long as all is as it was.
    func loss() throws(SystemError) -> String? {
        if isCopy {
            return
                "\(root.string): this process is a copy of the one that opened the archive, which "
                + "alone may write; nothing was written; open the archive in this process"
        }
        let found = try fileSystem.identity(of: lock)
        if let found, found == opened { return nil }
        return
            "\(root.string): the archive was moved, removed or replaced while it was open; nothing "
            + "was written; open it where it is now"
    }
}
