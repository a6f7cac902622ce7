import ArgumentParser

/// How a command answers.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer in lines of JSON, each with a message_type.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress and no confirmations.")
    var quiet = false

    @Option(
        name: [.customShort("P"), .customLong("use")],
        help: ArgumentHelp(
            "Take archive, vaults, rules and objectives from this profile; see config check.",
            valueName: "name"
        )
    )
    var profile: String?

    /// What to answer through.
    var output: Output { Output(format: json ? .json : .text, isQuiet: quiet) }
}
