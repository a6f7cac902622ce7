import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Strongroom
import SystemPackage

/// Finds the name under which a file's list is kept in the collection `sources`.
///
/// It is the file's relative path. Two folders may have files of the same path, as every export of a
/// system has: if the archive has that path from another folder and with other bytes, the folder's own
/// name is put before it, so that both can be exported again.
struct SourceNaming {
    enum Name {
        /// Its name, and the path under which it is exported again.
        case new(String, path: [UInt8])
        /// The archive has the file, byte for byte.
        case unchanged(pieceCount: Int)
    }

    private let label: String
    private let system: any FileSystem
    private let cancellation: Cancellation
    private var used: Set<ExactText> = []

    init(label: String, in system: any FileSystem, _ cancellation: Cancellation) {
        self.label = label
        self.system = system
        self.cancellation = cancellation
    }

    mutating func name(
        of source: SourceFile,
        _ file: any File,
        in view: ArchiveView
    ) throws(ArchiveError) -> Result<Name, SystemError> {
        var digest: String?
        var attempt = 0
        while true {
            let path = candidate(source, attempt)
            let name = SourceName.text(of: path)
            attempt += 1
            guard !used.contains(ExactText(text: name)) else { continue }
            guard let known = try view.record(named: name, in: SourceManifest.collection) else {
                used.insert(ExactText(text: name))
                return .success(.new(name, path: path))
            }
            do throws(SystemError) {
                if digest == nil { digest = try self.digest(file) }
            } catch {
                return .failure(error)
            }
            if known.attribute("sha256") == digest {
                let pieces = known.attribute("pieces").flatMap(Int.init) ?? 0
                return .success(.unchanged(pieceCount: pieces))
            }
            if known.attribute("origin") == source.origin {
                used.insert(ExactText(text: name))
                return .success(.new(name, path: path))
            }
        }
    }

    /// The paths to try, in order: its own, with the folder before it, with a number besides.
    private func candidate(_ source: SourceFile, _ attempt: Int) -> [UInt8] {
        guard attempt > 0 else { return Array(label.utf8) + source.relative }
        let folder = source.folderName + (attempt > 1 ? Array("~\(attempt)".utf8) : [])
        return Array(label.utf8) + folder + [UInt8(ascii: "/")] + source.relative
    }

    private func digest(_ file: any File) throws(SystemError) -> String {
        let hasher = SHA256()
        var offset: UInt64 = 0
        while true {
            if cancellation.isCancelled { throw SystemError(.read, file.path, .canceled) }
            let bytes = try file.read(at: offset, byteCount: SourceWindow.blockByteCount)
            guard !bytes.isEmpty else { return hasher.finish().hex }
            hasher.update(bytes.span)
            offset += UInt64(bytes.count)
        }
    }
}
