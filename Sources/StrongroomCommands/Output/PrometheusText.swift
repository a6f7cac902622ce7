import ArchiveFileIO
import SystemPackage

/// Figures for the textfile collector of Prometheus's node exporter.
struct PrometheusText {
    /// The lines of one figure belong together, whatever order they come in.
    private var families: [(name: String, lines: [String])] = []
    private let labels: [(String, String)]

    /// Every figure bears these labels.
    init(labels: [(String, String)]) { self.labels = labels }

    /// Adds a figure that may go up and down; nothing if there is none.
    mutating func gauge(
        _ name: String,
        _ help: String,
        _ value: Double?,
        _ more: [(String, String)] = []
    ) {
        guard let value else { return }
        let name = "strongroom_" + name
        let all = (labels + more).map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
        let line = name + (all.isEmpty ? "" : "{\(all.joined(separator: ","))}") + " \(value)"
        if let place = families.firstIndex(where: { $0.name == name }) {
            families[place].lines.append(line)
        } else {
            families.append((name, ["# HELP \(name) \(help)", "# TYPE \(name) gauge", line]))
        }
    }

    /// All figures.
    var text: String { families.flatMap(\.lines).joined(separator: "\n") + "\n" }

    /// Writes them where the collector, another user, can read them, in one step.
    func write(to path: String) throws {
        try PosixFileSystem().publish(FilePath(path), Array(text.utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.map { character -> String in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
    }
}
