import ArchiveBytes

extension Duration {
    /// The duration in seconds, for people.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// The duration in whole microseconds, for programs.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

extension JSONObject {
    /// Counts by name, in the order of the names.
    static func counts(_ counts: [String: Int]) -> JSONObject {
        var object = JSONObject()
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { object[name] = .count(count) }
        return object
    }
}
