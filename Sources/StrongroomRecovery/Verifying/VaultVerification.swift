import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import Strongroom
public import StrongroomVaults
import Synchronization
import SystemPackage

/// Proves a vault byte for byte.
///
/// With nothing but the archive's public key: the identity, every manifest and its checkpoint note,
/// every byte of every segment against Merkle roots, seals and the chain of commits, and that every
/// segment that a manifest lists is there. A segment's root, seal and length together cover all its
/// bytes, so its SHA-256 is not taken a second time. With a key also every frame is opened and every
/// body is checked against its digest. It reads only, and goes on behind damage.
public struct VaultVerification: Sendable {
    let store: any ObjectStore
    private let proof: Proof
    let clock: RecoveryClock

    private enum Proof: Sendable {
        case publicKey([UInt8])
        case keys(VaultKeys)
    }

    /// Prepares to verify with the archive's public key in hexadecimal digits.
    ///
    /// - Throws: `invalid` unless it is 64 hexadecimal digits.
    public init(
        of store: any ObjectStore,
        publicKey: String,
        clock: RecoveryClock = .system
    ) throws(RecoveryError) {
        guard let bytes = Hex.decode(publicKey), bytes.count == Ed25519.publicKeyByteCount else {
            throw RecoveryError(
                .invalid,
                "a public key is 64 hexadecimal digits; `strongroom status` tells the archive's"
            )
        }
        self.store = store
        proof = .publicKey(bytes)
        self.clock = clock
    }

    /// Prepares to verify everything with a key.
    public init(
        of store: any ObjectStore,
        unlocking keys: VaultKeys,
        clock: RecoveryClock = .system
    ) {
        self.store = store
        proof = .keys(keys)
        self.clock = clock
    }

    /// Verifies the vault.
    ///
    /// What is damaged is in the report. Memory is bounded by a batch and a few bytes for each commit.
    ///
    /// - Throws: `notFound` if the vault is empty, `unreachable` if it does not answer; with a key
    ///   also what opening the keyring throws.
    public func run(progress: ProgressHandler? = nil) async throws(RecoveryError) -> VaultReport {
        try await run(try await open(), progress)
    }

    /// A vault that is not empty, with what opens it.
    struct Opened: Sendable {
        let contents: VaultContents
        let publicKey: [UInt8]
        var keyring: Keyring?

        /// The segments that snapshots list; nil if it is not known whose they are.
        func segments(_ store: any ObjectStore) async throws(RecoveryError) -> VerifiedSegments? {
            guard let bytes = contents.documentBytes,
                let document = try? ArchiveDocument(decoding: bytes.span, publicKey: publicKey)
            else { return nil }
            return try await VerifiedSegments.read(contents, document, store)
        }
    }

    func open() async throws(RecoveryError) -> Opened {
        let opened: Opened
        switch proof {
        case .publicKey(let bytes):
            opened = Opened(contents: try await VaultContents.read(store), publicKey: bytes)
        case .keys(let keys):
            let vault = try await UnlockedVault.open(store, keys)
            opened = Opened(
                contents: vault.contents,
                publicKey: vault.keyring.publicKey,
                keyring: vault.keyring
            )
        }
        guard !opened.contents.isEmpty else {
            throw RecoveryError(
                .notFound,
                "the vault is empty: nothing was ever shipped to it, or it is another one"
            )
        }
        guard try await !opened.contents.isArchive(store) else {
            throw RecoveryError(
                .notFound,
                "this is the directory of an archive and no vault: `strongroom verify -r DIR` verifies "
                    + "an archive"
            )
        }
        return opened
    }

    func run(
        _ opened: Opened,
        _ progress: ProgressHandler?
    ) async throws(RecoveryError) -> VaultReport {
        let (contents, publicKey) = (opened.contents, opened.publicKey)
        var report = VaultReport()
        guard contents.documentBytes != nil else {
            report.findings.append(
                VaultFinding(.missing, .document, "without it nothing in the vault can be proved")
            )
            return report
        }
        let unlisted = try await unlisted(contents, publicKey, &report)
        try await prove(contents, publicKey, opened.keyring, hiding: unlisted, progress, &report)
        MarkerCheck.run(contents, &report)
        try await PartsCheck.run(store, contents, &report)
        return report
    }

    /// Segments that no snapshot lists and that do not simply come next: shipping was interrupted.
    ///
    /// They are part of nothing yet, so that a hole among them is no damage.
    private func unlisted(
        _ contents: VaultContents,
        _ publicKey: [UInt8],
        _ report: inout VaultReport
    ) async throws(RecoveryError) -> Set<VaultObject> {
        guard let bytes = contents.documentBytes,
            let document = try? ArchiveDocument(decoding: bytes.span, publicKey: publicKey)
        else { return [] }
        let (manifests, _) = try await UnlockedVault.manifests(in: contents, store, document)
        let listed = Set(manifests.flatMap { $0.manifest.segments.map(\.number) })
        let present = contents.segmentNumbers.filter { !listed.contains($0) }
        guard !present.isEmpty else { return [] }
        report.notes.append(
            "\(present.count) segments belong to no snapshot in the vault yet; ship again to complete "
                + "theirs"
        )
        return Set(present.map(VaultObject.segment))
    }

    private func prove(
        _ contents: VaultContents,
        _ publicKey: [UInt8],
        _ keyring: Keyring?,
        hiding hidden: Set<VaultObject>,
        _ progress: ProgressHandler?,
        _ report: inout VaultReport
    ) async throws(RecoveryError) {
        let store = store
        let (byteCount, objectCount) = contents.segmentTotals(without: hidden)
        let meter = ProgressMeter(
            .verifying,
            byteCount: byteCount,
            objectCount: objectCount,
            progress
        )
        let proof = try await LocalFiles.pool.run { cancellation throws(RecoveryError) in
            let files = VaultFileSystem(store, hiding: hidden, asOf: contents, cancellation)
            do throws(ArchiveError) {
                return try VaultProof(files, publicKey: publicKey, keyring: keyring, meter).run()
            } catch {
                if cancellation.isCancelled { throw RecoveryError.cancelled("verifying") }
                if let failure = files.failure { throw RecoveryError(failure) }
                throw RecoveryError(error)
            }
        }
        report.archive = proof.archive
        report.contents = VaultCounts(proof.report)
        let found = proof.report.damages.map { VaultFinding($0) } + proof.findings
        report.findings += try await withoutPruned(found)
        report.notes += proof.report.notes
    }
}

extension VaultVerification {
    /// A manifest that a prune has taken away meanwhile is no damage.
    private func withoutPruned(
        _ findings: [VaultFinding]
    ) async throws(RecoveryError) -> [VaultFinding] {
        guard !findings.isEmpty else { return [] }
        let listed = try await VaultContents.listing(store, prefix: VaultObject.manifestPrefix)
        let present = Set(listed.map(\.name.text))
        return findings.filter { finding in
            guard case .manifest = VaultObject(finding.object) else { return true }
            return present.contains(finding.object)
        }
    }
}

/// Holds `vault.json` against what is in the vault.
enum MarkerCheck {
    static func run(_ contents: VaultContents, _ report: inout VaultReport) {
        let marker: VaultMarker?
        do throws(RecoveryError) {
            marker = try contents.marker()
        } catch {
            return report.findings.append(VaultFinding(.damaged, .marker, error.message))
        }
        guard let marker else {
            return report.findings.append(
                VaultFinding(
                    .missing,
                    .marker,
                    "ship again, naming the keyring's place, to write it anew"
                )
            )
        }
        if let archive = report.archive, marker.archiveID.hex != archive {
            report.findings.append(
                VaultFinding(.damaged, .marker, "it is for archive \(marker.archiveID.hex)")
            )
        }
        switch (marker.keyring, contents.keyringBytes) {
        case (.within, nil):
            report.findings.append(
                VaultFinding(.missing, .keyring, "ship again to put the keyring back")
            )
        case (.apart, .some):
            report.findings.append(
                VaultFinding(
                    .damaged,
                    .keyring,
                    "it is in the vault, though it is to be kept apart"
                )
            )
        default: break
        }
    }
}
