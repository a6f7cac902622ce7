import ArchiveFileIO
import SystemPackage

/// Turns `-P NAME` into the options that the profile stands for.
///
/// What the command line says itself goes before what the profile says.
enum ProfileArguments {
    /// Commands that work on an archive.
    private static let archiveCommands: Set<String> = [
        "status", "stats", "rebuild-index", "import", "export", "put", "get", "delete", "ls",
        "find", "log", "snapshot", "snapshots", "ship", "report", "prune", "undelete", "hold",
        "lock", "verify", "doctor", "key", "repair", "thin", "witness",
    ]
    /// Of these, the ones that work on a vault instead if one is named.
    private static let eitherCommands: Set<String> = ["verify", "repair", "witness"]
    /// Commands that reach vaults.
    private static let vaultCommands: Set<String> = [
        "status", "ship", "drill", "recover", "prune", "undelete", "lock", "report", "verify",
        "doctor", "repair", "thin", "witness", "vault",
    ]
    /// Commands that have no options for a key.
    private static let keylessCommands: Set<String> = [
        "ship", "repair", "thin", "witness", "vault",
    ]

    /// The command line with a profile's options in the place of `-P NAME`.
    static func expand(_ arguments: [String]) throws -> [String] {
        let own = Array(arguments.prefix { $0 != "--" })
        guard let place = own.firstIndex(where: { $0 == "-P" || $0 == "--use" }) else {
            return arguments
        }
        guard place + 1 < own.count, let command = own.first, !command.hasPrefix("-") else {
            return arguments
        }
        let file = try ProfileFile(at: try configurationPath())
        let name = own[place + 1]
        guard let profile = file.profiles[name] else {
            throw CommandFailure(
                .usage,
                code: "configuration",
                "\(file.path): "
                    + ProfileFile.unknown("profile", name, Set(file.profiles.keys))
            )
        }
        let added = options(profile, command, own)
        return own + added + arguments.dropFirst(own.count)
    }

    /// Where the profiles are: STRONGROOM_CONFIG, the user's file, or the machine's.
    static func configurationPath() throws -> String {
        if let path = Environment.text(of: "STRONGROOM_CONFIG") { return path }
        var places: [String] = []
        if let base = Environment.text(of: "XDG_CONFIG_HOME") {
            places.append(base + "/strongroom/config.toml")
        } else if let home = Environment.text(of: "HOME") {
            places.append(home + "/.config/strongroom/config.toml")
        }
        places.append("/etc/strongroom/config.toml")
        for place in places where try PosixFileSystem().status(of: FilePath(place)) != nil {
            return place
        }
        throw CommandFailure(
            .usage,
            code: "configuration",
            "there is no configuration at \(places.joined(separator: " or ")); write one, or name "
                + "it with STRONGROOM_CONFIG"
        )
    }

    private static func options(
        _ profile: [String: [String]],
        _ command: String,
        _ given: [String]
    ) -> [String] {
        func isGiven(_ options: String...) -> Bool {
            given.contains { word in
                options.contains { word == $0 || word.hasPrefix($0 + "=") }
            }
        }
        if command == "config" || given.starts(with: ["report", "verify"]) { return [] }
        var added: [String] = []
        func add(_ option: String, _ key: String) {
            guard !isGiven(option) else { return }
            for value in profile[key] ?? [] { added += [option, value] }
        }
        let vaults = profile[".vaults"] ?? []
        if archiveCommands.contains(command), !isGiven("-r", "--archive"),
            !(eitherCommands.contains(command) && isGiven("--vault")),
            let archive = profile[".archive"]?.first
        {
            added += ["--archive", archive]
        }
        if !isGiven("--password-file", "--password-command", "--password-fd", "--key-file"),
            !keylessCommands.contains(command), !given.starts(with: ["key", "list"])
        {
            for key in ["password-file", "password-command", "key-file"] {
                add("--" + key, "." + key)
            }
        }
        switch command {
        case "ship" where !isGiven("--to"): for vault in vaults { added += ["--to", vault] }
        case "status", "doctor", "prune", "lock", "report":
            if !isGiven("--vault") { for vault in vaults { added += ["--vault", vault] } }
        case "undelete" where vaults.count == 1: add("--vault", ".vaults")
        case "thin" where vaults.count == 1 && !isGiven("--restore"): add("--to", ".vaults")
        case "repair" where !isGiven("--vault"): add("--from", ".vaults")
        case "recover" where !isGiven("--from"):
            if let vault = vaults.first { added += ["--from", vault] }
        case "drill":
            if !isGiven("--from"), let vault = profile["drill.vault"]?.first ?? vaults.first {
                added += ["--from", vault]
            }
        default: break
        }
        if command == "prune" || command == "lock",
            !given.contains(where: { $0.hasPrefix("--keep-") })
        {
            for setting in ProfileFile.settings where setting.table == "keep" {
                guard setting.key != "grace" else { continue }
                add("--keep-" + setting.key, "keep." + setting.key)
            }
        }
        if command == "prune" { add("--grace", "keep.grace") }
        if given.starts(with: ["lock", "set"]) { add("--mode", "lock.mode") }
        if command == "ship" { add("--lock", "lock.mode") }
        if command == "drill" { added += drill(profile, isGiven: { isGiven($0) }) }
        if vaultCommands.contains(command) { added += access(profile, isGiven: { isGiven($0) }) }
        if ["ship", "drill", "prune", "verify"].contains(command) {
            add("--on-failure", "notify.on-failure")
            add("--on-success", "notify.on-success")
        }
        return added
    }

    private static func access(
        _ profile: [String: [String]],
        isGiven: (String) -> Bool
    ) -> [String] {
        var added: [String] = []
        for setting in ProfileFile.settings where setting.table == "access" {
            let option = "--" + setting.key
            guard let values = profile["access." + setting.key], !isGiven(option) else { continue }
            for value in values {
                if case .flag = setting.kind {
                    added.append(option)
                } else {
                    added += [option, value]
                }
            }
        }
        return added
    }

    private static func drill(
        _ profile: [String: [String]],
        isGiven: (String) -> Bool
    ) -> [String] {
        var added: [String] = []
        for (option, key) in [
            ("--other-vault", "other-vault"), ("--scenario", "scenario"), ("--rto", "rto"),
            ("--rpo", "rpo"), ("--check", "checks"), ("--scratch", "scratch"),
        ] where !isGiven(option) {
            // A self-test drills the loss of the host.
            guard !(option == "--scenario" && isGiven("--self-test")) else { continue }
            for value in profile["drill." + key] ?? [] { added += [option, value] }
        }
        if profile["drill.keep-in-archive"]?.isEmpty == false, !isGiven("--keep-in"),
            !isGiven("--self-test"), let archive = profile[".archive"]?.first
        {
            added += ["--keep-in", archive]
        }
        return added
    }
}
