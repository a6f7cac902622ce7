import ArchiveFormat
import ArchiveSealing
import StrongroomVaults

/// Everything that a drill must never pass over, each staged on a view of the vault.
enum DrillDamage: String, CaseIterable, Sendable {
    case flippedBit = "flipped-bit"
    case missingSegment = "missing-segment"
    case shortenedSegment = "shortened-segment"
    case lengthenedSegment = "lengthened-segment"
    case zeroedSegment = "zeroed-segment"
    case swappedSegments = "swapped-segments"
    case flippedManifest = "flipped-manifest"
    case missingManifest = "missing-manifest"
    case staleManifest = "stale-manifest"
    case forgedManifest = "forged-manifest"
    case flippedIdentity = "flipped-identity"
    case missingIdentity = "missing-identity"
    case flippedKeyring = "flipped-keyring"
    case missingKeyring = "missing-keyring"
    case wrongKey = "wrong-key"

    /// What it is, for people.
    var summary: String {
        switch self {
        case .flippedBit: "one bit of a segment is turned"
        case .missingSegment: "a segment is gone"
        case .shortenedSegment: "a segment lacks its last byte"
        case .lengthenedSegment: "a segment has one byte more"
        case .zeroedSegment: "a segment is as long as before and all zeros"
        case .swappedSegments: "a segment holds what another one should"
        case .flippedManifest: "one bit of the snapshot's manifest is turned"
        case .missingManifest: "the snapshot's manifest is gone"
        case .staleManifest: "the snapshot's manifest is an older one"
        case .forgedManifest: "the snapshot's manifest is signed by somebody else"
        case .flippedIdentity: "one bit of archive.json is turned"
        case .missingIdentity: "archive.json is gone"
        case .flippedKeyring: "one bit of keyring.json is turned"
        case .missingKeyring: "keyring.json is gone"
        case .wrongKey: "the key is another one"
        }
    }

    /// The changes to the vault; nil if this vault has not what the damage needs.
    func changes(
        to vault: UnlockedVault,
        _ chosen: StoredManifest
    ) throws(RecoveryError) -> [ObjectName: StagedStore.Change]? {
        let segments = chosen.manifest.segments
        let manifest = try VaultObject.manifest(chosen.manifest.id).name
        switch self {
        case .flippedBit, .missingSegment, .shortenedSegment, .lengthenedSegment, .zeroedSegment:
            guard !segments.isEmpty else { return nil }
            let victim = segments[segments.count / 2]
            let name = try VaultObject.segment(victim.number).name
            return [name: segmentChange(victim.byteCount)]
        case .swappedSegments:
            guard segments.count > 1 else { return nil }
            let name = try VaultObject.segment(segments[0].number).name
            let other = try VaultObject.segment(segments[segments.count - 1].number).name
            return [name: .replaced(by: other)]
        case .flippedManifest: return [manifest: .flipped(at: UInt64(chosen.bytes.count / 2))]
        case .missingManifest: return [manifest: .missing]
        case .staleManifest:
            guard let older = vault.snapshots.first(where: { $0.bytes != chosen.bytes }) else {
                return nil
            }
            return [manifest: .rewritten(older.bytes)]
        case .forgedManifest: return [manifest: .rewritten(try Self.forged(chosen))]
        case .flippedIdentity:
            let offset = UInt64(vault.documentBytes.count / 2)
            return [try VaultObject.document.name: .flipped(at: offset)]
        case .missingIdentity: return [try VaultObject.document.name: .missing]
        case .flippedKeyring:
            guard let bytes = vault.contents.keyringBytes else { return nil }
            return [try VaultObject.keyring.name: .flipped(at: UInt64(bytes.count / 2))]
        case .missingKeyring:
            guard vault.contents.keyringBytes != nil else { return nil }
            return [try VaultObject.keyring.name: .missing]
        case .wrongKey: return [:]
        }
    }

    private func segmentChange(_ byteCount: UInt64) -> StagedStore.Change {
        switch self {
        case .missingSegment: .missing
        case .shortenedSegment: .shortened
        case .lengthenedSegment: .lengthened
        case .zeroedSegment: .zeroed
        default: .flipped(at: byteCount / 2)
        }
    }

    /// The same manifest under the signature of a key that was made up just now.
    private static func forged(_ chosen: StoredManifest) throws(RecoveryError) -> [UInt8] {
        do {
            let purpose = SnapshotManifest.purpose
            let document = try SignedDocument.decode(
                chosen.bytes.span,
                purpose: purpose,
                publicKey: nil
            )
            let random = try Randomness.bytes(32)
            let seed = try SecretKey(copying: random.span)
            let signed = try SignedDocument.signedBytes(document, purpose: purpose)
            let signature = try Ed25519.KeyPair(seed: seed).sign(signed.span)
            return try SignedDocument.encode(document, signature: signature)
        } catch {
            throw RecoveryError.wrapping(error, in: "the forged manifest")
        }
    }
}
