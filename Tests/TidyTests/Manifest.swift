/// What `Package.swift` says of the targets under Sources, in its order.
///
/// It is read as text: the package manager's own dump takes seconds and needs a build directory. The
/// test that reads the real manifest fails if no target is found, so a new style of writing it
/// cannot switch the rules off.
struct Manifest {
    struct Target: Equatable {
        let name: String
        let directory: String
        let dependencies: [String]
    }

    private(set) var targets: [Target] = []

    init(_ text: String) {
        let text = Array(text.utf8)
        var position = 0
        while position < text.count {
            let kinds = [".target(", ".executableTarget(", ".systemLibrary("]
            let rest = text[position...]
            guard let kind = kinds.first(where: { rest.starts(with: $0.utf8) }) else {
                position += 1
                continue
            }
            let start = position + kind.utf8.count
            let end = Self.end(of: text, from: start)
            if let target = Self.target(String(decoding: text[start..<end], as: UTF8.self)) {
                targets.append(target)
            }
            position = end
        }
    }

    func target(in directory: String) -> Target? { targets.first { $0.directory == directory } }

    private static func target(_ arguments: String) -> Target? {
        guard let name = quoted(after: "name: ", in: arguments).first else { return nil }
        let path = quoted(after: "path: ", in: arguments).first
        var dependencies: [String] = []
        if let start = arguments.firstRange(of: "dependencies: [")?.upperBound {
            let list = arguments[start...].prefix { $0 != "]" }
            dependencies = list.split { ", \n".contains($0) }.map { String($0) }
        }
        return Target(
            name: name,
            directory: path ?? "Sources/" + name,
            dependencies: dependencies.map { $0.filter { $0 != "\"" } }
        )
    }

    private static func quoted(after label: String, in text: String) -> [String] {
        guard let start = text.firstRange(of: label + "\"")?.upperBound else { return [] }
        return [String(text[start...].prefix { $0 != "\"" })]
    }

    /// The position of the parenthesis that closes the one before `start`.
    private static func end(of text: [UInt8], from start: Int) -> Int {
        var depth = 1
        var position = start
        while position < text.count {
            if text[position] == UInt8(ascii: "(") { depth += 1 }
            if text[position] == UInt8(ascii: ")") { depth -= 1 }
            if depth == 0 { return position }
            position += 1
        }
        return position
    }
}
