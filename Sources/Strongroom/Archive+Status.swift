import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import SystemPackage

/// What an archive is and holds at a moment, from what lies open: nothing is decrypted for it.
public struct ArchiveStatus: Sendable {
    /// The archive's identity in hexadecimal digits.
    public let identity: String
    /// Its Ed25519 public key in hexadecimal digits.
    public let publicKey: String
    /// When it was created, in microseconds since 1970.
    public let created: Int64
    /// The last commit: number, time, and the newest record version; zero before the first.
    public let lastCommit: UInt64
    /// When it was made.
    public let lastCommitTime: Int64
    /// The newest record version's number.
    public let lastSequence: UInt64
    /// Segments, and those of them that are sealed.
    public let segmentCount: Int
    /// Sealed segments.
    public let sealedSegmentCount: Int
    /// Bytes of all segments.
    public let segmentByteCount: UInt64
    /// Sealed segments that are not here but in a vault.
    public let remoteSegmentCount: Int
    /// Their bytes.
    public let remoteSegmentByteCount: UInt64
    /// Bytes of the index.
    public let indexByteCount: UInt64
    /// Entries in the index.
    public let indexEntryCount: UInt64
    /// Snapshots, and the newest one's id.
    public let snapshotCount: Int
    /// The newest snapshot's id, if there is one.
    public let lastSnapshot: String?
    /// Files in quarantine: bytes that recovery set aside.
    public let quarantineCount: Int
}

/// What was done to open an archive after a crash.
public struct OpeningReport: Sendable {
    /// Bytes of a batch that nobody was told is there, set aside in `quarantine/`.
    public let quarantinedByteCount: UInt64
    /// A segment was closed because the program or the machine had stopped while it grew.
    public let closedSegment: UInt64?
    /// The index was missing or unusable and was made anew from the log.
    public let indexWasRebuilt: Bool
}

extension Archive {
    /// What the archive is and holds now.
    public func status() async throws(ArchiveError) -> ArchiveStatus {
        try await core.inspect { engine throws(ArchiveError) in try engine.status() }
    }

    /// What opening found and did.
    public func openingReport() async -> OpeningReport {
        let report = try? await core.inspect { engine throws(ArchiveError) in
            OpeningReport(
                quarantinedByteCount: engine.recovery.quarantinedByteCount,
                closedSegment: engine.recovery.closedSegment?.value,
                indexWasRebuilt: engine.indexWasRebuilt
            )
        }
        return report
            ?? OpeningReport(
                quarantinedByteCount: 0,
                closedSegment: nil,
                indexWasRebuilt: false
            )
    }

    /// Makes the index anew from the log, whatever state it is in, and opens the archive.
    ///
    /// The index is a cache: no record depends on it. Costs reading the directories of all segments.
    public static func rebuildIndex(
        at path: String,
        unlocking key: ArchiveKey
    ) async throws(ArchiveError) -> ArchiveStatus {
        let path = FilePath(path)
        return try await rebuildIndex(
            ArchiveAddress(ArchiveLayout(path).fileSystem(), path, credential: key.credential)
        )
    }

    package static func rebuildIndex(
        _ address: ArchiveAddress
    ) async throws(ArchiveError) -> ArchiveStatus {
        try await ArchiveCore.opening.run { () throws(ArchiveError) in
            let engine = try Engine.open(address, rebuildingIndex: true)
            let status = try engine.status()
            try engine.close()
            return status
        }
    }
}

extension Engine {
    package func status() throws(ArchiveError) -> ArchiveStatus {
        do {
            var byteCount: UInt64 = 0
            let names = try layout.segmentDirectory(fileSystem).names()
            for name in names {
                let path = layout.segmentDirectory(fileSystem).path(name)
                byteCount += try fileSystem.status(of: path)?.byteCount ?? 0
            }
            let remote = try (fileSystem as? ThinFileSystem)?.elsewhere() ?? []
            let snapshots = try snapshots()
            let isThere = try fileSystem.status(of: layout.quarantine) != nil
            let inMemory = readState.index.runs.reduce(0) { $0 + $1.count }
            return ArchiveStatus(
                identity: document.archiveID.hex,
                publicKey: Hex.encode(document.publicKey),
                created: document.created.microseconds,
                lastCommit: end.link.number,
                lastCommitTime: end.link.time.microseconds,
                lastSequence: end.link.lastSequence,
                segmentCount: names.count,
                sealedSegmentCount: names.count(where: \.isSealed),
                segmentByteCount: byteCount,
                remoteSegmentCount: remote.count,
                remoteSegmentByteCount: remote.reduce(0) { $0 + $1.byteCount },
                indexByteCount: try fileSystem.status(of: layout.index)?.byteCount ?? 0,
                indexEntryCount: readState.index.view.entryCount + UInt64(inMemory),
                snapshotCount: snapshots.count,
                lastSnapshot: snapshots.last?.id,
                quarantineCount: isThere ? try fileSystem.names(in: layout.quarantine).count : 0
            )
        } catch {
            throw ArchiveError.wrapping(error, in: layout.root.string)
        }
    }
}
