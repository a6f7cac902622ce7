import ArchiveBytes
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Proves an archive or a vault.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that every byte of an archive or a vault is what was written.",
        usage: """
            strongroom verify [-r DIR] [OPTIONS]
            strongroom verify [-r DIR] --keyless --public-key HEX
            strongroom verify --vault VAULT [--keyless --public-key HEX]
            strongroom verify --vault VAULT --heads [--keyless --public-key HEX]
            strongroom verify --vault VAULT --max-age 30d --max-duration 1h [--shard K/N]
            """,
        discussion: Help.text(
            """
            Example: strongroom verify -r A

            With a key every record is opened and compared with its digest. With --keyless no secret \
            is needed: signatures and the Merkle tree prove every byte. Damage is listed with its place, \
            and all of the rest is checked all the same. Nothing is changed.

            What was verified in a vault and when is kept in it, below checks/, signed with the \
            archive's key, or without it with --sign-with. By that, --max-age takes what was not \
            checked for so long, the least recently checked first; what was found damaged always is.

            With --heads no segment is read: a vault's list is held against what was signed, and so \
            are the checksums that an S3 server keeps of whole segments. It finds at once what is gone \
            or was cut, tells of how many segments a checksum was compared, and finds no other damage.
            """,
            exits: [.noArchive, .wrongKey, .integrity, .rollback, .interrupted]
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(help: ArgumentHelp("Verify a vault instead of an archive.", valueName: "vault"))
    var vault: String?
    @Flag(help: "Use no secret, only the public key.")
    var keyless = false
    @Option(
        help: ArgumentHelp(
            "The archive's public key, 64 hexadecimal digits, as `status` prints it.",
            valueName: "hex"
        )
    )
    var publicKey: String?
    @Option(
        help: ArgumentHelp("A vault's keyring, where it is kept apart.", valueName: "file")
    )
    var keyring: String?
    @Flag(help: "Only compare a vault's list, lengths and checksums with what was signed.")
    var heads = false
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var witnesses: WitnessOptions
    @OptionGroup var notifications: NotificationOptions
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func validate() throws {
        guard vault == nil || options.archivePath == nil else {
            throw ValidationError("name an archive or a vault, not both")
        }
        guard publicKey == nil || keyless else {
            throw ValidationError("--public-key belongs to --keyless")
        }
        if let publicKey, Hex.decode(publicKey)?.count != 32 {
            throw ValidationError(
                "--public-key is 64 hexadecimal digits; `strongroom status` tells it"
            )
        }
        guard vault != nil || witnesses.witness == nil else {
            throw ValidationError("--witness belongs to --vault; for an archive: `witness check`")
        }
        guard vault != nil || ledger.isUnused else {
            throw ValidationError("\(LedgerOptions.names) belong to --vault")
        }
        guard !heads || (vault != nil && ledger.isUnused) else {
            throw ValidationError(
                "--heads belongs to --vault, and proves nothing that a ledger could keep: leave out "
                    + LedgerOptions.names
            )
        }
        guard keyless || ledger.signWith == nil else {
            throw ValidationError("--sign-with belongs to --keyless; else the archive's key signs")
        }
        guard vault == nil || !keyless || publicKey != nil else {
            throw ValidationError(
                "--keyless on a vault needs --public-key; `strongroom status` tells it"
            )
        }
    }

    func run() async throws {
        try await notifications.watch("verify", answers.output, verify)
    }

    private func verify() async throws {
        let result: VerificationMessage
        if let vault {
            result = try await verify(vault: vault)
        } else if keyless {
            result = try await verifyKeyless(try options.path())
        } else {
            result = try await options.withArchive(.readOnly) { archive in
                let progress = answers.output.progress("verify")
                let total = try await archive.status().segmentByteCount
                let report = try await archive.verify { done in
                    progress.update(done: done, total: total)
                }
                return VerificationMessage(report, place: archive.path, isKeyless: false)
            }
        }
        for finding in result.findings { answers.output.answer(finding) }
        answers.output.answer(result)
        guard result.findings.isEmpty else {
            throw CommandFailure(
                .integrity,
                code: "integrity",
                "\(result.place) is damaged in \(CountText.text(result.findings.count, "place")); keep "
                    + (vault == nil
                        ? "it as it is, and recover from a vault"
                        : "it as it is, and mend it from another copy with `repair`")
            )
        }
    }

    private func verify(vault: String) async throws -> VerificationMessage {
        let store = try VaultPlace.existing(vault, access)
        try await witnesses.check(store, publicKey: publicKey, answers.output)
        let verification =
            if let publicKey {
                try VaultVerification(of: store, publicKey: publicKey)
            } else {
                VaultVerification(
                    of: store,
                    unlocking: try VaultKeyOptions.keys(options.key, keyring, for: vault)
                )
            }
        if heads {
            let report = try await verification.heads()
            return VerificationMessage(report, place: vault, isKeyless: keyless, onlyHeads: true)
        }
        let report = try await verification.run(
            try ledger.plan(),
            progress: answers.output.recoveryProgress()
        )
        return VerificationMessage(report, place: vault, isKeyless: keyless)
    }

    private func verifyKeyless(_ path: String) async throws -> VerificationMessage {
        let progress = answers.output.progress("verify")
        let report = try await Archive.verifyKeyless(
            try ThinPlace.files(path, access),
            FilePath(path),
            publicKey: publicKey
        ) { progress.update(done: $0) }
        return VerificationMessage(report, place: path, isKeyless: true)
    }
}
