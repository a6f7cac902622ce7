import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveIndex
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Synchronization
package import SystemPackage

extension Archive {
    /// Verifies everything: every byte of every segment, every record opened and checked against its
    /// digest, directories against packs, index against log in both directions, head, snapshots.
    ///
    /// Damage is in the report; only what cannot be read at all throws. Costs reading and decrypting
    /// the whole archive once; memory is bounded. `progress` hears the bytes of segments done so far.
    public func verify(
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws(ArchiveError) -> VerificationReport {
        try await core.inspect { engine throws(ArchiveError) in
            try engine.verify(progress: progress)
        }
    }

    /// Verifies an archive, or a vault in a directory, with nothing but the public key in
    /// hexadecimal digits: every byte of every sealed segment against Merkle roots and signatures.
    ///
    /// Without a key given it takes the one that the archive names itself, which proves wholeness
    /// but not origin.
    public static func verifyKeyless(
        at path: String,
        publicKey: String?,
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws(ArchiveError) -> VerificationReport {
        try await verifyKeyless(
            ArchiveLayout(FilePath(path)).fileSystem(),
            FilePath(path),
            publicKey: publicKey,
            progress: progress
        )
    }

    package static func verifyKeyless(
        _ files: any FileSystem,
        _ path: FilePath,
        publicKey: String?,
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws(ArchiveError) -> VerificationReport {
        var key: [UInt8]?
        if let publicKey {
            guard let bytes = Hex.decode(publicKey), bytes.count == 32 else {
                throw ArchiveError(.invalid, "a public key is 64 hexadecimal digits")
            }
            key = bytes
        }
        let trusted = key
        return try await ArchiveCore.opening.run { () throws(ArchiveError) in
            try Engine.verifyKeyless(
                files,
                path,
                publicKey: trusted,
                progress: progress
            )
        }
    }
}

extension Engine {
    /// The full verification of an open archive, which goes on from what was proved before.
    package func verify(
        after proof: EarlyProof? = nil,
        progress: (UInt64) -> Void = { _ in }
    ) throws(ArchiveError) -> VerificationReport {
        let comparison = IndexComparison(readState, proof?.sum ?? LogSum())
        let head = try currentHead()
        let index = beginIndexProof(comparison)
        // Whatever fails: the caller may close the index as soon as this has returned.
        defer { _ = index.wait() }
        var report = try withoutActuallyEscaping(progress) { progress throws(ArchiveError) in
            var verifier = PlaceVerifier(
                fileSystem,
                layout,
                publicKey: document.publicKey,
                keys: keys,
                progress: progress
            )
            try verifier.run(witnesses: head.witnesses, begun: try proof?.wait()) {
                comparison.take($0)
            }
            return verifier.report
        }
        report.damages.append(contentsOf: head.damages)
        report.documentCount += 1
        try checkChunkedBodies(comparison.chunked, &report)
        try take(index.wait(), comparison, &report)
        try Self.requireReadable(report)
        return report
    }

    /// What the system did not let be read is no damage; only beside damage it is told as a finding.
    private static func requireReadable(_ report: VerificationReport) throws(ArchiveError) {
        guard let first = report.damages.first, report.damages.allSatisfy(\.isUnreadable) else {
            return
        }
        throw ArchiveError(.system, first.description)
    }

    private func checkChunkedBodies(
        _ places: [RecordPlace],
        _ report: inout VerificationReport
    ) throws(ArchiveError) {
        let records = RecordReader(log: reader, keys: keys)
        let view = ArchiveView(readState, reader: records)
        for place in places {
            do throws(ArchiveError) {
                try view.forEachPiece(of: try records.record(at: place)) { _ in }
            } catch  where error.code == .system {
                throw error
            } catch {
                report.damages.append(
                    Damage(
                        file: "segments/\(place.segment.stem)",
                        offset: place.frameOffset,
                        error.message
                    )
                )
            }
        }
    }

    /// What reading the index has shown.
    private struct IndexProof: Sendable {
        var damages: [Damage] = []
        /// Nil if it could not be read from front to back.
        var sum: IndexSum?
        /// The system did not let it be read.
        var failure: SystemError?
    }

    private static let indexName = "index/records.btree"

    /// Checks every page by itself, and adds up all entries that it meets, while the log is read.
    private func beginIndexProof(_ comparison: IndexComparison) -> Begun<IndexProof> {
        var options = IndexOptions()
        options.pageByteCount = document.pageByteCount
        options.stemByteCount = IndexKeys.stemByteCount
        let place = IndexPlace(
            fileSystem: fileSystem,
            path: layout.index,
            archive: keys.archiveID.bytes,
            key: keys.keyring.indexKey
        )
        return WorkerTeam.begin { [options] in
            var proof = IndexProof()
            do throws(IndexError) {
                let file = FileSum()
                let report = try Index.verify(place, options) { file.add($0, $1) }
                for damage in report.damages {
                    proof.damages.append(
                        Damage(
                            file: Self.indexName,
                            "\(damage); `strongroom rebuild-index` makes it anew"
                        )
                    )
                }
                proof.sum = try comparison.sum(file, of: report)
            } catch .system(let error) {
                proof.failure = error
            } catch {
                proof.damages.append(Damage(file: Self.indexName, "\(error)"))
            }
            return proof
        }
    }

    /// Holds all entries against those that the log makes.
    private func take(
        _ proof: IndexProof,
        _ comparison: IndexComparison,
        _ report: inout VerificationReport
    ) throws(ArchiveError) {
        if let failure = proof.failure { throw ArchiveError(failure) }
        report.damages.append(contentsOf: proof.damages)
        let expected = comparison.expectedCount + report.chunkCount
        func isAsExpected(_ sum: IndexSum?) -> Bool {
            guard let sum, sum.entryCount == expected else { return false }
            return comparison.isEqual(to: sum.records)
        }
        var sum = proof.sum
        do throws(IndexError) {
            // What two trees have counts once.
            if !isAsExpected(sum) { sum = try comparison.sumOfIndex() }
        } catch {
            throw ArchiveError(error)
        }
        let found = sum?.entryCount ?? comparison.entryCount
        report.indexEntryCount = found
        if isAsExpected(sum) { return }
        let log = LogReplay(layout.segmentDirectory(fileSystem), keys: keys)
        report.damages.append(contentsOf: try comparison.wrongRecords(of: log))
        if report.isSound, found != expected {
            report.damages.append(
                Damage(
                    file: Self.indexName,
                    "it has \(found) entries where the log makes \(expected); "
                        + "`strongroom rebuild-index` makes it anew"
                )
            )
        }
    }

    /// What the head knows; a damaged slot is reported.
    private func currentHead() throws(ArchiveError) -> (
        witnesses: [RecoveryVerdict.Witness], damages: [Damage]
    ) {
        try Self.head(
            fileSystem,
            layout,
            archiveID: keys.archiveID,
            logKey: keys.logKey.withSpan { HMACSHA256(key: $0) }
        )
    }

    static func head(
        _ fileSystem: any FileSystem,
        _ layout: ArchiveLayout,
        archiveID: ArchiveID,
        logKey: HMACSHA256?
    ) throws(ArchiveError) -> (witnesses: [RecoveryVerdict.Witness], damages: [Damage]) {
        var witnesses: [RecoveryVerdict.Witness] = []
        var damages: [Damage] = []
        do {
            guard try fileSystem.status(of: layout.head) != nil else { return ([], []) }
            let bytes = try fileSystem.readAll(layout.head, limit: 1 << 16)
            guard bytes.count <= 2 * HeadSlot.byteCount else {
                return ([], [Damage(file: "head", "it has \(bytes.count) bytes; 1024 at most")])
            }
            for index in 0..<2 {
                let start = index * HeadSlot.byteCount
                guard start < bytes.count else { continue }
                let slot = Array(bytes[start..<min(start + HeadSlot.byteCount, bytes.count)])
                do throws(FormatError) {
                    if let slot = try HeadSlot(
                        decoding: slot.span,
                        archiveID: archiveID,
                        logKey: logKey
                    ) {
                        witnesses.append(
                            .init(
                                "the head",
                                commit: slot.commit.number,
                                hash: slot.commit.hash,
                                segment: SegmentNumber(slot.segment)
                            )
                        )
                    }
                } catch {
                    damages.append(Damage(file: "head", offset: UInt64(start), error.finding))
                }
            }
        } catch {
            throw ArchiveError.wrapping(error, in: layout.head.string)
        }
        return (witnesses, damages)
    }

    /// The keyless verification of an archive or a vault in a directory.
    package static func verifyKeyless(
        _ fileSystem: any FileSystem,
        _ path: FilePath,
        publicKey: [UInt8]?,
        progress: (UInt64) -> Void = { _ in }
    ) throws(ArchiveError) -> VerificationReport {
        let layout = ArchiveLayout(path)
        return try withoutActuallyEscaping(progress) { progress throws(ArchiveError) in
            var verifier = PlaceVerifier(
                fileSystem,
                layout,
                publicKey: publicKey,
                keys: nil,
                progress: progress
            )
            var damages: [Damage] = []
            var witnesses: [RecoveryVerdict.Witness] = []
            if let document = try? readDocument(fileSystem, layout) {
                (witnesses, damages) = try head(
                    fileSystem,
                    layout,
                    archiveID: document.archiveID,
                    logKey: nil
                )
            }
            try verifier.run(witnesses: witnesses)
            verifier.amend { $0.damages.append(contentsOf: damages) }
            try requireReadable(verifier.report)
            return verifier.report
        }
    }
}
