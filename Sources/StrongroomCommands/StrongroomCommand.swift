import ArgumentParser
import Strongroom

/// The root of the command line.
struct StrongroomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strongroom",
        abstract: "Keep health records encrypted, provable and recoverable.",
        discussion: """
            An archive is a directory. What goes in is encrypted and never overwritten; what comes \
            out is checked against what went in.

            Start with: strongroom init -r ARCHIVE, strongroom import -r ARCHIVE FILES
            Environment: STRONGROOM_ARCHIVE, STRONGROOM_PASSWORD_FILE, STRONGROOM_PASSWORD_COMMAND, \
            STRONGROOM_PASSWORD, STRONGROOM_KEY_FILE
            Exit status: 0 done, 1 failed, 2 usage, 3 in part, 10 no archive, 11 locked, 12 wrong \
            key, 20 damaged, 21 drill failed, 22 drill inconclusive, 24 put back, 130 interrupted.
            """,
        version: StrongroomVersion.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Archive",
                subcommands: [
                    InitCommand.self, StatusCommand.self, StatsCommand.self, KeyCommand.self,
                    VerifyCommand.self, DoctorCommand.self, RebuildIndexCommand.self,
                    ConfigCommand.self,
                ]
            ),
            CommandGroup(
                name: "Records",
                subcommands: [
                    ImportCommand.self, ExportCommand.self, PutCommand.self, GetCommand.self,
                    DeleteCommand.self, ListCommand.self, FindCommand.self, LogCommand.self,
                ]
            ),
            CommandGroup(
                name: "Disaster",
                subcommands: [
                    SnapshotCommand.self, SnapshotsCommand.self, VaultCommand.self,
                    ShipCommand.self, RecoverCommand.self, RepairCommand.self,
                    DrillCommand.self, ReportCommand.self, WitnessCommand.self,
                    PruneCommand.self, UndeleteCommand.self, HoldCommand.self,
                    LockCommand.self, ThinCommand.self,
                ]
            ),
        ]
    )

    /// The names of all commands.
    static var commandNames: [String] {
        configuration.groupedSubcommands.flatMap { group in
            group.subcommands.compactMap { $0.configuration.commandName }
        }
    }
}
