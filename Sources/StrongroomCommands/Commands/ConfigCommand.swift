import ArchiveBytes
import ArgumentParser

/// The file of profiles.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check the file of profiles, which -P NAME takes options from.",
        subcommands: [ConfigCheckCommand.self]
    )
}

/// Checks the file of profiles.
struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the file of profiles: what is unknown or impossible is an error.",
        usage: "strongroom config check [FILE] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom config check /etc/strongroom/config.toml

            The file is TOML: STRONGROOM_CONFIG, else ~/.config/strongroom/config.toml, else \
            /etc/strongroom/config.toml. A profile is what -P NAME stands for; what the command line \
            says itself goes before it.

            [profile.hospital]
            archive = "/srv/archive"
            vaults = ["/mnt/vault", "s3://backups/hospital"]
            password-file = "/etc/strongroom/passphrase"
            [profile.hospital.keep]
            hourly = 48
            daily = 30
            monthly = 12
            grace = "7d"
            [profile.hospital.drill]
            rto = "4h"
            rpo = "15m"

            Tables: keep (last, hourly, daily, weekly, monthly, yearly, within, tagged, grace), drill \
            (vault, other-vault, scenario, rto, rpo, checks, scratch, keep-in-archive), lock (mode), \
            access (allow-plain-http, ca-file, storage-class, limit-upload, limit-download, \
            ssh-command), notify (on-failure, on-success). Paths are taken from where the file is. Of \
            TOML it reads tables, texts in a line, whole numbers, booleans and lists.
            """
        )
    )

    @Argument(help: ArgumentHelp("The file.", valueName: "file"))
    var file: String?
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let path = try file ?? ProfileArguments.configurationPath()
        let profiles = try ProfileFile(at: path).profiles
        let names = profiles.keys.sorted()
        answers.output.answer(
            Note(
                "configuration",
                ["path": .text(path), "profiles": .array(names.map(JSONValue.text))],
                [
                    "\(path) is right: "
                        + (names.isEmpty
                            ? "no profile"
                            : CountText.text(names.count, "profile") + ", "
                                + names.joined(separator: ", ")) + "."
                ]
            )
        )
    }
}
