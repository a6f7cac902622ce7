import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// Brings back what a vault that follows its archive has behind the newest snapshot: sealed segments
/// that no snapshot lists, and parts of the active one.
///
/// All of it is proved: seals by the archive's key, the chain from segment to segment, and each commit
/// in the parts by the log key. What does not continue the chain is left out and reported.
struct VaultTail: Sendable {
    let store: any ObjectStore
    let vault: UnlockedVault
    let target: RecoveryTarget

    private static let chunkByteCount: UInt64 = 4 << 20

    /// Where the log goes on.
    fileprivate struct Position: Sendable {
        var predecessor = SegmentHeader.Predecessor.none
        var seal = Digest.zero
        var link = CommitLink.origin
    }

    /// Takes away what an interrupted run has left behind the snapshot `chosen`, and fetches what
    /// stands behind `snapshot`, if it is the newest one.
    func fetch(
        behind snapshot: StoredManifest?,
        of chosen: StoredManifest,
        _ result: inout RecoveryResult
    ) async throws(RecoveryError) {
        let last = chosen.manifest.segments.last?.number ?? SegmentNumber(0)
        try await clear(behind: last)
        guard let snapshot, snapshot.manifest.id == vault.snapshots.last?.manifest.id else {
            return
        }
        let listing = try await SegmentPart.listing(store)
        let parts = listing.parts
        let sealed = vault.contents.segmentNumbers.max() ?? last
        result.findings += listing.findings(behind: max(sealed, last))
        // Without parts, segments that no snapshot lists are what an interrupted shipping left.
        let newest = (parts + listing.spoiled).map(\.segment).max()
        guard let newest, newest > last else { return }
        var position = try await position(at: last)
        let commit = position.link.number
        for number in vault.contents.segmentNumbers where number > last && number <= newest {
            guard try await fetch(number, &position, &result) else { break }
        }
        if position.predecessor.segment < newest.value {
            try await fetch(SegmentPart.chain(parts, of: newest), &position, &result)
        }
        result.followedCommitCount = position.link.number - commit
    }

    // MARK: Sealed segments

    private func position(at last: SegmentNumber) async throws(RecoveryError) -> Position {
        guard last.value > 0 else { return Position() }
        return try await LocalFiles.pool.run { () throws(RecoveryError) -> Position in
            do throws(LogError) {
                return Position(try open(last))
            } catch {
                throw RecoveryError.wrapping(error, in: target.layout.segments.string)
            }
        }
    }

    private func open(_ number: SegmentNumber) throws(LogError) -> SealedSegment {
        try SealedSegment.open(
            target.layout.segmentDirectory(target.files),
            number,
            archiveID: vault.document.archiveID,
            publicKey: vault.document.publicKey
        )
    }

    /// False if the segment is not what the log goes on with.
    private func fetch(
        _ number: SegmentNumber,
        _ position: inout Position,
        _ result: inout RecoveryResult
    ) async throws(RecoveryError) -> Bool {
        let object = VaultObject.segment(number)
        let byteCount = vault.contents.objects[object] ?? 0
        let path = target.layout.segments.appending(number.stem + ".seg")
        let name = try object.name
        guard try await copy([(name, byteCount)], to: path) else { return false }
        let next = try await continued(by: number, at: path, behind: position)
        guard let next else {
            result.findings.append(
                VaultFinding(
                    .damaged,
                    object,
                    "it does not continue the log; what follows is left out"
                )
            )
            return false
        }
        position = next
        result.add(.fetched, byteCount: byteCount)
        return true
    }

    /// The end of a fetched segment; nil, and the file is gone, if it does not continue the log.
    private func continued(
        by number: SegmentNumber,
        at path: FilePath,
        behind known: Position
    ) async throws(RecoveryError) -> Position? {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            if let segment = try? open(number), segment.header.predecessor == known.predecessor,
                segment.seal.previousSeal == known.seal,
                SegmentDamage(seal: segment).ranges(of: segment.file).isEmpty
            {
                return Position(segment)
            }
            do throws(SystemError) {
                try target.files.remove(path)
            } catch {
                throw RecoveryError(error)
            }
            return nil
        }
    }

    // MARK: The active segment

    private func fetch(
        _ parts: [SegmentPart],
        _ position: inout Position,
        _ result: inout RecoveryResult
    ) async throws(RecoveryError) {
        guard let last = parts.last else { return }
        var pieces: [(ObjectName, UInt64)] = []
        for part in parts {
            do throws(VaultError) {
                pieces.append((try ObjectName(part.text), part.byteCount))
            } catch {
                throw RecoveryError(error)
            }
        }
        let path = target.layout.segments.appending(last.segment.stem + ".open")
        guard try await copy(pieces, to: path) else { return }
        let known = position
        let (link, end) = try await LocalFiles.pool.run {
            () throws(RecoveryError) -> (CommitLink, UInt64) in
            do {
                return try cut(path, last.segment, after: known)
            } catch {
                throw RecoveryError.wrapping(error, in: path.string)
            }
        }
        position.link = link
        if end < last.end {
            let damaged = parts.first { $0.end > end } ?? last
            result.findings.append(
                VaultFinding(
                    damagedPart: damaged.text,
                    "it does not continue the log; what follows is left out"
                )
            )
        }
        result.add(.fetched, byteCount: end)
    }

    /// Ends the segment behind its last commit that is proved; removes it if there is none.
    private func cut(
        _ path: FilePath,
        _ number: SegmentNumber,
        after position: Position
    ) throws -> (link: CommitLink, end: UInt64) {
        let directory = target.layout.segmentDirectory(target.files)
        let name = SegmentDirectory.Name(number, isSealed: false)
        let opened = try? directory.open(
            name,
            access: .readWrite,
            archiveID: vault.document.archiveID
        )
        guard let opened, opened.header.predecessor == position.predecessor else {
            try target.files.remove(path)
            return (position.link, 0)
        }
        let file = opened.file
        var scanner = try BatchScanner(
            file,
            segment: number,
            archiveID: vault.document.archiveID,
            logKey: vault.keyring.logKey,
            after: position.link,
            at: UInt64(SegmentHeader.byteCount)
        )
        while try scanner.next() != nil {}
        guard scanner.link.number > position.link.number else {
            try target.files.remove(path)
            return (position.link, 0)
        }
        try file.resize(to: scanner.offset)
        try file.synchronize()
        return (scanner.link, scanner.offset)
    }

    // MARK: Files

    private func clear(behind last: SegmentNumber) async throws(RecoveryError) {
        try await LocalFiles.pool.run { () throws(RecoveryError) in
            let directory = target.layout.segmentDirectory(target.files)
            do {
                for name in try directory.names() where name.number > last {
                    try target.files.remove(directory.path(name))
                }
            } catch {
                throw RecoveryError.wrapping(error, in: directory.path.string)
            }
        }
    }

    /// Copies objects into one file; false if one of them is gone meanwhile.
    private func copy(
        _ pieces: [(name: ObjectName, byteCount: UInt64)],
        to path: FilePath
    ) async throws(RecoveryError) -> Bool {
        do {
            let sink = try await SegmentSink.open(path, on: target.files)
            for piece in pieces {
                var offset: UInt64 = 0
                while offset < piece.byteCount {
                    try RecoveryError.checkCancellation("recovering")
                    let end = min(offset + Self.chunkByteCount, piece.byteCount)
                    let bytes: [UInt8]
                    do throws(VaultError) {
                        bytes = try await store.read(piece.name, range: offset..<end)
                    } catch {
                        await sink.discard()
                        guard error.code == .notFound else { throw error }
                        return false
                    }
                    try await sink.append(bytes)
                    offset = end
                }
            }
            return try await sink.publish(ifHashed: nil)
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }
}

extension VaultTail.Position {
    fileprivate init(_ segment: SealedSegment) {
        predecessor = segment.predecessor
        seal = segment.sealHash
        link = segment.link
    }
}
