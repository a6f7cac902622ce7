import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import SystemPackage

// What is around the log: the keyring, who may read, who writes, what was left behind, the disk.

extension Examination {
    mutating func lookAtKeyring() throws(SystemError) {
        let remedy = "put keyring.json back from a copy or a vault; without it nobody can open it"
        guard try fileSystem.status(of: layout.keyring) != nil else {
            guard document != nil else { return }
            return add(.damage, "no_keyring", "keyring.json is missing", remedy)
        }
        let bytes = try fileSystem.readAll(layout.keyring, limit: KeyringFile.byteCountLimit)
        do throws(KeyError) {
            let file = try KeyringFile(decoding: bytes.span)
            if let document, document.archiveID != file.archiveID {
                add(.damage, "foreign_keyring", "keyring.json is another archive's", remedy)
            }
        } catch {
            let isNewer = error.code == .unsupported
            add(
                .damage,
                isNewer ? "newer_format" : "keyring_damaged",
                "\(error)",
                isNewer ? "use the newer release of the program that wrote it" : remedy
            )
        }
    }

    /// Nobody but the owner has a reason to read; nobody else may write.
    mutating func lookAtPermissions() throws(SystemError) {
        var open: [String] = []
        let directories = [
            layout.root, layout.segments, layout.indexDirectory, layout.snapshots,
            layout.quarantine,
        ]
        for directory in directories {
            guard let status = try fileSystem.status(of: directory) else {
                if directory == layout.segments, document != nil {
                    add(
                        .damage,
                        "no_segments",
                        "the directory of segments is missing",
                        "put it back, or recover: `strongroom recover VAULT --to DIR`"
                    )
                }
                continue
            }
            if status.permissions & 0o077 != 0 { open.append(directory.string) }
            guard directory == layout.root else { continue }
            for file in [layout.document, layout.keyring, layout.head, layout.lock] {
                guard let status = try fileSystem.status(of: file) else { continue }
                if status.permissions & 0o022 != 0 { open.append(file.string) }
            }
        }
        guard let first = open.first else { return }
        let more = open.count > 1 ? " and \(open.count - 1) more" : ""
        add(
            .warning,
            "permissions",
            "others may look into \(first)\(more); sizes and times can be seen, and what may be "
                + "written to can be destroyed",
            "chmod -R go= \(layout.root.string)"
        )
    }

    mutating func lookAtLock() throws(SystemError) {
        guard try fileSystem.status(of: layout.lock) != nil else { return }
        let file = try fileSystem.open(layout.lock, .read)
        let isHeld = try file.firstLocked(in: 0..<1) != nil
        try file.close()
        if isHeld {
            add(
                .note,
                "being_written",
                "a process is writing to the archive now; what is said of the log's end may be old"
            )
        }
    }

    /// What a thin archive keeps in a vault is not here, and not lost.
    mutating func lookForSegmentsElsewhere() throws(SystemError) {
        guard let files = fileSystem as? ThinFileSystem else { return }
        let elsewhere = try files.elsewhere()
        guard !elsewhere.isEmpty else { return }
        let byteCount = elsewhere.reduce(0) { $0 + $1.byteCount }
        if try fileSystem.status(of: layout.thinNote) == nil {
            return add(
                .damage,
                "no_thin_note",
                "segments live in a vault (\(elsewhere.count)), and thin.json, which names it, is missing",
                "name it again: `strongroom thin -r \(layout.root.string) --to VAULT --confirm`"
            )
        }
        add(
            .note,
            "thin",
            "segments live in a vault, which thin.json names: \(elsewhere.count), "
                + "\(Counted.text(byteCount, "byte")); "
                + "reading a record of theirs asks the vault"
        )
    }

    mutating func lookAtLeftovers() throws(SystemError) {
        let temporary = try fileSystem.names(in: layout.root).filter {
            $0.string.hasSuffix(".tmp")
        }
        if !temporary.isEmpty {
            add(
                .note,
                "leftovers",
                "\(Counted.text(temporary.count, "file")) ending in .tmp: left by a stop in the "
                    + "middle of replacing a file; what is left is not used and may be removed"
            )
        }
        guard try fileSystem.status(of: layout.quarantine) != nil else { return }
        let quarantined = try fileSystem.names(in: layout.quarantine)
        if !quarantined.isEmpty {
            add(
                .note,
                "quarantine",
                "quarantine/ holds \(Counted.text(quarantined.count, "file")): bytes of batches that were never "
                    + "acknowledged, or what a repair replaced; remove them when nobody asks for them"
            )
        }
    }

    /// Below two segments of room a batch can be refused any day.
    private static let segmentsOfRoom: UInt64 = 2

    mutating func lookAtVolume() {
        guard let volume else { return }
        switch volume.kind {
        case .disk: break
        case .unknown:
            add(.note, "file_system", "the file system \(volume.name) is not known to the program")
        case .memory:
            add(
                .warning,
                "file_system",
                "the archive lies in memory (\(volume.name)): a loss of power takes all of it",
                "move it to a disk, with no process using it"
            )
        case .network:
            add(
                .warning,
                "file_system",
                "the archive lies on a server (\(volume.name)): what is acknowledged is as safe as the "
                    + "server keeps it, and two writers meet if its locks do not work",
                "keep the archive on a disk of this machine, and ship it to the server as a vault"
            )
        case .program:
            add(
                .warning,
                "file_system",
                "the archive lies on \(volume.name): syncs and locks are what a program makes of them",
                "keep the archive on a disk of this machine"
            )
        case .simple:
            add(
                .warning,
                "file_system",
                "the archive lies on \(volume.name), which has no permissions and no journal",
                "keep the archive on ext4, XFS, Btrfs or ZFS"
            )
        }
        if volume.isReadOnly {
            add(
                .warning,
                "read_only",
                "the file system can only be read",
                "if it was mounted for writing, the kernel has met errors: see `dmesg`"
            )
        }
        let needed = Self.segmentsOfRoom * UInt64(document?.segmentByteCount ?? 64 << 20)
        if volume.availableByteCount < needed {
            add(
                .warning,
                "disk_nearly_full",
                "\(volume.availableByteCount >> 20) MiB are left on the disk, less than two segments",
                "make room; nothing is lost when the disk is full, but nothing more is taken"
            )
        }
    }
}
