import ArchiveFileIO
import SystemPackage

extension DirectoryStore {
    /// A name of 200 bytes has at most 100 parts.
    private static let depthLimit = ObjectName.byteLimit / 2
    /// About 1 GB of names: whoever has more objects splits the vault.
    private static let objectLimit = 10_000_000

    /// All objects whose names begin with a prefix, sorted.
    func collect(_ prefix: String) throws(VaultError) -> [ObjectStatus] {
        try requireVault("list", nil)
        var found: [ObjectStatus] = []
        // The prefix's whole parts name the directory to begin in.
        let parts = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let start = parts.joined(separator: "/")
        guard start.isEmpty || ObjectName.isValid(start) else { return [] }
        var next = [(text: start, depth: parts.count)]
        while let (text, depth) = next.popLast() {
            guard depth <= Self.depthLimit else { continue }
            for (child, status) in try children(of: text) {
                guard child.hasPrefix(prefix) || prefix.hasPrefix(child + "/") else { continue }
                switch status.kind {
                case .directory: next.append((child, depth + 1))
                case .file:
                    guard let name = try? ObjectName(child), child.hasPrefix(prefix) else {
                        continue
                    }
                    found.append(Self.described(name, status))
                case .symbolicLink, .other: continue
                }
            }
            guard found.count <= Self.objectLimit else {
                throw VaultError(
                    .failed,
                    "cannot list \(path.string): it has more than \(Self.objectLimit) objects"
                )
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// What a directory holds under possible names; nothing if it is none.
    private func children(of text: String) throws(VaultError) -> [(String, FileStatus)] {
        let directory = text.isEmpty ? path : path.appending(text)
        do {
            var children: [(String, FileStatus)] = []
            for name in try files.names(in: directory) {
                let child = text.isEmpty ? name.string : text + "/" + name.string
                // Not ours: names of other programs, and the temporary files of puts.
                guard ObjectName.isValid(child) else { continue }
                // Removed since it was listed.
                guard let status = try files.status(of: directory.appending(name)) else { continue }
                children.append((child, status))
            }
            return children
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
            return []
        } catch {
            throw failure("list", nil, error)
        }
    }
}
