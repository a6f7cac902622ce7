extension SFTPStore {
    /// A name of 200 bytes has at most 100 parts.
    private static let depthLimit = ObjectName.byteLimit / 2
    /// About 1 GB of names: whoever has more objects splits the vault.
    private static let objectLimit = 10_000_000

    /// All objects whose names begin with `prefix`; see ``ObjectStore``.
    public func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        try await perform("list") { [self] connection, _ in
            try requireVault("list", connection)
            return try collect(prefix, connection)
        }
    }

    private func collect(
        _ prefix: String,
        _ connection: SFTPConnection
    ) throws -> [ObjectStatus] {
        // The prefix's whole parts name the directory to begin in.
        let parts = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let start = parts.joined(separator: "/")
        guard start.isEmpty ? !prefix.hasPrefix("/") : ObjectName.isValid(start) else { return [] }
        var found: [ObjectStatus] = []
        var next = [(text: start, depth: parts.count)]
        while let (text, depth) = next.popLast() {
            guard depth <= Self.depthLimit else { continue }
            for (child, attributes) in try children(of: text, connection) {
                guard child.hasPrefix(prefix) || prefix.hasPrefix(child + "/") else { continue }
                if attributes.isDirectory { next.append((child, depth + 1)) }
                guard attributes.isFile, child.hasPrefix(prefix), let name = try? ObjectName(child)
                else { continue }
                found.append(attributes.status(of: name))
            }
            guard found.count <= Self.objectLimit else {
                throw VaultError(
                    .failed,
                    "cannot list \(place): it has more than \(Self.objectLimit) objects"
                )
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// What a directory holds under possible names; nothing if it is none.
    private func children(
        of text: String,
        _ connection: SFTPConnection
    ) throws -> [(String, SFTPAttributes)] {
        let directory = text.isEmpty ? path : path + "/" + text
        do throws(SFTPFailure) {
            return try connection.names(in: directory)
                .map { (text.isEmpty ? $0.name : text + "/" + $0.name, $0.1) }
                .filter { ObjectName.isValid($0.0) }
        } catch {
            // Removed since it was listed, or a file.
            guard error.isCode(SFTPFailure.noSuchFile) else { throw error }
            return []
        }
    }
}
