import ArchiveBytes
import ArchiveFormat
public import StrongroomVaults

/// How much of a vault was verified lately, as its ledger tells.
///
/// Read without a key. Counted is what the archive's own key has signed and what trusted verifiers
/// have; segments are those that the vault's snapshots list.
public struct VaultCoverage: Equatable, Sendable {
    /// Segments of the vault's snapshots.
    public internal(set) var segmentCount = 0
    /// Their bytes.
    public internal(set) var byteCount: UInt64 = 0
    /// Bytes of those that were found sound within the span, with a key or without.
    public internal(set) var checkedByteCount: UInt64 = 0
    /// Bytes of those whose records were opened as well.
    public internal(set) var openedByteCount: UInt64 = 0
    /// Segments that were never checked.
    public internal(set) var uncheckedSegmentCount = 0
    /// The oldest of the last checks of all segments, in microseconds since 1970; nil if none was
    /// ever checked.
    public internal(set) var oldestCheck: Int64?
    /// The newest check of any segment, in microseconds since 1970.
    public internal(set) var newestCheck: Int64?
    /// Objects that the last check found damaged.
    public internal(set) var damaged: [String] = []
    /// Entries of verifiers who are not trusted, and entries that cannot be read.
    public internal(set) var ignoredEntryCount = 0

    /// The part of the bytes that was found sound within the span, from 0 to 1.
    public var fraction: Double {
        byteCount == 0 ? 1 : Double(checkedByteCount) / Double(byteCount)
    }

    /// The span that is looked at unless another is named.
    public static let usualSpan = Duration.seconds(30 * 86_400)

    /// Reads the ledger of a vault of the archive with that public key, in hexadecimal digits.
    ///
    /// `verifiers` are the public keys, in hexadecimal digits, of those whose entries count besides
    /// the archive's own.
    ///
    /// - Throws: `notFound` if the vault is empty, `integrity` if it is of another archive,
    ///   `unreachable` if it does not answer.
    public static func read(
        _ store: any ObjectStore,
        publicKey: String,
        within span: Duration = usualSpan,
        trusting verifiers: Set<String> = [],
        clock: RecoveryClock = .system
    ) async throws(RecoveryError) -> VaultCoverage {
        let known = try await VerifiedSegments.read(store, publicKey: publicKey)
        let now = clock.now()
        let ledger = try await VaultLedger.read(
            store,
            of: known.document.archiveID,
            trusting: verifiers.union([publicKey]),
            at: Timestamp(microseconds: now)
        )
        return VaultCoverage(known.segments, ledger, since: now - span.microseconds)
    }

    init(
        _ segments: [SnapshotManifest.Segment],
        _ ledger: VaultLedger,
        since start: Int64
    ) {
        segmentCount = segments.count
        ignoredEntryCount = ledger.strangerCount + ledger.unreadableCount
        for segment in segments {
            let mark = SegmentMark(segment)
            byteCount += segment.byteCount
            guard let check = ledger.last(mark, .hashes) else {
                uncheckedSegmentCount += 1
                continue
            }
            let time = check.time.microseconds
            oldestCheck = min(oldestCheck ?? time, time)
            newestCheck = max(newestCheck ?? time, time)
            guard check.isSound else {
                damaged.append(VaultObject.segment(segment.number).text)
                continue
            }
            if time >= start { checkedByteCount += segment.byteCount }
            if let opening = ledger.last(mark, .contents), opening.isSound,
                opening.time.microseconds >= start
            {
                openedByteCount += segment.byteCount
            }
        }
    }
}

/// The segments that a vault's snapshots list, each once, by number.
struct VerifiedSegments: Sendable {
    let contents: VaultContents
    let document: ArchiveDocument
    let manifests: [StoredManifest]
    /// Manifests that do not verify.
    let findings: [VaultFinding]

    /// Of two snapshots that list another segment under one number the newer one counts.
    var segments: [SnapshotManifest.Segment] {
        var known: [SegmentNumber: SnapshotManifest.Segment] = [:]
        for stored in manifests {
            for segment in stored.manifest.segments { known[segment.number] = segment }
        }
        return known.values.sorted { $0.number < $1.number }
    }

    static func read(
        _ store: any ObjectStore,
        publicKey: String
    ) async throws(RecoveryError) -> VerifiedSegments {
        let contents = try await VaultContents.read(store)
        let document = try contents.document(publicKey: Hex.decode(publicKey) ?? [])
        return try await read(contents, document, store)
    }

    static func read(
        _ contents: VaultContents,
        _ document: ArchiveDocument,
        _ store: any ObjectStore
    ) async throws(RecoveryError) -> VerifiedSegments {
        let (manifests, findings) = try await UnlockedVault.manifests(in: contents, store, document)
        return VerifiedSegments(
            contents: contents,
            document: document,
            manifests: manifests,
            findings: findings
        )
    }
}
