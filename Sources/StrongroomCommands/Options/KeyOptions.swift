import ArchiveFileIO
import ArgumentParser
import Strongroom

/// What unlocks the archive: flags before environment before a question.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the passphrase from a file. STRONGROOM_PASSWORD_FILE",
            valueName: "file"
        )
    )
    var passwordFile: String?

    @Option(
        help: ArgumentHelp(
            "Run a shell command and take what it prints. STRONGROOM_PASSWORD_COMMAND",
            valueName: "command"
        )
    )
    var passwordCommand: String?

    @Option(
        name: .customLong("password-fd"),
        help: ArgumentHelp("Read the passphrase from an open descriptor.", valueName: "n")
    )
    var passwordDescriptor: Int32?

    @Option(
        help: ArgumentHelp(
            "Unlock with the content of a key file. STRONGROOM_KEY_FILE",
            valueName: "file"
        )
    )
    var keyFile: String?

    /// The source that these options and the environment name.
    func source(prefix: String = "STRONGROOM_") throws -> PasswordSource {
        let given: [PasswordSource] = [
            passwordFile.map(PasswordSource.file),
            passwordCommand.map(PasswordSource.command),
            passwordDescriptor.map(PasswordSource.descriptor),
            keyFile.map(PasswordSource.keyFile),
        ].compactMap(\.self)
        guard given.count <= 1 else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "name one of the ways to unlock, not \(given.count)"
            )
        }
        return given.first ?? Self.environmentSource(prefix) ?? .prompt
    }

    static func environmentSource(_ prefix: String) -> PasswordSource? {
        if let value = Environment.bytes(of: prefix + "PASSWORD") { return .value(value) }
        if let path = Environment.text(of: prefix + "PASSWORD_FILE") { return .file(path) }
        if let command = Environment.text(of: prefix + "PASSWORD_COMMAND") {
            return .command(command)
        }
        return Environment.text(of: prefix + "KEY_FILE").map(PasswordSource.keyFile)
    }

    /// The key to what `purpose` names.
    func key(for purpose: String, isNew: Bool = false) throws -> ArchiveKey {
        try source().key(for: purpose, isNew: isNew)
    }
}
