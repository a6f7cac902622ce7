import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Strongroom
import SystemPackage

/// Puts one source file together from its records.
struct SourceExport {
    private let view: ArchiveView
    private let directory: FilePath
    private let system: any FileSystem

    init(_ view: ArchiveView, _ directory: FilePath, _ system: any FileSystem) {
        self.view = view
        self.directory = directory
        self.system = system
    }

    /// The lists of all source files, in the order of their names.
    static func sources(in view: ArchiveView) throws(ArchiveError) -> [Record] {
        var query = RecordQuery()
        query.collection = SourceManifest.collection
        var found: [Record] = []
        try view.forEach(query) { record in
            found.append(record)
            return true
        }
        return found
    }

    /// Makes the directory that is exported to, and those above it.
    static func prepare(
        _ directory: FilePath,
        in system: any FileSystem
    ) throws(ArchiveError) {
        do throws(SystemError) {
            try system.makeDirectories(directory)
        } catch {
            throw ArchiveError(error)
        }
    }

    /// Writes the file of one list; the number of its bytes.
    func write(_ source: Record) -> Result<UInt64, ArchiveError> {
        do throws(ArchiveError) {
            let path = try target(of: source)
            let body = try view.body(of: source)
            guard let manifest = SourceManifest(decoding: body) else {
                throw ArchiveError(
                    .corrupt,
                    "record \(source.sequence) is no list of a source file; `strongroom verify` tells "
                        + "what else is damaged"
                )
            }
            return .success(try write(manifest, source, to: path))
        } catch {
            return .failure(error)
        }
    }

    /// The path to write to; nothing that could lead out of the directory is accepted.
    private func target(of source: Record) throws(ArchiveError) -> FilePath {
        let bytes = source.source?.path ?? Array(source.name.utf8)
        var path = directory
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = FilePath.Component(bytes: Array(part)), name.kind == .regular else {
                throw ArchiveError(
                    .invalid,
                    "the path of source \(source.sequence) leads out of its folder"
                )
            }
            path.append(name)
        }
        return path
    }

    private func write(
        _ manifest: SourceManifest,
        _ source: Record,
        to path: FilePath
    ) throws(ArchiveError) -> UInt64 {
        do {
            try system.makeDirectories(path.directory)
            let file = try system.open(path, .createNew)
            do {
                let output = SourceOutput(file)
                for part in manifest.parts { try write(part, to: output) }
                try output.finish()
                try check(output, source)
                try file.synchronizeData()
                try file.close()
                return output.byteCount
            } catch {
                try? system.remove(path)
                throw error
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    private func write(_ part: SourceManifest.Part, to output: SourceOutput) throws {
        switch part {
        case .literal(let bytes): try output.append(bytes)
        case .records(let run):
            let found = try view.forEach(
                from: run.sequence,
                recorded: run.recorded,
                count: run.count
            ) { record, body in
                if UInt64(body.count) == record.byteCount {
                    try output.append(body)
                } else {
                    try view.forEachPiece(of: record) { try output.append(Array($0)) }
                }
                try output.append(run.terminator)
            }
            guard found == run.count else {
                throw ArchiveError(
                    .noRecord,
                    "\(run.count - found) of the file's records are no longer in the archive; it "
                        + "cannot be put together"
                )
            }
        }
    }

    private func check(_ output: SourceOutput, _ source: Record) throws(ArchiveError) {
        guard source.attribute("sha256") == output.digest.hex else {
            throw ArchiveError(
                .corrupt,
                "the file put together is not the one that was imported; run `strongroom verify`"
            )
        }
    }
}

/// Writes a file from front to back and hashes what it writes.
final class SourceOutput {
    private let file: any File
    private var buffer: [UInt8] = []
    private let hasher = SHA256()
    private(set) var byteCount: UInt64 = 0
    private(set) var digest = Digest.zero

    /// Bytes that are written at a time.
    private static let blockByteCount = 1 << 20

    init(_ file: any File) { self.file = file }

    func append(_ bytes: [UInt8]) throws(SystemError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.blockByteCount { try flush() }
    }

    func finish() throws(SystemError) {
        try flush()
        digest = hasher.finish()
    }

    private func flush() throws(SystemError) {
        // The buffer is local while spans of it are lent.
        var block: [UInt8] = []
        swap(&block, &buffer)
        try file.write(block.span, at: byteCount)
        hasher.update(block.span)
        byteCount += UInt64(block.count)
        block.removeAll(keepingCapacity: true)
        swap(&block, &buffer)
    }
}
