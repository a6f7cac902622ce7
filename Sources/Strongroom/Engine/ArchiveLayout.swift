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

    package func snapshot(_ id: String) -> FilePath { snapshots.appending("\(id).json") }

    package func segmentDirectory(_ fileSystem: any FileSystem) -> SegmentDirectory {
        SegmentDirectory(fileSystem, segments)
    }
}
