import ArchiveFileIO
import SystemPackage

/// A file to be imported.
struct SourceFile: Sendable {
    /// Where it is.
    let path: FilePath
    /// Its path relative to what the caller named; a file named itself has its own name.
    let relative: [UInt8]
    /// The folder that it was found below, by device and number: two folders may have files of the
    /// same names, and one folder may be named in several ways.
    let origin: String
    /// The last name of that folder's path, to tell its files from another folder's.
    let folderName: [UInt8]
    let byteCount: UInt64
}

/// Finds the files to be imported, in the order of their names.
struct SourceList {
    /// Folders in folders that are followed: file systems allow paths of some 2,000 levels, and each
    /// level here takes a call on the stack.
    static let depthLimit = 200

    private(set) var files: [SourceFile] = []
    private(set) var failures: [ImportNotice] = []
    private let system: any FileSystem

    init(_ paths: [FilePath], in system: any FileSystem) {
        self.system = system
        for path in paths { add(named: path) }
    }

    /// Links are followed where the caller names them, and nowhere else: a link in a folder may lead
    /// back into it.
    private mutating func add(named path: FilePath) {
        do throws(SystemError) {
            guard let status = try system.status(of: path) else {
                throw SystemError(.open, path, .noSuchFileOrDirectory)
            }
            if status.kind == .directory || status.kind == .symbolicLink && isFolder(path) {
                return try addFolder(path, [], try origin(path), depth: 0)
            }
            let file = try system.open(path, .read)
            let folder = try origin(path.directory)
            files.append(
                SourceFile(
                    path: path,
                    relative: path.lastComponent?.bytes ?? path.bytes,
                    origin: folder.id,
                    folderName: folder.name,
                    byteCount: try file.byteCount()
                )
            )
            try file.close()
        } catch {
            fail(path.bytes, error.description)
        }
    }

    private func isFolder(_ path: FilePath) -> Bool {
        (try? system.names(in: path)) != nil
    }

    private typealias Origin = (id: String, name: [UInt8])

    private func origin(_ folder: FilePath) throws(SystemError) -> Origin {
        let name = folder.lexicallyNormalized().lastComponent
        let isNamed = name?.kind == .regular
        let status = try system.status(of: folder)
        let id = "\(status?.device ?? 0):\(status?.inode ?? 0)"
        return (id, isNamed ? name?.bytes ?? [] : Array("import".utf8))
    }

    private mutating func addFolder(
        _ path: FilePath,
        _ relative: [UInt8],
        _ origin: Origin,
        depth: Int
    ) throws(SystemError) {
        for name in try system.names(in: path) {
            let inner = path.appending(name)
            let innerRelative =
                relative + (relative.isEmpty ? [] : [UInt8(ascii: "/")]) + name.bytes
            do throws(SystemError) {
                guard let status = try system.status(of: inner) else { continue }
                switch status.kind {
                case .file:
                    files.append(
                        SourceFile(
                            path: inner,
                            relative: innerRelative,
                            origin: origin.id,
                            folderName: origin.name,
                            byteCount: status.byteCount
                        )
                    )
                case .directory where depth < Self.depthLimit:
                    try addFolder(inner, innerRelative, origin, depth: depth + 1)
                case .directory:
                    fail(innerRelative, "folders nested deeper than the import follows")
                case .symbolicLink: fail(innerRelative, "a link, which is not followed")
                case .other: fail(innerRelative, "neither a file nor a folder")
                }
            } catch {
                fail(innerRelative, error.description)
            }
        }
    }

    private mutating func fail(_ path: [UInt8], _ reason: String) {
        failures.append(ImportNotice(path: SourceName.text(of: path), line: 0, reason: reason))
    }
}
