import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import Strongroom
import SystemPackage

/// The directory that an archive is recovered into.
///
/// While it is being recovered it has a `recovery.json`, which says of which snapshot, and no
/// `archive.json`, which comes last: until then nothing takes it for an archive. Its calls block.
struct RecoveryTarget: Sendable {
    let files: any FileSystem
    let layout: ArchiveLayout
    /// Whether other files may be in the directory, which are left alone.
    private let mayHoldOthers: Bool

    init(_ path: FilePath, on files: any FileSystem, besideOthers mayHoldOthers: Bool = false) {
        self.files = files
        self.mayHoldOthers = mayHoldOthers
        layout = ArchiveLayout(path)
    }

    private var note: FilePath { layout.root.appending("recovery.json") }
    private static let noteByteCountLimit = 4_096

    /// What an interrupted recovery was of.
    struct Interrupted: Equatable, Sendable {
        let archive: String
        let snapshot: String
        /// Where the log is to end before the snapshot's end.
        var cut: LogCut?
    }

    /// Looks at the place: nil if it is free, else what was begun there.
    func inspect() throws(RecoveryError) -> Interrupted? {
        do {
            guard try files.status(of: layout.root) != nil else { return nil }
            let names = try files.names(in: layout.root).map(\.string)
            guard names.contains("recovery.json") else {
                // Killed before its first step was complete: nothing was fetched yet.
                if names.allSatisfy({ $0 == "recovery.json.tmp" }) { return nil }
                if mayHoldOthers, Self.archiveNames.isDisjoint(with: names) { return nil }
                throw occupied(names.contains("archive.json"))
            }
            let bytes = try files.readAll(note, limit: Self.noteByteCountLimit)
            guard let begun = Self.decode(bytes) else {
                throw RecoveryError(
                    .alreadyExists,
                    "\(note.string) is damaged; remove \(layout.root.string) and recover again"
                )
            }
            return begun
        } catch {
            throw RecoveryError.wrapping(error, in: layout.root.string)
        }
    }

    /// Takes the place for the recovery of one snapshot and keeps others out for as long as the
    /// returned file is open.
    func begin(_ recovery: Interrupted) throws(RecoveryError) -> any File {
        do {
            if try inspect() == nil {
                try files.makeDirectories(layout.root)
                try files.replace(note, with: Self.encode(recovery))
            }
            for directory in [
                layout.segments, layout.indexDirectory, layout.snapshots, layout.quarantine,
            ] { try files.makeDirectory(directory) }
            let lock = try files.open(layout.lock, .openOrCreate)
            guard try lock.tryLock(byte: 0, exclusively: true) else {
                throw RecoveryError(
                    .locked,
                    "another process works in \(layout.root.string); wait for it to end"
                )
            }
            try files.synchronizeDirectory(layout.root)
            return lock
        } catch {
            throw RecoveryError.wrapping(error, in: layout.root.string)
        }
    }

    /// Makes the place an archive: writes what is small, the identity last.
    func finish(
        _ vault: UnlockedVault,
        snapshots: [StoredManifest]
    ) throws(RecoveryError) {
        do {
            if try files.status(of: layout.document) == nil {
                try files.replace(layout.keyring, with: vault.keyringBytes)
                for stored in snapshots {
                    try files.replace(layout.snapshot(stored.manifest.id), with: stored.bytes)
                }
                try files.replace(layout.document, with: vault.documentBytes)
            }
            try files.remove(note)
            try files.synchronizeDirectory(layout.root)
        } catch {
            throw RecoveryError.wrapping(error, in: layout.root.string)
        }
    }

    /// Whatever has such a name is an archive's, or would be taken for it.
    private static let archiveNames: Set = [
        "archive.json", "keyring.json", "segments", "index", "snapshots", "head", "quarantine",
        "lock",
    ]

    private func occupied(_ isArchive: Bool) -> RecoveryError {
        RecoveryError(
            .alreadyExists,
            isArchive
                ? "\(layout.root.string) holds an archive; nothing was changed; recover into an "
                    + "empty or a new directory"
                : "\(layout.root.string) is not empty; recover into an empty or a new directory"
        )
    }

    // MARK: recovery.json

    private static func encode(_ recovery: Interrupted) throws(JSONError) -> [UInt8] {
        var document: JSONObject = [
            "archive_id": .text(recovery.archive), "format": "strongroom recovery",
            "format_version": 1, "snapshot": .text(recovery.snapshot),
        ]
        if let cut = recovery.cut { document["cut"] = .text(cut.text) }
        return try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
    }

    private static func decode(_ bytes: [UInt8]) -> Interrupted? {
        guard
            let value = try? JSONValue(
                parsing: bytes.span,
                limits: JSONLimits(depth: 2, byteCount: noteByteCountLimit)
            ),
            let archive = value["archive_id"]?.asText, let snapshot = value["snapshot"]?.asText
        else { return nil }
        var recovery = Interrupted(archive: archive, snapshot: snapshot)
        if let cut = value["cut"]?.asText { recovery.cut = LogCut(cut) }
        return (try? encode(recovery)) == bytes ? recovery : nil
    }
}
