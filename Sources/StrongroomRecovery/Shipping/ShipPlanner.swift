import ArchiveFormat
import ArchiveKeys
import Strongroom
import SystemPackage

/// Compares an archive with a vault.
///
/// It only computes: what it needs was read before.
struct ShipPlanner {
    private let local: LocalArchive
    private let vault: VaultContents
    /// Snapshots that a prune has taken out of the vault, or will.
    private let pruned: Set<String>
    private var steps: [ShipPlan.Step] = []
    private var planned: Set<VaultObject> = []
    private var presentObjectCount = 0
    private var presentByteCount: UInt64 = 0

    init(_ local: LocalArchive, _ vault: VaultContents, pruned: Set<String> = []) {
        self.local = local
        self.vault = vault
        self.pruned = pruned
    }

    /// Plans to ship one snapshot, or all if none is named.
    mutating func plan(
        snapshot: String?,
        keyring placement: KeyringPlacement?
    ) throws(RecoveryError) -> ShipPlan {
        let chosen = try choose(snapshot)
        try planDocuments(placement)
        var missing: [String: SnapshotManifest] = [:]
        for stored in chosen {
            let manifest = stored.manifest
            if vault.objects[.manifest(manifest.id)] == nil { missing[manifest.id] = manifest }
            for segment in manifest.segments {
                try need(
                    .segment(segment.number),
                    byteCount: segment.byteCount,
                    .file(
                        local.layout.segments.appending(segment.number.stem + ".seg"),
                        sha256: segment.sha256
                    )
                )
            }
            try need(.manifest(manifest.id), bytes: stored.bytes)
        }
        return ShipPlan(
            archive: local.document.archiveID.hex,
            snapshots: chosen.map(\.manifest.id).filter { missing[$0] != nil },
            steps: steps,
            presentObjectCount: presentObjectCount,
            presentByteCount: presentByteCount,
            document: local.document,
            manifests: missing,
            directory: local.layout.segments
        )
    }

    private func choose(_ wanted: String?) throws(RecoveryError) -> [StoredManifest] {
        let path = local.layout.root.string
        guard !local.snapshots.isEmpty else {
            throw RecoveryError(
                .noSnapshot,
                "\(path) has no snapshot to ship; make one with `strongroom snapshot`"
            )
        }
        guard let wanted else {
            // What the rules took out does not come back by itself.
            return local.snapshots.filter { stored in
                !pruned.contains(stored.manifest.id)
                    || vault.objects[.manifest(stored.manifest.id)] != nil
            }
        }
        let ids = local.snapshots.map(\.manifest.id)
        let id = wanted == "latest" ? ids.last : try SnapshotName.find(wanted, among: ids)
        guard let id, let found = local.snapshots.first(where: { $0.manifest.id == id }) else {
            throw RecoveryError(
                .noSnapshot,
                "\(path) has no snapshot \(wanted); `strongroom snapshots` lists them"
            )
        }
        guard !pruned.contains(id) else {
            throw RecoveryError(
                .refused,
                "snapshot \(id) was pruned from the vault; restore it with `strongroom undelete` first"
            )
        }
        return [found]
    }

    // MARK: Documents

    private mutating func planDocuments(
        _ wanted: KeyringPlacement?
    ) throws(RecoveryError) {
        let placement = try placement(wanted)
        let marker = VaultMarker(archiveID: local.document.archiveID, keyring: placement)
        try need(.marker, bytes: try marker.bytes())
        if let present = vault.documentBytes { try compare(present) }
        try need(.document, bytes: local.documentBytes)
        switch placement {
        case .within: try planKeyring()
        case .apart:
            guard vault.keyringBytes == nil else {
                throw RecoveryError(
                    .conflict,
                    "the vault's vault.json says that the keyring is kept apart, yet keyring.json "
                        + "is in the vault; remove one of them"
                )
            }
        }
    }

    private func placement(_ wanted: KeyringPlacement?) throws(RecoveryError) -> KeyringPlacement {
        if let marker = try vault.marker() {
            guard marker.archiveID == local.document.archiveID else {
                throw foreign(marker.archiveID)
            }
            guard let wanted, wanted != marker.keyring else { return marker.keyring }
            throw RecoveryError(
                .conflict,
                "the vault was begun with the keyring \(marker.keyring.rawValue), now "
                    + "\(wanted.rawValue) is asked for; ship to a new vault"
            )
        }
        if local.placement == .apart, wanted == .within {
            throw RecoveryError(
                .conflict,
                "the vault to copy from has no keyring to put into another"
            )
        }
        if let wanted = wanted ?? local.placement { return wanted }
        if vault.isEmpty || vault.keyringBytes != nil { return .within }
        // The default would put the keyring into a vault that may have been begun without it.
        throw RecoveryError(
            .conflict,
            "the vault has lost its vault.json; say where the keyring belongs, `in` or `apart`"
        )
    }

    private func compare(_ present: [UInt8]) throws(RecoveryError) {
        guard present != local.documentBytes else { return }
        let document: ArchiveDocument
        do {
            document = try ArchiveDocument(decoding: present.span)
        } catch {
            throw RecoveryError(error, in: "archive.json in the vault")
        }
        guard document.archiveID == local.document.archiveID else {
            throw foreign(document.archiveID)
        }
        throw RecoveryError(
            .conflict,
            "archive.json in the vault differs from the archive's own; compare them and ship to a "
                + "new vault"
        )
    }

    private mutating func planKeyring() throws(RecoveryError) {
        guard let keyring = local.keyring else {
            throw RecoveryError(
                .conflict,
                "the vault is to hold the keyring, and the one to copy from has none; ship from the "
                    + "archive"
            )
        }
        let bytes = local.keyringBytes
        guard let present = vault.keyringBytes, present != bytes else {
            return try need(.keyring, bytes: bytes)
        }
        // A damaged copy is no reason to leave the vault without one.
        if let copy = try? KeyringFile(decoding: present.span) {
            guard copy.archiveID == local.document.archiveID else { throw foreign(copy.archiveID) }
            guard
                (copy.generation, copy.revision) < (keyring.generation, keyring.revision)
            else {
                throw RecoveryError(
                    .conflict,
                    "keyring.json in the vault (revision \(copy.revision)) is no older than the "
                        + "archive's own (revision \(keyring.revision)) and differs from it: "
                        + "keys were changed in two places; put the right one into the archive"
                )
            }
        }
        add(.keyring, byteCount: UInt64(bytes.count), isReplacement: true, .bytes(bytes))
    }

    private func foreign(_ id: ArchiveID) -> RecoveryError {
        RecoveryError(
            .foreign,
            "the vault is for archive \(id.hex), not for \(local.document.archiveID.hex); ship to "
                + "another vault"
        )
    }

    // MARK: Objects

    private mutating func need(
        _ object: VaultObject,
        bytes: [UInt8]
    ) throws(RecoveryError) {
        try need(object, byteCount: UInt64(bytes.count), .bytes(bytes))
    }

    /// Plans an object unless it is in the vault.
    ///
    /// Its length must then be right; that its bytes are is what verifying proves.
    private mutating func need(
        _ object: VaultObject,
        byteCount: UInt64,
        _ content: ShipPlan.Content
    ) throws(RecoveryError) {
        guard planned.insert(object).inserted else { return }
        guard let present = vault.objects[object] else {
            return add(object, byteCount: byteCount, isReplacement: false, content)
        }
        guard present == byteCount else {
            throw RecoveryError(
                .integrity,
                "\(object.text) in the vault has \(present) bytes, expected \(byteCount): it is "
                    + "damaged or of another state of the archive; verify the vault, then remove "
                    + "the object and ship again"
            )
        }
        presentObjectCount += 1
        presentByteCount += present
    }

    private mutating func add(
        _ object: VaultObject,
        byteCount: UInt64,
        isReplacement: Bool,
        _ content: ShipPlan.Content
    ) {
        steps.append(
            ShipPlan.Step(
                byteCount: byteCount,
                isReplacement: isReplacement,
                object: object,
                content: content
            )
        )
    }
}
