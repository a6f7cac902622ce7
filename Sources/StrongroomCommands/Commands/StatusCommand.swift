import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery

/// Tells how an archive stands.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how an archive stands: last commit, snapshots, vaults, last drill.",
        usage: "strongroom status [-r DIR] [--vault VAULT ...] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom status -r A --vault /mnt/vault --json

            Of a vault it tells the newest snapshot, how old it is, when it came, what it lacks, how \
            much was verified in the last 30 days, what is locked, and whether the archive goes on \
            from what the vault has seen of it; exits with 24 if not. With --witness archive and vaults \
            are held against a checkpoint of `witness export` too. No segment is read; verify proves it. The last drill is the last one kept with drill --keep-in.
            """,
            exits: [.partial] + Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(
        name: .customLong("vault"),
        help: ArgumentHelp("Look at this vault too; can be repeated.", valueName: "vault")
    )
    var vaults: [String] = []
    @Option(
        help: ArgumentHelp(
            "Write figures for Prometheus's textfile collector, such as strongroom.prom.",
            valueName: "file"
        )
    )
    var prometheus: String?
    @Option(
        help: ArgumentHelp(
            "Hold archive and vaults against this checkpoint; exits with 24 if one was put back.",
            valueName: "file"
        )
    )
    var witness: String?
    @OptionGroup var access: VaultAccessOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(.readOnly) { archive in
            var message = StatusMessage(
                path: archive.path,
                status: try await archive.status(),
                snapshots: try await archive.snapshots()
            )
            message.drills = try await DrillHistory.read(archive)
            for vault in vaults {
                message.vaults.append(try await VaultLook.at(vault, of: archive, access))
            }
            message.witnesses = try await witnessed(archive, message.vaults)
            message.now = SystemClock.now().microseconds
            if let prometheus { try PrometheusText(message).write(to: prometheus) }
            answers.output.answer(message)
            if let vault = message.vaults.first(where: { $0.agrees == false }) {
                throw CommandFailure(
                    .rollback,
                    code: "rollback",
                    "\(vault.name) has seen another state: \(vault.disagreement ?? "")"
                )
            }
            if let found = message.witnesses.first(where: { $0.goesOn == false }) {
                throw CommandFailure(
                    .rollback,
                    code: "rollback",
                    "\(found.place): \(found.finding)"
                )
            }
            let failures = message.vaults.filter { (try? $0.standing.get()) == nil }
            guard failures.isEmpty else {
                throw CommandFailure(
                    .partial,
                    code: "vaults",
                    "\(failures.count) of \(CountText.text(vaults.count, "vault")) could not be looked at"
                )
            }
        }
    }

    /// Holds the archive and the vaults that answered against the checkpoint, if one is named.
    private func witnessed(
        _ archive: Archive,
        _ looks: [VaultLook]
    ) async throws -> [WitnessLook] {
        guard let witness else { return [] }
        let seen = try WitnessFile.read(witness)
        let reached = looks.filter { (try? $0.standing.get()) != nil }.map(\.name)
        var found: [WitnessLook] = []
        for name in [archive.path] + reached {
            found.append(
                await WitnessLook.at(
                    name,
                    try VaultPlace.existing(name, access),
                    publicKey: archive.publicKey,
                    seen
                )
            )
        }
        return found
    }
}
