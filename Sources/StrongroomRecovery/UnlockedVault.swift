import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import StrongroomVaults
import Synchronization

/// A vault whose keyring is open: its identity is proved, its snapshots are known, no segment is read.
struct UnlockedVault: Sendable {
    let contents: VaultContents
    let document: ArchiveDocument
    let documentBytes: [UInt8]
    let keyring: Keyring
    let keyringBytes: [UInt8]
    /// The snapshots whose manifests verify, oldest first.
    let snapshots: [StoredManifest]
    /// Manifests that do not.
    let findings: [VaultFinding]

    /// Reads and proves what is small, and opens the keyring: a wrong key ends here.
    static func open(
        _ store: any ObjectStore,
        _ keys: VaultKeys
    ) async throws(RecoveryError) -> UnlockedVault {
        let contents = try await VaultContents.read(store)
        guard !contents.isEmpty else {
            throw RecoveryError(
                .notFound,
                "the vault is empty: nothing was ever shipped to it, or it is another one"
            )
        }
        let (document, documentBytes) = try document(in: contents)
        let keyringBytes = try keyring(in: contents, or: keys.keyring)
        let keyring = try await unlock(keyringBytes, keys.credential, document)
        let (snapshots, findings) = try await manifests(in: contents, store, document)
        return UnlockedVault(
            contents: contents,
            document: document,
            documentBytes: documentBytes,
            keyring: keyring,
            keyringBytes: keyringBytes,
            snapshots: snapshots,
            findings: findings
        )
    }

    /// The named snapshot, or the newest; the beginning of an id is enough if no other begins so.
    func snapshot(_ wanted: String?) throws(RecoveryError) -> StoredManifest {
        if let wanted {
            if let id = try SnapshotName.find(wanted, among: contents.manifestIDs) {
                if let found = snapshots.first(where: { $0.manifest.id == id }) { return found }
                let object = VaultObject.manifest(id).text
                if let finding = findings.first(where: { $0.object == object }) {
                    throw RecoveryError(.integrity, "\(finding); recover another snapshot")
                }
            }
            throw RecoveryError(
                .noSnapshot,
                "the vault has no snapshot \(wanted); it has "
                    + (snapshots.isEmpty
                        ? "none" : snapshots.map(\.manifest.id).joined(separator: ", "))
            )
        }
        if let newest = snapshots.last { return newest }
        if let finding = findings.first {
            throw RecoveryError(.integrity, "no snapshot in the vault is whole: \(finding)")
        }
        throw RecoveryError(
            .noSnapshot,
            "the vault has no complete snapshot: no run of `strongroom ship` has ended yet"
        )
    }

    /// The snapshot that holds what there was at a moment: the oldest one that holds all of it.
    func snapshot(at moment: RecoveryMoment) throws(RecoveryError) -> StoredManifest {
        switch moment {
        case .newest: return try snapshot(nil)
        case .snapshot(let id): return try snapshot(id)
        case .time(let time):
            let cut = LogCut.time(time)
            if let found = snapshots.first(where: { cut.isWithin($0.manifest) }) { return found }
            return try snapshot(nil)
        case .sequence(let sequence):
            let cut = LogCut.sequence(sequence)
            if let found = snapshots.first(where: { cut.isWithin($0.manifest) }) { return found }
            let newest = try snapshot(nil)
            throw RecoveryError(
                .noSnapshot,
                "the vault has records up to \(newest.manifest.lastSequence), not \(sequence)"
            )
        }
    }

    /// The snapshots that a recovered state contains, oldest first: `chosen` and those before it in
    /// the same history.
    func history(of chosen: StoredManifest) -> [StoredManifest] {
        let segments = Dictionary(
            uniqueKeysWithValues: chosen.manifest.segments.map { ($0.number, $0) }
        )
        return snapshots.filter { stored in
            stored.manifest.treeSize <= chosen.manifest.treeSize
                && stored.manifest.segments.allSatisfy { segments[$0.number] == $0 }
        }
    }

    /// The archive's public key in hexadecimal digits.
    var publicKey: String { Hex.encode(document.publicKey) }

    // MARK: Details

    private static func document(
        in contents: VaultContents
    ) throws(RecoveryError) -> (ArchiveDocument, [UInt8]) {
        guard let bytes = contents.documentBytes else {
            throw RecoveryError(
                .integrity,
                "archive.json is missing from the vault; ship again, or bring it from another vault "
                    + "of the archive"
            )
        }
        do {
            return (try ArchiveDocument(decoding: bytes.span), bytes)
        } catch {
            throw RecoveryError(error, in: "archive.json in the vault")
        }
    }

    private static func keyring(
        in contents: VaultContents,
        or given: [UInt8]?
    ) throws(RecoveryError) -> [UInt8] {
        if let given { return given }
        if let bytes = contents.keyringBytes { return bytes }
        guard (try? contents.marker())?.keyring == .within else {
            throw RecoveryError(
                .keyringMissing,
                "the vault holds no keyring, it is kept apart; name the file (`--keyring FILE`)"
            )
        }
        throw RecoveryError(
            .integrity,
            "keyring.json is missing from the vault; ship again, or name a copy (`--keyring FILE`)"
        )
    }

    private static func unlock(
        _ bytes: [UInt8],
        _ credential: Credential,
        _ document: ArchiveDocument
    ) async throws(RecoveryError) -> Keyring {
        let keyring = try await LocalFiles.pool.run { () throws(RecoveryError) in
            do throws(KeyError) {
                return try KeyringFile(decoding: bytes.span).open(credential)
            } catch {
                throw RecoveryError(error, in: "the keyring")
            }
        }
        guard keyring.archiveID == document.archiveID, keyring.publicKey == document.publicKey
        else {
            throw RecoveryError(
                .foreign,
                "the keyring is of archive \(keyring.archiveID.hex), the vault of "
                    + "\(document.archiveID.hex)"
            )
        }
        return keyring
    }

    private enum LoadedManifest: Sendable {
        case success(StoredManifest)
        case failure(VaultFinding)
    }

    private static let manifestsAtATime = 8

    /// Reads a manifest, or says what is wrong with it; nil if somebody has pruned it meanwhile.
    private static func manifest(
        _ id: String,
        _ store: any ObjectStore,
        _ document: ArchiveDocument
    ) async throws(RecoveryError) -> LoadedManifest? {
        let object = VaultObject.manifest(id)
        do throws(RecoveryError) {
            let bytes = try await VaultContents.load(object, from: store)
            return .success(
                try StoredManifest(decoding: bytes, id: id, of: document, in: object.text)
            )
        } catch {
            switch error.code {
            case .integrity, .foreign:
                return .failure(VaultFinding(.damaged, object, error.message))
            case .notFound: return nil
            default: throw error
            }
        }
    }

    static func manifests(
        in contents: VaultContents,
        _ store: any ObjectStore,
        _ document: ArchiveDocument
    ) async throws(RecoveryError) -> ([StoredManifest], [VaultFinding]) {
        let outcomes = Mutex<([StoredManifest], [VaultFinding])>(([], []))
        let collect: @Sendable (LoadedManifest) -> Void = { found in
            outcomes.withLock { outcomes in
                switch found {
                case .success(let stored): outcomes.0.append(stored)
                case .failure(let finding): outcomes.1.append(finding)
                }
            }
        }
        // One after the other, a year of hourly snapshots would take minutes on a far server.
        try await forEach(contents.manifestIDs, atATime: manifestsAtATime, "manifests") { id in
            if let found = try await manifest(id, store, document) { collect(found) }
        }
        let (manifests, unordered) = outcomes.withLock { $0 }
        let findings = unordered.sorted { $0.object < $1.object }
        return (manifests.sorted(by: StoredManifest.isBefore), findings)
    }
}
