import ArchiveFileIO
import SystemPackage

/// The file of profiles: which archive, which vaults, which rules and objectives go together.
struct ProfileFile {
    /// What a value must be.
    enum Kind {
        case text
        /// A file or directory; a relative one is taken from where the configuration is.
        case path
        /// A vault.
        case place
        case count
        /// A length of time, such as 4h.
        case span
        case flag
        case texts
        case places
        case choice([String])
    }

    /// One setting: its place in a profile, what it is, and the option that it stands for.
    struct Setting {
        let table: String
        let key: String
        let kind: Kind
    }

    static let settings: [Setting] = [
        Setting(table: "", key: "archive", kind: .path),
        Setting(table: "", key: "vaults", kind: .places),
        Setting(table: "", key: "password-file", kind: .path),
        Setting(table: "", key: "password-command", kind: .text),
        Setting(table: "", key: "key-file", kind: .path),
        Setting(table: "keep", key: "last", kind: .count),
        Setting(table: "keep", key: "hourly", kind: .count),
        Setting(table: "keep", key: "daily", kind: .count),
        Setting(table: "keep", key: "weekly", kind: .count),
        Setting(table: "keep", key: "monthly", kind: .count),
        Setting(table: "keep", key: "yearly", kind: .count),
        Setting(table: "keep", key: "within", kind: .span),
        Setting(table: "keep", key: "tagged", kind: .texts),
        Setting(table: "keep", key: "grace", kind: .span),
        Setting(table: "drill", key: "vault", kind: .place),
        Setting(table: "drill", key: "other-vault", kind: .place),
        Setting(
            table: "drill",
            key: "scenario",
            kind: .choice(ScenarioChoice.allValueStrings)
        ),
        Setting(table: "drill", key: "rto", kind: .span),
        Setting(table: "drill", key: "rpo", kind: .span),
        Setting(table: "drill", key: "checks", kind: .texts),
        Setting(table: "drill", key: "scratch", kind: .path),
        Setting(table: "drill", key: "keep-in-archive", kind: .flag),
        Setting(table: "lock", key: "mode", kind: .choice(["compliance", "governance"])),
        Setting(table: "access", key: "allow-plain-http", kind: .flag),
        Setting(table: "access", key: "ca-file", kind: .path),
        Setting(table: "access", key: "storage-class", kind: .text),
        Setting(table: "access", key: "limit-upload", kind: .count),
        Setting(table: "access", key: "limit-download", kind: .count),
        Setting(table: "access", key: "ssh-command", kind: .text),
        Setting(table: "notify", key: "on-failure", kind: .text),
        Setting(table: "notify", key: "on-success", kind: .text),
    ]

    /// Where the file is.
    let path: String
    /// The profiles' values, by the table and key of a setting, `keep.last`.
    private(set) var profiles: [String: [String: [String]]] = [:]

    /// A larger file is no configuration.
    private static let byteLimit = 1 << 20

    init(at path: String) throws {
        let bytes = try PosixFileSystem().readAll(FilePath(path), limit: Self.byteLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Self.failure(path, 1, "the file is no UTF-8 text")
        }
        try self.init(text, at: path)
    }

    init(_ text: String, at path: String) throws {
        self.path = path
        let document: TOMLDocument
        do throws(TOMLDocument.Failure) {
            document = try TOMLDocument(text)
        } catch {
            throw Self.failure(path, error.line, error.message)
        }
        for (table, line) in document.tables { try note(table, line) }
        for entry in document.entries { try note(entry) }
    }

    private mutating func note(_ table: [String], _ line: Int) throws {
        let tables = Set(Self.settings.map(\.table)).subtracting([""])
        guard table.first == "profile" else {
            throw Self.failure(
                path,
                line,
                "there is no table [\(table.joined(separator: "."))]; profiles are [profile.NAME]"
            )
        }
        guard table.count == 2 || table.count == 3, !table[1].isEmpty else {
            throw Self.failure(path, line, "a profile is [profile.NAME] or [profile.NAME.TABLE]")
        }
        if table.count == 3, !tables.contains(table[2]) {
            throw Self.failure(path, line, Self.unknown("table", table[2], tables))
        }
        if profiles[table[1]] == nil { profiles[table[1]] = [:] }
    }

    private mutating func note(_ entry: TOMLDocument.Entry) throws {
        guard entry.table.count >= 2 else {
            throw Self.failure(
                path,
                entry.line,
                "\(entry.key) belongs in a profile: write [profile.NAME] above it"
            )
        }
        let table = entry.table.count == 3 ? entry.table[2] : ""
        guard
            let setting = Self.settings.first(where: { $0.table == table && $0.key == entry.key })
        else {
            let keys = Set(Self.settings.filter { $0.table == table }.map(\.key))
            throw Self.failure(path, entry.line, Self.unknown("key", entry.key, keys))
        }
        guard let words = words(entry.value, setting.kind) else {
            throw Self.failure(
                path,
                entry.line,
                "\(entry.key) is to be \(Self.description(of: setting.kind))"
            )
        }
        profiles[entry.table[1], default: [:]][table + "." + entry.key] = words
    }

    private func words(_ value: TOMLDocument.Value, _ kind: Kind) -> [String]? {
        switch (kind, value) {
        case (.text, .text(let text)): return text.isEmpty ? nil : [text]
        case (.choice(let choices), .text(let text)): return choices.contains(text) ? [text] : nil
        case (.path, .text(let text)): return text.isEmpty ? nil : [placed(text)]
        case (.place, .text(let text)): return text.isEmpty ? nil : [placed(text)]
        case (.span, .text(let text)): return TimeSpan(argument: text) == nil ? nil : [text]
        case (.count, .count(let count)): return count > 0 ? [String(count)] : nil
        case (.flag, .flag(let flag)): return flag ? ["true"] : []
        case (.texts, .list(let values)): return each(values, .text)
        case (.places, .list(let values)): return each(values, .place)
        default: return nil
        }
    }

    private func each(_ values: [TOMLDocument.Value], _ kind: Kind) -> [String]? {
        let found = values.compactMap { words($0, kind) }
        return found.count == values.count ? found.flatMap(\.self) : nil
    }

    /// A relative path belongs to the directory of the configuration, not to that of whoever runs it.
    private func placed(_ text: String) -> String {
        guard !text.hasPrefix("/"), !text.contains("://") else { return text }
        return FilePath(path).removingLastComponent().pushing(FilePath(text)).string
    }

    // MARK: What is wrong

    static func failure(_ path: String, _ line: Int, _ message: String) -> CommandFailure {
        CommandFailure(.usage, code: "configuration", "\(path):\(line): \(message)")
    }

    private static func description(of kind: Kind) -> String {
        switch kind {
        case .text: "a text in quotes"
        case .path: "the path of a file or directory, in quotes"
        case .place: "a vault, in quotes"
        case .count: "a whole number above zero"
        case .span: "a length of time in quotes, such as \"4h\""
        case .flag: "true or false"
        case .texts: "a list of texts"
        case .places: "a list of vaults"
        case .choice(let choices):
            "one of " + choices.map(\.debugDescription).joined(separator: ", ")
        }
    }

    static func unknown(_ what: String, _ name: String, _ known: Set<String>) -> String {
        let near = known.sorted().min { Likeness.distance($0, name) < Likeness.distance($1, name) }
        guard let near, Likeness.distance(near, name) <= 1 + near.count / 4 else {
            return "there is no \(what) \(name); there are "
                + known.sorted().joined(separator: ", ")
        }
        return "there is no \(what) \(name); did you mean \(near)?"
    }
}

/// How alike two words are.
enum Likeness {
    /// How many letters must be put in, taken out or changed to make one of the other.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(
                    min(above, row[column]) + 1,
                    diagonal + (letter == other ? 0 : 1)
                )
                diagonal = above
            }
        }
        return row[right.count]
    }
}
