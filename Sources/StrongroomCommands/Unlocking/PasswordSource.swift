import ArchiveFileIO
import Strongroom
import SystemPackage

/// Where the secret that opens an archive comes from.
enum PasswordSource: Equatable, Sendable {
    case value([UInt8])
    case file(String)
    case command(String)
    case descriptor(Int32)
    case keyFile(String)
    case prompt

    /// A longer text is hardly meant to be a passphrase; one byte more tells that it is longer.
    private static let readLimit = 4096 + 3
    private static let keyFileLimit = 65_536

    /// Reads the secret.
    ///
    /// `isNew` when it is chosen now: a person then types it twice. The bytes that pass through here are overwritten before this returns.
    func key(for purpose: String, isNew: Bool) throws -> ArchiveKey {
        var secret = try bytes(for: purpose, isNew: isNew)
        defer { wipe(&secret) }
        if case .keyFile = self { return try ArchiveKey.keyFile(secret) }
        guard !secret.isEmpty else {
            throw CommandFailure(
                .usage,
                code: "empty_password",
                "the passphrase from \(place) is empty; choose one"
            )
        }
        return try ArchiveKey.passphrase(secret)
    }

    private var place: String {
        switch self {
        case .value: "the environment"
        case .file(let path): "the file \(path)"
        case .command: "the password command"
        case .descriptor(let number): "descriptor \(number)"
        case .keyFile(let path): "the key file \(path)"
        case .prompt: "the terminal"
        }
    }

    private func bytes(for purpose: String, isNew: Bool) throws -> [UInt8] {
        switch self {
        case .value(let bytes): return bytes
        case .keyFile(let path):
            return try SequentialFile(reading: FilePath(path)).readFully(Self.keyFileLimit + 1)
        case .file(let path):
            let file = try SequentialFile(reading: FilePath(path))
            return Self.withoutNewline(try file.readFully(Self.readLimit))
        case .descriptor(let number):
            let stream = StandardStream(inherited: number)
            return Self.withoutNewline(try stream.readFully(Self.readLimit))
        case .command(let command):
            return try output(of: command)
        case .prompt:
            return try answer(purpose, isNew: isNew)
        }
    }

    /// Drops the newline that editors and `echo` put at the end.
    static func withoutNewline(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        var bytes = bytes
        bytes.removeLast()
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return bytes
    }

    private func output(of command: String) throws -> [UInt8] {
        let outcome = try Subprocess.run(shell: command, outputLimit: Self.readLimit)
        guard outcome.status == 0 else {
            throw CommandFailure(
                .failed,
                code: "password_command",
                "the password command ended with status \(outcome.status); run it by hand to see why"
            )
        }
        return Self.withoutNewline(outcome.output)
    }

    private func answer(_ purpose: String, isNew: Bool) throws -> [UInt8] {
        let question = isNew ? "New passphrase for \(purpose): " : "Passphrase for \(purpose): "
        guard let first = try SecretPrompt.ask(question) else {
            throw CommandFailure(
                .usage,
                code: "no_password",
                "there is no passphrase and no terminal to ask at; use --password-file, "
                    + "--password-command, --password-fd or --key-file, or set "
                    + "STRONGROOM_PASSWORD_FILE"
            )
        }
        guard isNew, !first.isEmpty else { return first }
        var second = try SecretPrompt.ask("The same again: ") ?? []
        defer { wipe(&second) }
        guard first == second else {
            throw CommandFailure(
                .usage,
                code: "password_mismatch",
                "the two passphrases differ; nothing was changed"
            )
        }
        return first
    }
}
