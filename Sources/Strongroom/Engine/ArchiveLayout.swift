package import ArchiveFileIO
package import ArchiveSegments
package import SystemPackage

/// Where everything lies in an archive's directory.
package struct ArchiveLayout: Sendable {
    package let root: FilePath

    package init(_ root: FilePath) { self.root = root }

    package var document: FilePath { root.appending("archive.json") }
    package var keyring: FilePath { root.appending("keyring.json") }
    package var segments: FilePath { root.appending("segments") }
    package var indexDirectory: FilePath { root.appending("index") }
    package var index: FilePath { indexDirectory.appending("records.btree") }
    package var snapshots: FilePath { root.appending("snapshots") }
    package var head: FilePath { root.appending("head") }
    package var quarantine: FilePath { root.appending("quarantine") }
    package var lock: FilePath { root.appending("lock") }
    /// Names the vaults in which segments live that are not here; see ``ThinFileSystem``.
    package var thinNote: FilePath { root.appending("thin.json") }
    /// Pieces of those segments that were read.
    package var cache: FilePath { root.appending("cache") }

    /// The byte of the lock that is held while segments leave for a vault or come back; the writer's is
    /// byte 0.
    package static let thinningLockByte: UInt64 = 1

    package func snapshot(_ id: String) -> FilePath { snapshots.appending("\(id).json") }

    package func segmentDirectory(_ fileSystem: any FileSystem) -> SegmentDirectory {
        SegmentDirectory(fileSystem, segments)
    }

    /// The archive's files, those of segments that live in a vault among them.
    package func fileSystem(
        over local: any FileSystem = PosixFileSystem(),
        source: (any SegmentSource)? = nil
    ) -> ThinFileSystem {
        ThinFileSystem(local, segments: segments, source: source)
    }
}
