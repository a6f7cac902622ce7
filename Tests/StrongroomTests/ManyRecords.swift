@testable import Strongroom

/// Some hundreds of records, for tests that read all of them in one way or another.
enum ManyRecords {
    static let count = 700

    /// Names in no order, of some subjects; every tenth is written twice, every fiftieth deleted.
    static func fill(_ engine: Engine) throws {
        let names = (0..<count).map { name($0 * 383 % count) }
        for start in stride(from: 0, to: count, by: 100) {
            let records = names[start..<(start + 100)].map {
                NewRecord(name: $0, body: Array("first of \($0)".utf8), subject: "p\($0.count)")
            }
            _ = try engine.commit(records)
        }
        for number in stride(from: 0, to: count, by: 10) {
            try engine.put(name(number), "second of \(name(number))")
        }
        for number in stride(from: 0, to: count, by: 50) { try engine.delete(name(number)) }
    }

    static func name(_ number: Int) -> String {
        String(repeating: "n", count: 1 + number % 7) + "/\(number)"
    }

    /// The newest text of a name; nil if it was deleted.
    static func text(_ number: Int) -> String? {
        if number % 50 == 0 { return nil }
        return (number % 10 == 0 ? "second of " : "first of ") + name(number)
    }

    /// The text of each name that is there.
    static var current: [String: String] {
        var found: [String: String] = [:]
        for number in 0..<count { found[name(number)] = text(number) }
        return found
    }
}
