import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import SystemPackage

// The log as it can be judged without a key: ends and signatures of sealed segments, how they follow
// one another, the segment that is written to, and what the head says.

extension Examination {
    /// The clock may be so much behind without anybody having set it back.
    private static let clockTolerance: Int64 = 300_000_000

    mutating func lookAtLog(_ document: ArchiveDocument) {
        let directory = layout.segmentDirectory(fileSystem)
        let names: [SegmentDirectory.Name]
        do throws(LogError) { names = try directory.names() } catch { return }
        var end = CommitLink.origin
        var isReadable = true
        var predecessor: SegmentHeader.Predecessor? = SegmentHeader.Predecessor.none
        for name in names {
            do throws(LogError) {
                if name.isSealed {
                    let segment = try SealedSegment.open(
                        directory,
                        name.number,
                        archiveID: document.archiveID,
                        publicKey: document.publicKey
                    )
                    follow(segment.header, predecessor)
                    predecessor = segment.predecessor
                    end = segment.link
                } else if names.contains(.init(name.number, isSealed: true)) {
                    add(
                        .note,
                        "recovery_unfinished",
                        "segment \(name.number.value) stands there twice: a recovery was stopped in the "
                            + "middle, and the next opening for writing ends it"
                    )
                } else {
                    end = try lookAtActive(name, directory, document, after: end, predecessor)
                }
            } catch {
                tell(error)
                predecessor = nil
                if error.code == .system { isReadable = false }
            }
        }
        // Where the log ends nobody knows who could not read it.
        lookAtHead(document, isReadable ? end : nil)
        lookAtClock(end)
    }

    private mutating func follow(
        _ header: SegmentHeader,
        _ predecessor: SegmentHeader.Predecessor?
    ) {
        guard let predecessor, header.predecessor != predecessor else { return }
        add(
            .damage,
            "segment_missing",
            "segment \(header.number.value) follows segment \(header.predecessor.segment), which is "
                + "missing or another one",
            repair
        )
    }

    private var repair: String {
        "`strongroom verify -r \(layout.root.string)` lists all damage; then "
            + "`strongroom repair -r \(layout.root.string) --from VAULT`"
    }

    private mutating func tell(_ error: LogError) {
        switch error.code {
        case .unsupported:
            add(
                .damage,
                "newer_format",
                "\(error)",
                "use the newer release of the program that wrote it"
            )
        case .system: add(.warning, "unreadable", "\(error)")
        default: add(.damage, "segment_damaged", "\(error)", repair)
        }
    }

    /// Walks the segment that is written to; the commit that it ends with.
    private mutating func lookAtActive(
        _ name: SegmentDirectory.Name,
        _ directory: SegmentDirectory,
        _ document: ArchiveDocument,
        after end: CommitLink,
        _ predecessor: SegmentHeader.Predecessor?
    ) throws(LogError) -> CommitLink {
        if try directory.isUnused(name) { return end }
        let (file, header) = try directory.open(name, archiveID: document.archiveID)
        follow(header, predecessor)
        var link = end
        link.hash = header.predecessor.commitHash
        link.number = header.firstCommit &- 1
        var scanner = try BatchScanner(
            file,
            segment: name.number,
            archiveID: document.archiveID,
            logKey: nil,
            after: link,
            at: UInt64(SegmentHeader.byteCount)
        )
        while try scanner.next() != nil {}
        let tail = try LogTail.classify(
            file,
            segment: name.number,
            from: scanner.offset,
            after: scanner.link,
            archiveID: document.archiveID
        )
        switch tail {
        case .clean: break
        case .garbage(let byteCount):
            add(
                .warning,
                "torn_tail",
                "the last writer was stopped in the middle of a commit: \(byteCount) bytes that nobody "
                    + "was told were stored follow commit \(scanner.link.number)",
                "the next command that writes sets them aside; nothing acknowledged is in them"
            )
        case .laterCommit(let number, let offset):
            add(
                .damage,
                "segment_damaged",
                "segment \(name.number.value) is damaged behind commit \(scanner.link.number), at byte "
                    + "\(scanner.offset): commit \(number) stands whole at byte \(offset)",
                repair
            )
        }
        return scanner.link
    }

    private mutating func lookAtHead(_ document: ArchiveDocument, _ end: CommitLink?) {
        do throws(ArchiveError) {
            let (witnesses, damages) = try Engine.head(
                fileSystem,
                layout,
                archiveID: document.archiveID,
                logKey: nil
            )
            if !damages.isEmpty, !witnesses.isEmpty {
                add(
                    .warning,
                    "head_torn",
                    "one of the head's two slots was torn by a stop; the other one holds",
                    "the next command that writes makes it whole"
                )
            } else if !damages.isEmpty {
                add(
                    .damage,
                    "head_damaged",
                    "the head is damaged: \(damages.map(\.description).joined(separator: "; "))",
                    repair
                )
            }
            let last = witnesses.max { $0.commit < $1.commit }
            let known = last?.commit ?? 0
            guard let end else { return }
            if known > end.number {
                let place = last?.segment.map { " in segment \($0.value)" } ?? ""
                add(
                    .damage,
                    "log_cut",
                    "the log ends with commit \(end.number), but the head knows commit \(known)\(place) "
                        + "to have been durable: the log was cut, damaged or put back to an old state",
                    "recover from a vault: `strongroom recover VAULT --to DIR`; keep this one as it is"
                )
            }
            if known == 0, damages.isEmpty, end.number > 0 {
                add(
                    .warning,
                    "no_head",
                    "the head is missing: a log that is cut would be noticed only by its snapshots",
                    "the next command that writes makes it anew"
                )
            }
        } catch {
            add(.warning, "unreadable", error.message)
        }
    }

    mutating func lookAtSnapshots(_ document: ArchiveDocument) throws(SystemError) {
        guard try fileSystem.status(of: layout.snapshots) != nil else { return }
        let names = try fileSystem.names(in: layout.snapshots).filter {
            $0.string.hasSuffix(".json")
        }
        if names.isEmpty {
            add(
                .note,
                "no_snapshot",
                "the archive has no snapshot, so nothing of it can have been shipped to a vault"
            )
        }
        for name in names {
            let path = layout.snapshots.appending(name)
            let bytes = try fileSystem.readAll(path, limit: SignedDocument.byteCountLimit)
            do throws(FormatError) {
                let manifest = try SnapshotManifest(
                    decoding: bytes.span,
                    publicKey: document.publicKey
                )
                snapshottedSequence = max(snapshottedSequence, manifest.lastSequence)
            } catch {
                add(.damage, "snapshot_damaged", "\(path.string): \(error.finding)", repair)
            }
        }
    }

    private mutating func lookAtClock(_ end: CommitLink) {
        let last = end.time.microseconds
        guard last - now.microseconds > Self.clockTolerance else { return }
        add(
            .warning,
            "clock",
            "the last commit was made at \(end.time), which is still to come by this machine's clock: "
                + "the clock is wrong now, or was then",
            "set the clock, best by NTP; commits keep their order whatever the clock says"
        )
    }
}
