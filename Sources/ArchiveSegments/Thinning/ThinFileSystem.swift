package import ArchiveFileIO
package import ArchiveFormat
import Synchronization
package import SystemPackage

/// Where the segments are that an archive has only stubs of.
package protocol SegmentSource: Sendable {
    /// Opens a segment that must be `byteCount` bytes long; `path` is where it would be, for messages.
    func open(
        _ segment: SegmentNumber,
        byteCount: UInt64,
        path: FilePath
    ) throws(SystemError) -> any File
}

/// An archive's directory, with the segments that live in a vault seen as if they were there.
///
/// Of each of those a stub is there; see ``SegmentStub``. A segment that is there itself is read from
/// there, whether or not it has a stub, so that it may go or come back at any moment while the archive
/// is open.
/// Nothing is remembered, and an archive without stubs is read as it would be without this.
package struct ThinFileSystem: FileSystem {
    private let local: any FileSystem
    private let segments: FilePath
    private let source: (any SegmentSource)?

    /// Looks at the archive whose directory of segments is `segments`.
    ///
    /// Without a source the ends of segments can be read, and
    /// nothing between them.
    package init(_ local: any FileSystem, segments: FilePath, source: (any SegmentSource)? = nil) {
        self.local = local
        self.segments = segments
        self.source = source
    }

    /// The segments that are not there themselves, in order, each with its length.
    package func elsewhere() throws(SystemError) -> [(number: SegmentNumber, byteCount: UInt64)] {
        let names: [String]
        do {
            names = try local.names(in: segments).map(\.string)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return []
        }
        let whole = Set(names)
        var found: [(number: SegmentNumber, byteCount: UInt64)] = []
        for number in names.compactMap(SegmentStub.number)
        where !whole.contains(number.stem + ".seg") {
            guard let rest = try rest(of: number) else { continue }
            found.append((number, rest.byteCount))
        }
        return found
    }

    // MARK: Reading

    package func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File {
        guard let number = segment(path), case .read = access else {
            return try local.open(path, access)
        }
        // Between the first two it may have come back, and its stub have gone.
        for isLast in [false, true] {
            do {
                return try local.open(path, access)
            } catch {
                guard error.errno == .noSuchFileOrDirectory, !isLast else { throw error }
            }
            switch try rest(of: number) {
            case .stub(let stub):
                return StubbedSegment(stub, path: path, elsewhere: opening(number, stub, path))
            // Whoever reads it finds that it is no segment: damage, and no failure of the disk.
            case .damaged(let stub, _): return try local.open(stub, .read)
            case nil: continue
            }
        }
        throw SystemError(.open, path, .noSuchFileOrDirectory)
    }

    /// Opens the rest of a segment when it is wanted first, and never twice at a time.
    private func opening(
        _ number: SegmentNumber,
        _ stub: SegmentStub,
        _ path: FilePath
    ) -> @Sendable () throws(SystemError) -> any File {
        let opened = Opened()
        return { [source] () throws(SystemError) in
            guard let source else {
                throw SystemError(
                    .read,
                    path,
                    .tooManyRemoteLevels,
                    detail: "the segment lives in a vault, which thin.json names, and no way to it "
                        + "was given"
                )
            }
            return try opened.file.withLock { file throws(SystemError) in
                if let file { return file }
                let new = try source.open(number, byteCount: stub.byteCount, path: path)
                file = new
                return new
            }
        }
    }

    private final class Opened: Sendable {
        let file = Mutex<(any File)?>(nil)
    }

    package func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        let names = try local.names(in: path)
        guard path == segments else { return names }
        let stubs = names.compactMap { name in
            SegmentStub.number(name.string).flatMap { FilePath.Component($0.stem + ".seg") }
        }
        guard !stubs.isEmpty else { return names }
        let rest = names.filter { SegmentStub.number($0.string) == nil }
        return Set(rest + stubs).sorted { $0.string < $1.string }
    }

    package func status(of path: FilePath) throws(SystemError) -> FileStatus? {
        if let status = try local.status(of: path) { return status }
        guard let number = segment(path), let rest = try rest(of: number) else { return nil }
        return FileStatus(kind: .file, byteCount: rest.byteCount, device: 0, inode: 0, modified: 0)
    }

    package func identity(of path: FilePath) throws(SystemError) -> FileIdentity? {
        try local.identity(of: path)
    }

    /// The sealed segment that a path names.
    private func segment(_ path: FilePath) -> SegmentNumber? {
        guard let name = path.lastComponent?.string, name.hasSuffix(".seg"),
            path.directory == segments
        else { return nil }
        return SegmentNumber(stem: String(name.dropLast(4)))
    }

    /// What is there of a segment that is not there itself.
    private enum Rest {
        case stub(SegmentStub)
        /// A stub that was cut or damaged, as it is.
        case damaged(FilePath, byteCount: UInt64)

        var byteCount: UInt64 {
            switch self {
            case .stub(let stub): stub.byteCount
            case .damaged(_, let byteCount): byteCount
            }
        }
    }

    private func rest(of number: SegmentNumber) throws(SystemError) -> Rest? {
        let path = SegmentStub.path(of: number, in: segments)
        let bytes: [UInt8]
        do {
            bytes = try local.readAll(path, limit: SegmentStub.byteCountLimit)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
        guard let stub = try? SegmentStub(decoding: bytes) else {
            return .damaged(path, byteCount: UInt64(bytes.count))
        }
        return .stub(stub)
    }

    package func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64 {
        try local.availableByteCount(at: path)
    }

    // MARK: Changes, of what is there

    package func rename(_ source: FilePath, to target: FilePath) throws(SystemError) {
        try local.rename(source, to: target)
    }

    package func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError) {
        try local.rename(source, toNew: target)
    }

    package func remove(_ path: FilePath) throws(SystemError) { try local.remove(path) }

    package func makeDirectory(_ path: FilePath) throws(SystemError) {
        try local.makeDirectory(path)
    }

    package func removeDirectory(_ path: FilePath) throws(SystemError) {
        try local.removeDirectory(path)
    }

    package func synchronizeDirectory(_ path: FilePath) throws(SystemError) {
        try local.synchronizeDirectory(path)
    }
}
