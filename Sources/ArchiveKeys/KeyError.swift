import ArchiveSealing

/// Why a keyring could not be made, opened or used.
///
/// It never carries key material.
package struct KeyError: Error, Equatable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// The file is sound, and no slot opens with this credential.
        case wrongKey
        /// The file is not as it was written: by accident or by an attacker.
        case damaged
        /// The file needs a newer program.
        case unsupported
        /// The keyring is of another archive, or of another generation of this one.
        case foreign
        /// The subject was erased: its key can no longer be derived by anyone with this keyring.
        case erased
        /// The keyring has no key of this epoch.
        case unknownEpoch
        /// Removing the slot would lock everybody out.
        case lastSlot
        /// No slot has this id.
        case noSuchSlot
        /// The keyring has no room for another slot.
        case tooManySlots
        /// A new generation needs the credential of every slot, and one is not there.
        case credentialMissing
        /// A passphrase is empty, a key file too short or too long, or a label not fit to print.
        case invalidInput
        /// libcrypto or the kernel refused.
        case libraryFailure
    }

    package let code: Code
    /// What was found and what to do next, as a sentence without its first capital and full stop.
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// What a failure of the sealing room means to one who does not expect any.
    init(_ error: SealingError) {
        switch error {
        case .authenticationFailed:
            self.init(.damaged, "sealed bytes of the keyring are not authentic")
        case .libraryFailure, .invalidKey, .invalidParameter:
            self.init(
                .libraryFailure,
                "libcrypto failed; check memory and the OpenSSL 3 installation"
            )
        }
    }
}
