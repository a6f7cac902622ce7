import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Examines an archive and says what is wrong, and what helps.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say in plain words what is wrong with an archive, and which command helps.",
        usage: "strongroom doctor [-r DIR] [--vault VAULT ...] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom doctor -r A --vault /mnt/vault

            It looks at files, permissions, the disk, the ends of all segments, the head, the clock and \
            the index, and writes nothing. It takes seconds and proves less than verify, which reads \
            every byte. Without a key, or with --keyless, the index is not looked into.

            It ends with 1 if something should be seen to, and with 20 if something is damaged.
            """,
            exits: [.noArchive, .integrity, .interrupted]
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(
        name: .customLong("vault"),
        help: ArgumentHelp("Look at this vault too; can be repeated.", valueName: "vault")
    )
    var vaults: [String] = []
    @Flag(help: "Use no secret; the index is not looked into.")
    var keyless = false
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let path = try options.path()
        let files = PosixFileSystem()
        let place = FilePath(path)
        guard try files.status(of: place) != nil else {
            throw CommandFailure(
                .noArchive,
                code: "notFound",
                "there is nothing at \(path); name the archive's directory"
            )
        }
        let archive = try ThinPlace.files(path, access)
        var examination = Examination(
            archive,
            place,
            volume: try? Volume(of: place),
            now: SystemClock.now()
        )
        examination.lookFromOutside()
        var symptoms = try secretFiles()
        if let key = try key(for: path) {
            let address = ArchiveAddress(archive, place, credential: key.credential)
            examination = try await Self.opened(examination, address)
        } else {
            symptoms.append(Symptom(.note, "keyless", "without a key the index is not looked into"))
        }
        symptoms = examination.symptoms + symptoms
        for vault in vaults { symptoms += try await look(at: vault, examination) }
        symptoms += await segmentsElsewhere(path)
        try answer(symptoms, path)
    }

    /// Opening may ask a vault, and must wait for it on a thread that may.
    private static func opened(
        _ examination: Examination,
        _ address: ArchiveAddress
    ) async throws -> Examination {
        let pool = BlockingPool(label: "strongroom.doctor", width: 1)
        return await pool.run {
            var examination = examination
            examination.openUp(address)
            return examination
        }
    }

    private func answer(_ symptoms: [Symptom], _ path: String) throws {
        let sorted = symptoms.sorted { $0.severity > $1.severity }
        for symptom in sorted { answers.output.answer(SymptomMessage(symptom)) }
        let worst = sorted.first?.severity ?? .note
        answers.output.answer(DiagnosisMessage(path: path, symptoms: sorted))
        guard worst > .note else { return }
        let count = CountText.text(sorted.count { $0.severity == worst }, "\(worst.rawValue)")
        throw CommandFailure(
            worst == .damage ? .integrity : .failed,
            code: worst == .damage ? "integrity" : "warnings",
            "\(path): \(count) to see to"
        )
    }

    /// The key, if there is one without asking somebody who is not there.
    private func key(for path: String) throws -> ArchiveKey? {
        guard !keyless else { return nil }
        let source = try options.key.source()
        if source == .prompt, !StandardStream.error.isTerminal { return nil }
        return try source.key(for: path, isNew: false)
    }

    /// Who reads the key has the records.
    private func secretFiles() throws -> [Symptom] {
        guard !keyless else { return [] }
        let file: String
        switch try options.key.source() {
        case .file(let path), .keyFile(let path): file = path
        case .value:
            return [
                Symptom(
                    .note,
                    "secret_in_environment",
                    "the passphrase comes from the environment, which every process of this user can "
                        + "read; --password-file or --key-file is safer"
                )
            ]
        case .command, .descriptor, .prompt: return []
        }
        guard let status = try PosixFileSystem().status(of: FilePath(file)),
            status.kind == .file, status.permissions & 0o077 != 0
        else { return [] }
        return [
            Symptom(
                .warning,
                "secret_readable",
                "others may read \(file), which opens the archive",
                remedy:
                    "chmod 600 \(file); if others had it, make another key and remove this one: "
                    + "`strongroom key add`, `strongroom key remove`"
            )
        ]
    }

    /// Whether the vaults of a thin archive still have what only they have.
    private func segmentsElsewhere(_ path: String) async -> [Symptom] {
        do {
            let standing = ThinStanding(
                archiveAt: FilePath(path),
                reaching: try ThinPlace.reach(access)
            )
            return try await standing.findings().map {
                Symptom(
                    .damage,
                    "segment_elsewhere_lost",
                    "a segment that lives in a vault: \($0)",
                    remedy:
                        "mend the vault from another: `strongroom repair --vault VAULT --from VAULT`"
                )
            }
        } catch {
            return [
                Symptom(
                    .warning,
                    "vault",
                    "the vaults in which this archive's segments live: "
                        + "\(CommandFailure(error)?.message ?? "\(error)")",
                    remedy: "until they answer, records of those segments cannot be read"
                )
            ]
        }
    }

    private func look(
        at vault: String,
        _ examination: Examination
    ) async throws -> [Symptom] {
        guard let publicKey = examination.publicKey else { return [] }
        do {
            let standing = try await VaultStanding.read(
                try VaultPlace.existing(vault, access),
                publicKey: publicKey
            )
            return Self.symptoms(of: standing, vault, examination.snapshottedSequence)
        } catch {
            guard let failure = CommandFailure(error), failure.status != .interrupted else {
                throw error
            }
            return [
                Symptom(
                    .warning,
                    "vault",
                    "vault \(vault): \(failure.message)",
                    remedy:
                        "see that it is there and the right one; `strongroom ship` begins a new one"
                )
            ]
        }
    }

    private static func symptoms(
        of standing: VaultStanding,
        _ vault: String,
        _ newest: UInt64
    ) -> [Symptom] {
        var symptoms = standing.findings.map {
            Symptom(
                .damage,
                "vault_damaged",
                "vault \(vault): \($0)",
                remedy: "strongroom repair \(vault) --from ARCHIVE-OR-VAULT, or ship again"
            )
        }
        if (standing.lastSequence ?? 0) < newest {
            symptoms.append(
                Symptom(
                    .warning,
                    "vault_behind",
                    "vault \(vault) has record versions up to \(standing.lastSequence ?? 0), the "
                        + "archive's newest snapshot up to \(newest)",
                    remedy: "strongroom ship"
                )
            )
        }
        return symptoms
    }
}
