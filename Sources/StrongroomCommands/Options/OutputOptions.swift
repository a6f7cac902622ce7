import ArgumentParser

/// How a command answers.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer in lines of JSON, each with a message_type.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress and no confirmations.")
    var quiet = false

    /// What to answer through.
    var output: Output { Output(format: json ? .json : .text, isQuiet: quiet) }
}
