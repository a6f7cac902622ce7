/// Finds the one snapshot that is meant: by its id, or by the beginning of it.
enum SnapshotName {
    /// The id among `ids` that `wanted` is or begins; nil if none is.
    ///
    /// - Throws: `invalid` if several begin so.
    static func find(
        _ wanted: String,
        among ids: [String]
    ) throws(RecoveryError) -> String? {
        if wanted.isEmpty { return nil }
        if ids.contains(wanted) { return wanted }
        let found = ids.filter { $0.hasPrefix(wanted) }
        guard found.count <= 1 else {
            throw RecoveryError(
                .invalid,
                "\(found.count) snapshots begin with \(wanted): "
                    + found.sorted().joined(separator: ", ") + "; write more of the id"
            )
        }
        return found.first
    }
}
