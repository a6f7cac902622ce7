/// What was promised to who put records, by collection and name.
struct LifeModel: Equatable, Sendable {
    typealias Batch = [String: [UInt8]?]

    /// The bodies of all current records that were acknowledged.
    var acknowledged: [String: [UInt8]] = [:]
    /// The batch that was begun and of which nobody knows: all of it may be there, or nothing.
    var uncertain: Batch?
    var snapshots: Set<String> = []

    /// Everything with the uncertain batch.
    var withUncertain: [String: [UInt8]] {
        var all = acknowledged
        for (name, body) in uncertain ?? [:] { all[name] = body }
        return all
    }

    mutating func acknowledge(_ batch: Batch) {
        for (name, body) in batch { acknowledged[name] = body }
    }

    /// Takes what was found after reopening for what there is; false if it breaks a promise.
    mutating func settle(_ found: [String: [UInt8]]) -> Bool {
        guard found == acknowledged || found == withUncertain else { return false }
        acknowledged = found
        uncertain = nil
        return true
    }
}

/// A promise that was broken.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
