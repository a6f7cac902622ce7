import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom

/// Ways into an archive.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "List, add and remove the ways to unlock an archive.",
        discussion: """
            Each passphrase or key file has a slot of the keyring; any of them opens the archive. \
            Vaults get the changed keyring with the next `strongroom ship`.
            """,
        subcommands: [KeyListCommand.self, KeyAddCommand.self, KeyRemoveCommand.self]
    )
}

/// Lists the slots; needs no key.
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the key slots; needs no key.",
        usage: "strongroom key list [-r DIR] [OPTIONS]",
        discussion: Help.text(
            "Example: strongroom key list -r A",
            exits: [.noArchive, .integrity]
        )
    )

    @OptionGroup var place: ArchivePlaceOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        for slot in try ArchiveKeyring(ofArchiveAt: try place.path()).slots() {
            answers.output.answer(KeySlotMessage(slot: slot))
        }
    }
}

/// Adds a slot.
struct KeyAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a passphrase or key file that opens the archive.",
        usage: "strongroom key add [-r DIR] --label TEXT [--new-key-file FILE] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom key add -r A --label "night shift" --new-password-file new.txt

            Without one of the --new options the new passphrase comes from \
            STRONGROOM_NEW_PASSWORD_FILE or the like, or is asked for, twice. A key file: head -c 32 \
            /dev/urandom > FILE
            """,
            exits: [.noArchive, .wrongKey, .integrity]
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Option(help: ArgumentHelp("A name for people; it is not secret.", valueName: "text"))
    var label = ""
    @Option(help: ArgumentHelp("The new passphrase, from a file.", valueName: "file"))
    var newPasswordFile: String?
    @Option(help: ArgumentHelp("The new passphrase, from a command.", valueName: "command"))
    var newPasswordCommand: String?
    @Option(help: ArgumentHelp("A new key file.", valueName: "file"))
    var newKeyFile: String?
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let path = try options.path()
        let keyring = ArchiveKeyring(ofArchiveAt: path)
        _ = try keyring.slots()
        let key = try options.key.key(for: path)
        let new = try newSource().key(for: "the new slot", isNew: true)
        let id = try keyring.add(new, label: label, unlocking: key)
        guard let slot = try keyring.slots().first(where: { $0.id == id }) else { return }
        answers.output.confirm(KeySlotMessage(slot: slot))
    }

    private func newSource() throws -> PasswordSource {
        let given = [
            newPasswordFile.map(PasswordSource.file),
            newPasswordCommand.map(PasswordSource.command),
            newKeyFile.map(PasswordSource.keyFile),
        ].compactMap(\.self)
        guard given.count <= 1 else {
            throw CommandFailure(.usage, code: "usage", "name one new key, not \(given.count)")
        }
        return given.first ?? KeyOptions.environmentSource("STRONGROOM_NEW_") ?? .prompt
    }
}

/// Removes a slot.
struct KeyRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a key slot; the last one stays.",
        usage: "strongroom key remove [-r DIR] SLOT [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom key remove -r A 1f2e3d4c

            Whoever has the removed key and an older copy of the keyring, as in a vault not shipped \
            to since, can still open that copy.
            """,
            exits: [.noArchive, .wrongKey, .integrity]
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(help: "The slot's id, as `key list` shows it.")
    var slot: String
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        let path = try options.path()
        let keyring = ArchiveKeyring(ofArchiveAt: path)
        _ = try keyring.slots()
        try keyring.remove(slot: slot, unlocking: try options.key.key(for: path))
        answers.output.confirm(
            Note("removed", ["id": .text(slot)], ["Removed slot \(VisibleText.text(slot))."])
        )
    }
}

/// A key slot.
struct KeySlotMessage: Message {
    let slot: ArchiveKeySlot

    var type: String { "key" }

    var fields: JSONObject {
        [
            "id": .text(slot.id), "kind": .text(slot.kind), "label": .text(slot.label),
            "role": .text(slot.role), "created": MomentText.json(slot.created),
        ]
    }

    var lines: [String] {
        [
            "\(slot.id)  \(slot.kind.filled(toAtLeast: 10))  \(slot.role)  "
                + "\(MomentText.local(slot.created))  \(VisibleText.text(slot.label))"
        ]
    }
}
