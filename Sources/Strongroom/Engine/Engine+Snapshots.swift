import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
package import ArchiveSealing
package import ArchiveSegments
import SystemPackage

extension Engine {
    /// What manifests name as their maker.
    package static let tool = "strongroom \(StrongroomVersion.current)"

    /// Seals the active segment and signs a manifest of everything sealed.
    ///
    /// Durable when it returns.
    package func snapshot(label: String) throws(ArchiveError) -> SnapshotManifest {
        let log = try writableLog()
        do {
            try log.seal()
            end = log.place
            let known = try snapshots()
            let id = Hex.encode(try Randomness.bytes(8))
            var totals = SegmentTotals()
            let segments = try listSegments(known: known, totals: &totals)
            let note = CheckpointNote(
                archiveID: keys.archiveID,
                treeSize: log.tree.count,
                treeRoot: log.tree.root()
            )
            let manifest = SnapshotManifest(
                archiveID: keys.archiveID,
                id: id,
                parent: known.last?.id,
                time: max(clock(), end.link.time),
                lastSequence: end.link.lastSequence,
                treeSize: log.tree.count,
                treeRoot: log.tree.root(),
                segments: segments,
                recordCount: totals.recordCount,
                recordByteCount: totals.recordByteCount,
                sealedLabel: try SnapshotLabel.seal(label, id: id, keys: keys),
                publicKey: keys.publicKey,
                tool: Self.tool,
                checkpoint: note.signed(
                    try keys.sign(Array(note.text.utf8)),
                    publicKey: keys.publicKey
                )
            )
            let signed = try SignedDocument.signedBytes(
                manifest.document,
                purpose: SnapshotManifest.purpose
            )
            let bytes = try SignedDocument.encode(
                manifest.document,
                signature: try keys.sign(signed)
            )
            try fileSystem.replace(layout.snapshot(id), with: bytes)
            try checkpoint()
            try advanceHead()
            return manifest
        } catch {
            throw ArchiveError.wrapping(error, in: layout.snapshots.string)
        }
    }

    /// The snapshots' manifests, verified, oldest first.
    package func snapshots() throws(ArchiveError) -> [SnapshotManifest] {
        var manifests: [SnapshotManifest] = []
        var place = layout.snapshots
        do {
            for name in try fileSystem.names(in: layout.snapshots).map(\.string)
            where name.hasSuffix(".json") && SnapshotManifest.isIdentity(String(name.dropLast(5))) {
                place = layout.snapshots.appending(name)
                let bytes = try fileSystem.readAll(place, limit: SignedDocument.byteCountLimit)
                let manifest = try SnapshotManifest(
                    decoding: bytes.span,
                    publicKey: document.publicKey
                )
                guard manifest.archiveID == keys.archiveID, manifest.id == name.dropLast(5) else {
                    throw FormatError(.foreign, "\(name) is not what its name says")
                }
                manifests.append(manifest)
            }
        } catch {
            throw ArchiveError.wrapping(error, in: place.string)
        }
        return manifests.sorted {
            ($0.lastSequence, $0.time, $0.id) < ($1.lastSequence, $1.time, $1.id)
        }
    }

    /// What the seals of all sealed segments count.
    package func sealedTotals() throws(ArchiveError) -> SegmentTotals {
        var totals = SegmentTotals()
        do {
            let directory = layout.segmentDirectory(fileSystem)
            for name in try directory.names() where name.isSealed {
                let sealed = try SealedSegment.open(
                    directory,
                    name.number,
                    archiveID: keys.archiveID,
                    publicKey: keys.publicKey
                )
                totals.recordCount += sealed.seal.recordCount
                totals.recordByteCount += sealed.seal.recordByteCount
            }
            return totals
        } catch {
            throw ArchiveError.wrapping(error, in: layout.segments.string)
        }
    }

    /// The label of a snapshot, opened.
    package func label(of manifest: SnapshotManifest) throws(ArchiveError) -> String {
        do {
            return try SnapshotLabel.open(manifest.sealedLabel, id: manifest.id, keys: keys)
        } catch {
            throw ArchiveError.wrapping(error, in: "snapshot \(manifest.id)")
        }
    }

    /// Every sealed segment; files that no earlier manifest lists are hashed now.
    private func listSegments(
        known: [SnapshotManifest],
        totals: inout SegmentTotals
    ) throws -> [SnapshotManifest.Segment] {
        var listed: [SegmentNumber: SnapshotManifest.Segment] = [:]
        for manifest in known {
            for segment in manifest.segments { listed[segment.number] = segment }
        }
        let directory = layout.segmentDirectory(fileSystem)
        var segments: [SnapshotManifest.Segment] = []
        for name in try directory.names() where name.isSealed {
            let sealed = try SealedSegment.open(
                directory,
                name.number,
                archiveID: keys.archiveID,
                publicKey: keys.publicKey
            )
            totals.recordCount += sealed.seal.recordCount
            totals.recordByteCount += sealed.seal.recordByteCount
            if let segment = listed[name.number], segment.byteCount == sealed.byteCount,
                segment.seal == sealed.sealHash
            {
                segments.append(segment)
            } else {
                segments.append(
                    SnapshotManifest.Segment(
                        number: name.number,
                        byteCount: sealed.byteCount,
                        root: sealed.seal.segmentRoot,
                        seal: sealed.sealHash,
                        sha256: try Self.sha256(of: sealed.file)
                    )
                )
            }
        }
        return segments
    }

    /// SHA-256 of a whole file, read once from front to back.
    package static func sha256(of file: any File) throws(SystemError) -> Digest {
        let hasher = SHA256()
        file.adviseSequential()
        var offset: UInt64 = 0
        while true {
            let bytes = try file.read(at: offset, byteCount: 1 << 20)
            if bytes.isEmpty { return hasher.finish() }
            hasher.update(bytes.span)
            offset += UInt64(bytes.count)
        }
    }
}

/// A snapshot's label in its public manifest: sealed under the key of the collection `system`.
enum SnapshotLabel {
    static func seal(_ label: String, id: String, keys: KeyringKeys) throws -> [UInt8] {
        let domain = try keys.domain(.collection(SystemRecords.collection), epoch: keys.epoch)
        let nonce = try Randomness.bytes(FrameNonce.byteCount)
        let plain = Array(label.utf8)
        var sealed = [UInt8](repeating: 0, count: plain.count + FrameHeader.tagByteCount)
        var target = sealed.mutableSpan
        try XAES256GCM().seal(
            plain.span,
            into: &target,
            key: domain.key,
            nonce: nonce.span,
            associated: associated(id, keys).span
        )
        return epochBytes(keys) + nonce + sealed
    }

    static func open(_ bytes: [UInt8], id: String, keys: KeyringKeys) throws -> String {
        let head = 4 + FrameNonce.byteCount
        guard bytes.count >= head + FrameHeader.tagByteCount else {
            throw FormatError(.truncated, "the sealed label is cut short")
        }
        let epoch = bytes.span.u32(at: 0)
        let domain = try keys.domain(.collection(SystemRecords.collection), epoch: epoch)
        let nonce = Array(bytes[4..<head])
        var plain = [UInt8](repeating: 0, count: bytes.count - head - FrameHeader.tagByteCount)
        do {
            var target = plain.mutableSpan
            try XAES256GCM().open(
                bytes.span.extracting(head...),
                into: &target,
                key: domain.key,
                nonce: nonce.span,
                associated: associated(id, keys).span
            )
        } catch {
            throw FormatError(.damaged, "the sealed label does not open")
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static func epochBytes(_ keys: KeyringKeys) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(u32: keys.epoch)
        return bytes
    }

    private static func associated(_ id: String, _ keys: KeyringKeys) -> [UInt8] {
        Array("strongroom/v1/label".utf8) + [0] + keys.archiveID.bytes + Array(id.utf8)
    }
}
