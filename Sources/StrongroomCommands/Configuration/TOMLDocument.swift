/// A configuration file: as much of TOML 1.0 as configuration needs.
///
/// Tables, bare and quoted keys, basic and literal strings in a line, whole numbers, booleans, and
/// arrays of these, over several lines if need be. What else TOML has is refused by name, so a file
/// that is read means the same to every TOML reader.
struct TOMLDocument {
    enum Value: Equatable {
        case text(String)
        case count(Int64)
        case flag(Bool)
        case list([Value])
    }

    /// A value with where it stands.
    struct Entry: Equatable {
        let table: [String]
        let key: String
        let value: Value
        let line: Int
    }

    /// What is wrong with a file, and in which line.
    struct Failure: Error, Equatable {
        let line: Int
        let message: String
    }

    private(set) var entries: [Entry] = []
    /// The tables that have a head, each with its line.
    private(set) var tables: [(path: [String], line: Int)] = []

    init(_ text: String) throws(Failure) {
        var reader = TOMLReader(text)
        var table: [String] = []
        while try reader.skipToContent() {
            let line = reader.line
            if reader.take("[") {
                guard !reader.take("[") else {
                    throw Failure(line: line, message: "arrays of tables are not read here")
                }
                table = try reader.path(until: "]")
                guard !tables.contains(where: { $0.path == table }) else {
                    throw Failure(
                        line: line,
                        message: "the table \(table.joined(separator: ".")) is there twice"
                    )
                }
                tables.append((table, line))
            } else {
                let key = try reader.path(until: "=")
                guard key.count == 1 else {
                    throw Failure(
                        line: line,
                        message: "dotted keys are not read here; write a table [\(key[0])]"
                    )
                }
                guard !entries.contains(where: { $0.table == table && $0.key == key[0] }) else {
                    throw Failure(line: line, message: "\(key[0]) is there twice")
                }
                let value = try reader.value()
                entries.append(Entry(table: table, key: key[0], value: value, line: line))
            }
            try reader.endLine()
        }
    }
}
