import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

@testable import ArchiveKeys

/// Keyrings for tests: cheap to open, or with secrets that never change.
enum Sample {
    static let created = Timestamp(microseconds: 1_790_000_000_000_000)

    static func cost() throws -> Scrypt.Parameters { try Scrypt.Parameters(logN: 10, r: 8, p: 1) }

    static func archiveID(_ fill: UInt8 = 7) throws -> ArchiveID {
        try #require(ArchiveID([UInt8](repeating: fill, count: 16)))
    }

    static func passphrase(_ text: String = "correct horse") throws -> Credential {
        let bytes = Array(text.utf8)
        return try .passphrase(SecretBytes(copying: bytes.span))
    }

    static func keyFile(_ fill: UInt8 = 9, count: Int = 32) throws -> Credential {
        let bytes = [UInt8](repeating: fill, count: count)
        return try .keyFile(SecretBytes(copying: bytes.span))
    }

    static func create(
        _ credential: Credential? = nil
    ) throws -> (file: KeyringFile, keyring: Keyring) {
        try KeyringFile.create(
            archiveID: archiveID(),
            credential: credential ?? passphrase(),
            label: "first",
            created: created,
            cost: cost()
        )
    }

    static func key(_ fill: UInt8) throws -> SecretKey {
        let bytes = [UInt8](repeating: fill, count: 32)
        return try SecretKey(copying: bytes.span)
    }

    /// A keyring of fixed secrets, for golden values.
    static func fixed(erasing subjects: [String] = []) throws -> Keyring {
        let secrets = KeyringSecrets(
            root: try key(1),
            signingSeed: try key(2),
            indexSalt: try key(3),
            epochs: [1: try key(4), 2: try key(5)],
            currentEpoch: 2,
            tree: ErasureTree(root: try key(6))
        )
        let keyring = try Keyring(
            archiveID: archiveID(),
            generation: 1,
            kek: key(8),
            secrets: secrets
        )
        guard !subjects.isEmpty else { return keyring }
        return try Keyring(
            archiveID: archiveID(),
            generation: 2,
            kek: key(8),
            secrets: secrets.erasing(subjects.map { keyring.tag(of: .subject($0)) })
        )
    }

    static func nonce(_ last: UInt8 = 0) -> FrameNonce {
        let bytes = [UInt8](0..<23) + [last]
        return FrameNonce(bytes.span, at: 0)
    }
}

extension SecretKey {
    /// The key's bytes, for comparison.
    var revealed: [UInt8] { withSpan { [UInt8](copying: $0) } }
}

extension Keyring {
    func key(_ domain: KeyDomain, epoch: UInt32 = 1) throws(KeyError) -> [UInt8] {
        try domainKey(for: tag(of: domain), epoch: epoch).revealed
    }
}

/// The code of the error that `body` throws, or nil.
func code(_ body: () throws -> Void) -> KeyError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? KeyError)?.code
    }
}
