import ArchiveBytes
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Strongroom
import Synchronization
import SystemPackage

/// Runs the verifier over a vault, on a thread that may block.
struct VaultProof {
    private let files: VaultFileSystem
    private let publicKey: [UInt8]
    private let keys: KeyringKeys?
    private let meter: ProgressMeter

    /// What the proof has found.
    struct Outcome: Sendable {
        var archive: String?
        var report: VerificationReport
        var findings: [VaultFinding] = []
    }

    init(
        _ files: VaultFileSystem,
        publicKey: [UInt8],
        keyring: Keyring?,
        _ meter: ProgressMeter
    ) {
        self.files = files
        self.publicKey = publicKey
        self.meter = meter
        keys = keyring.map { KeyringKeys($0) }
    }

    func run() throws(ArchiveError) -> Outcome {
        let reached = Reached()
        var verifier = PlaceVerifier(
            files,
            ArchiveLayout(files.root),
            publicKey: publicKey,
            keys: keys
        ) { [meter] done in
            meter.add(byteCount: reached.advance(to: done), objectCount: 1)
        }
        let found = Mutex<[RecordEntry]>([])
        try verifier.run { pack in
            let large = pack.chunkedEntries
            if !large.isEmpty { found.withLock { $0 += large } }
        }
        let large = found.withLock { $0 }.sorted { $0.sequence < $1.sequence }
        var outcome = Outcome(
            archive: verifier.document?.archiveID.hex,
            report: verifier.report
        )
        // With a hole in the log it is not known where chunks are; the hole is reported already.
        guard let keys, verifier.report.isSound, !large.isEmpty else { return outcome }
        outcome.findings = try LargeBodies(
            ArchiveLayout(files.root).segmentDirectory(files),
            keys: keys
        ).check(large)
        return outcome
    }
}

/// Reads the bodies that are in chunks and checks each against its record's digest.
private struct LargeBodies {
    private let directory: SegmentDirectory
    private let keys: KeyringKeys
    private let reader: RecordReader

    init(_ directory: SegmentDirectory, keys: KeyringKeys) {
        self.directory = directory
        self.keys = keys
        reader = RecordReader(
            log: LogReader(directory, archiveID: keys.archiveID),
            keys: keys
        )
    }

    func check(_ records: [RecordEntry]) throws(ArchiveError) -> [VaultFinding] {
        let places = try places()
        var findings: [VaultFinding] = []
        for record in records {
            do throws(ArchiveError) {
                try check(record, places)
            } catch  where error.code == .corrupt {
                findings.append(
                    VaultFinding(
                        Damage(
                            file: "segments",
                            sequences: record.sequence...record.sequence,
                            error.message
                        )
                    )
                )
            }
        }
        return findings
    }

    /// Where each chunk is, from the segments' directories.
    private func places() throws(ArchiveError) -> [Digest: RecordPlace] {
        var places: [Digest: RecordPlace] = [:]
        do {
            _ = try LogReplay(directory, keys: keys).run(from: .start) { entries, _ in
                for (chunk, _) in entries.chunks {
                    places[chunk.id] = RecordPlace(
                        segment: entries.segment,
                        frameOffset: chunk.frameOffset,
                        slot: 0
                    )
                }
            }
        } catch {
            throw ArchiveError.wrapping(error, in: directory.path.string)
        }
        return places
    }

    private func check(
        _ record: RecordEntry,
        _ places: [Digest: RecordPlace]
    ) throws(ArchiveError) {
        let hasher = SHA256()
        var byteCount: UInt64 = 0
        func take(_ chunk: RecordEntry.Chunk) throws(ArchiveError) -> ArraySlice<UInt8> {
            guard let place = places[chunk.id] else {
                throw ArchiveError(.corrupt, "a chunk of its body is in no directory")
            }
            return try reader.chunk(at: place, id: chunk.id)
        }
        func hash(_ chunks: [RecordEntry.Chunk]) throws(ArchiveError) {
            for chunk in chunks {
                let bytes = try take(chunk)
                hasher.update(bytes.span)
                byteCount += UInt64(bytes.count)
            }
        }
        switch record.body {
        case .inline: return
        case .chunks(let chunks): try hash(chunks)
        case .chunkLists(let lists):
            for list in lists {
                let bytes = try take(list)
                do {
                    try hash(try ChunkList.decode(bytes.span))
                } catch let error as DecodingError {
                    throw ArchiveError(.corrupt, "a list of its chunks is damaged (\(error))")
                } catch {
                    throw ArchiveError.wrapping(error)
                }
            }
        }
        guard byteCount == record.bodyByteCount, hasher.finish() == record.digest else {
            throw ArchiveError(.corrupt, "its body is not what was put")
        }
    }
}
