import ArchiveSealing
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

@Suite struct `Verifying a vault` {
    @Test func `finds a whole one sound, with the public key alone`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let report = try await VaultVerification(of: vault, publicKey: archive.publicKey).run()
        #expect(report.findings.isEmpty)
        #expect(report.isSound)
        #expect(report.contents.snapshotCount == 3)
        #expect(report.contents.segmentCount == 3)
        #expect(report.contents.recordCount >= 9)
        let bytes = try await vault.list(prefix: "segments/").reduce(0) { $0 + $1.byteCount }
        #expect(report.contents.byteCount == bytes)
    }

    @Test func `finds by heads alone what is gone or cut, and reads no segment`() async throws {
        let archive = try TestArchive.standard()
        func heads(_ spoil: (MemoryStore) async throws -> Void) async throws -> VaultReport {
            let vault = try await archive.vault()
            try await spoil(vault)
            return try await VaultVerification(of: vault, publicKey: archive.publicKey).heads()
        }
        let whole = try await heads { _ in }
        #expect(whole.isSound && whole.contents.snapshotCount == 3)
        #expect(whole.contents.segmentCount == 3 && whole.contents.byteCount > 0)
        let (first, last) = (archive.segmentNames[0], archive.segmentNames[2])
        let gone = try await heads { try await $0.remove(first) }
        #expect(gone.findings.map(\.object) == [first])
        let cut = try await heads { vault in
            try await vault.replace(last, Array(try await vault.bytes(last).dropLast()))
        }
        #expect(cut.findings.map(\.object) == [last])
        let manifest = "snapshots/\(archive.snapshots[1]).json"
        let forged = try await heads { try await $0.flip(manifest, at: 20) }
        #expect(forged.findings.map(\.object) == [manifest])
        // What only its bytes tell it cannot see, and does not say it has.
        let flipped = try await heads { try await $0.flip(last, at: 5_000) }
        #expect(flipped.isSound)
        let other = try await heads { try await $0.flip("archive.json", at: 20) }
        #expect(other.findings.map(\.object) == ["archive.json"])
    }

    @Test func `holds a store's checksums against the signed ones, and tells what it lacks`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        func heads(
            _ checksum: @escaping @Sendable (ObjectName, [UInt8]) -> StoredChecksum?
        ) async throws -> VaultReport {
            let store = ChecksumTeller(vault, checksum)
            return try await VaultVerification(of: store, publicKey: archive.publicKey).heads()
        }
        let (first, last) = (archive.segmentNames[0], archive.segmentNames[2])
        let right = try await heads { _, bytes in .whole(SHA256.hash(bytes.span).bytes) }
        #expect(right.isSound)
        #expect(right.notes.first?.contains("of 3 of 3 segments were compared") == true)
        let wrong = try await heads { name, bytes in
            .whole(SHA256.hash((name.text == last ? bytes + [0] : bytes).span).bytes)
        }
        #expect(wrong.findings.map(\.object) == [last])
        // The checksum of a single part is the hash of the hash.
        let single = try await heads { name, bytes in
            let digest = SHA256.hash(bytes.span).bytes
            return .parts(name.text == first ? digest : SHA256.hash(digest.span).bytes, count: 1)
        }
        #expect(single.findings.map(\.object) == [first])
        let parts = try await heads { name, _ in
            name.text == first ? nil : .parts([UInt8](repeating: 0, count: 32), count: 9)
        }
        #expect(parts.isSound && parts.notes.count == 3)
        #expect(parts.notes.contains { $0.hasPrefix("of 2 segments, which were sent in parts") })
        #expect(parts.notes.contains { $0.hasPrefix("of 1 segments the server tells no SHA-256") })
        let none = try await VaultVerification(of: vault, publicKey: archive.publicKey).heads()
        #expect(none.notes == ["a vault of this kind keeps no checksums; lengths were compared"])
    }

    @Test func `ends with what the store says if its checksums cannot be asked for`() async throws {
        let archive = try TestArchive.standard()
        let store = ChecksumTeller(try await archive.vault(), nil)
        let verification = try VaultVerification(of: store, publicKey: archive.publicKey)
        #expect(await code { _ = try await verification.heads() } == .unreachable)
    }

    @Test func `finds a whole one sound, with a passphrase`() async throws {
        let archive = try TestArchive.make(counts: [2, 1], largeBody: true)
        let vault = try await archive.vault()
        let report = try await verification(of: vault).run()
        #expect(report.findings.isEmpty)
        #expect(report.contents.snapshotCount == 2)
        #expect(report.contents.chunkCount > 2)
        #expect(report.contents.recordCount >= 5)
    }

    @Test func `tells its progress up to the end`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let heard = Mutex<[RecoveryProgress]>([])
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        _ = try await verification.run { progress in heard.withLock { $0.append(progress) } }
        let last = try #require(heard.withLock { $0.last })
        #expect(last.phase == .verifying)
        #expect(last.doneByteCount == last.byteCount && last.byteCount > 0)
        #expect(last.doneObjectCount == 3 && last.objectCount == 3)
    }

    /// The promise of the format: no byte of a vault is without proof, and no key is needed for it.
    @Test(arguments: 0..<4)
    func `reports a flipped bit in any byte of any object, with the public key alone`(
        share: Int
    ) async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        for name in try await vault.names {
            let whole = try await vault.bytes(name)
            for offset in stride(from: share, to: whole.count, by: 4) {
                var bytes = whole
                bytes[offset] ^= 1 << UInt8(offset / 4 % 8)
                try await vault.replace(name, bytes)
                let report = try await verification.run()
                let isNamed = report.findings.contains { $0.object == name }
                #expect(isNamed, "\(name), byte \(offset): \(report.findings)")
            }
            try await vault.replace(name, whole)
        }
        #expect(try await verification.run().isSound)
    }

    @Test func `reports a flipped bit in segments and documents, with a passphrase`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        for name in try await vault.names {
            let whole = try await vault.bytes(name)
            // With a key the same proofs run and more; every byte is tried without one.
            for offset in stride(from: name.count % 7, to: whole.count, by: 61) {
                try await vault.flip(name, at: offset, bit: offset % 8)
                let verification = try verification(of: vault)
                do {
                    #expect(try await !verification.run().isSound, "\(name), byte \(offset)")
                } catch {
                    // Identity and keyring are opened before the rest is looked at.
                    #expect(error.code == .integrity, "\(name), byte \(offset)")
                    #expect(error.message.contains(name == "archive.json" ? name : "keyring"))
                }
                try await vault.replace(name, whole)
            }
        }
    }

    @Test func `names every object that is missing, cut or swapped`() async throws {
        let archive = try TestArchive.standard()
        for index in 0..<3 {
            let name = archive.segmentNames[index]
            let missing = try await archive.vault()
            try await missing.remove(name)
            #expect(try await findings(missing, archive).contains { $0.contains("missing") })

            let cut = try await archive.vault()
            try await cut.replace(name, try await cut.bytes(name).dropLast(100))
            #expect(try await findings(cut, archive).contains { $0.hasPrefix(name) })

            let swapped = try await archive.vault()
            let other = archive.segmentNames[(index + 1) % 3]
            try await swapped.replace(name, try await swapped.bytes(other))
            #expect(try await findings(swapped, archive).contains { $0.hasPrefix(name) })
        }
        let names = ["vault.json", "archive.json", "keyring.json"]
        for name in names {
            let vault = try await archive.vault()
            try await vault.remove(name)
            #expect(try await findings(vault, archive).contains { $0.hasPrefix(name) }, "\(name)")
        }
    }

    @Test func `does not take what an interrupted shipping left for damage`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        // The second snapshot never came, the third's own segment came before the second's.
        for id in archive.snapshots.dropFirst() { try await vault.remove("snapshots/\(id).json") }
        try await vault.remove(archive.segmentNames[1])
        let report = try await VaultVerification(of: vault, publicKey: archive.publicKey).run()
        #expect(report.findings.isEmpty)
        #expect(report.contents.segmentCount == 1)
        #expect(report.notes.contains { $0.contains("1 segment") })
    }

    @Test func `finds a keyring where none is to be`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault(keyring: .apart)
        let verification = try VaultVerification(of: vault, publicKey: archive.publicKey)
        #expect(try await verification.run().isSound)
        try await vault.replace("keyring.json", archive.bytes("keyring.json") ?? [])
        #expect(try await findings(vault, archive).contains { $0.hasPrefix("keyring.json") })
    }

    @Test func `does not believe another archive's vault, or a vault that signs itself`()
        async throws
    {
        let archive = try TestArchive.standard()
        let other = try await TestArchive.make(counts: [1], seed: 3).vault()
        #expect(try await findings(other, archive).contains { $0.hasPrefix("archive.json") })
        #expect(
            await code { _ = try VaultVerification(of: other, publicKey: "abc") } == .invalid
        )
    }

    @Test func `refuses a wrong passphrase, an empty vault and one that does not answer`()
        async throws
    {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        let wrong = VaultVerification(
            of: vault,
            unlocking: VaultKeys(try TestArchive.key("wrong"))
        )
        #expect(await code { _ = try await wrong.run() } == .wrongKey)
        let empty = try VaultVerification(of: MemoryStore(), publicKey: archive.publicKey)
        #expect(await code { _ = try await empty.run() } == .notFound)
        let watched = WatchedStore(vault)
        let gone = try VaultVerification(of: watched, publicKey: archive.publicKey)
        let segment = archive.segmentNames[1]
        watched.fail { call, _ in
            call == .read(segment) ? VaultError(.unreachable, "gone") : nil
        }
        #expect(await code { _ = try await gone.run() } == .unreachable)
    }

    private func verification(of vault: any ObjectStore) throws -> VaultVerification {
        VaultVerification(of: vault, unlocking: VaultKeys(try TestArchive.key()))
    }

    private func findings(
        _ vault: any ObjectStore,
        _ archive: TestArchive
    ) async throws -> [String] {
        try await VaultVerification(of: vault, publicKey: archive.publicKey).run()
            .findings.map(\.description)
    }
}

/// A store that says of its objects' checksums what it is told to, or nothing any more.
private struct ChecksumTeller: ChecksumStore, PassingStore {
    let base: any ObjectStore
    private let checksum: (@Sendable (ObjectName, [UInt8]) -> StoredChecksum?)?

    init(
        _ store: MemoryStore,
        _ checksum: (@Sendable (ObjectName, [UInt8]) -> StoredChecksum?)?
    ) {
        base = store
        self.checksum = checksum
    }

    func checksum(of name: ObjectName) async throws(VaultError) -> StoredChecksum? {
        guard let checksum else { throw VaultError(.unreachable, "it is away") }
        return checksum(name, try await base.readAll(name, limit: 1 << 24))
    }
}
