package import ArchiveSealing

/// What opens a key slot: a passphrase or the bytes of a key file.
///
/// It can be passed around; the bytes exist once, and are wiped with the last reference.
package final class Credential: Sendable {
    /// The least randomness a key file may hold.
    package static let keyFileMinimum = 32
    /// A longer file is hardly meant to be a key.
    package static let keyFileLimit = 65_536
    /// A longer text is hardly meant to be a passphrase.
    package static let passphraseLimit = 4_096

    enum Kind {
        case passphrase
        case keyFile
    }

    let kind: Kind
    private let secret: SecretBytes

    private init(_ kind: Kind, _ secret: consuming SecretBytes) {
        self.kind = kind
        self.secret = secret
    }

    /// A passphrase as UTF-8, taken byte for byte: no normalisation, no trimming.
    ///
    /// - Throws: `invalidInput` if it is empty or longer than ``passphraseLimit``.
    package static func passphrase(_ text: consuming SecretBytes) throws(KeyError) -> Credential {
        guard (1...passphraseLimit).contains(text.count) else {
            throw KeyError(
                .invalidInput,
                "a passphrase has 1 to \(passphraseLimit) bytes; choose another"
            )
        }
        return Credential(.passphrase, text)
    }

    /// The content of a key file.
    ///
    /// - Throws: `invalidInput` unless it has ``keyFileMinimum`` to ``keyFileLimit`` bytes.
    package static func keyFile(_ content: consuming SecretBytes) throws(KeyError) -> Credential {
        guard (keyFileMinimum...keyFileLimit).contains(content.count) else {
            throw KeyError(
                .invalidInput,
                "a key file holds \(keyFileMinimum) to \(keyFileLimit) bytes; make one with "
                    + "`head -c 32 /dev/urandom`"
            )
        }
        return Credential(.keyFile, content)
    }

    func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withSpan(body)
    }
}
