import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
public import StrongroomVaults

/// How far a vault is: what its newest snapshot has.
///
/// Read from what is public, without a key; no segment is opened.
public struct VaultStanding: Sendable {
    /// Snapshots whose manifests the archive's key has signed.
    public let snapshotCount: Int
    /// The newest of them; nil if there is none.
    public let newestSnapshot: String?
    /// When it was made, in microseconds since 1970.
    public let time: Int64?
    /// When it came to the vault, by the vault's own clock; nil if that does not tell.
    public let arrival: Int64?
    /// The newest record version in it.
    public let lastSequence: UInt64?
    /// Manifests that are damaged, and segments of the newest snapshot that are missing or have
    /// another length.
    public let findings: [VaultFinding]
    /// Uploads in parts that were begun a week ago and more and never completed.
    ///
    /// The next ship gives them up. Nil if the store does not tell.
    public let abandonedUploadCount: Int?

    private static func abandonedUploadCount(_ store: any ObjectStore) async -> Int? {
        // Who may not list uploads may look at the rest all the same.
        try? await Leftovers.read(store, now: SystemClock.now().microseconds).count
    }

    /// Looks at a vault of the archive with that public key, in hexadecimal digits.
    ///
    /// - Throws: `notFound` if the vault is empty, `integrity` if it is of another archive or its
    ///   `archive.json` is damaged, `unreachable` if it does not answer.
    public static func read(
        _ store: any ObjectStore,
        publicKey: String
    ) async throws(RecoveryError) -> VaultStanding {
        let contents = try await VaultContents.read(store)
        let document = try contents.document(publicKey: Hex.decode(publicKey) ?? [])
        var (manifests, findings) = try await UnlockedVault.manifests(in: contents, store, document)
        let newest = manifests.popLast()
        for segment in newest?.manifest.segments ?? [] {
            let object = VaultObject.segment(segment.number)
            guard let byteCount = contents.objects[object] else {
                findings.append(VaultFinding(.missing, object, "the vault does not have it"))
                continue
            }
            guard byteCount != segment.byteCount else { continue }
            findings.append(
                VaultFinding(
                    .damaged,
                    object,
                    "it has \(byteCount) bytes, its snapshot says \(segment.byteCount)"
                )
            )
        }
        let listed = try await VaultContents.listing(store, prefix: VaultObject.manifestPrefix)
        let name = newest.map { VaultObject.manifest($0.manifest.id).text }
        return VaultStanding(
            snapshotCount: manifests.count + (newest == nil ? 0 : 1),
            newestSnapshot: newest?.manifest.id,
            time: newest?.manifest.time.microseconds,
            arrival: listed.first { $0.name.text == name }?.modified,
            lastSequence: newest?.manifest.lastSequence,
            findings: findings,
            abandonedUploadCount: await abandonedUploadCount(store)
        )
    }
}
