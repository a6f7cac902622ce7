package import ArchiveFileIO
public import Strongroom
import SystemPackage

/// What an export did.
public struct ExportSummary: Equatable, Sendable {
    /// Files that were written, each proved equal to what was imported.
    public var files = 0
    /// Their bytes.
    public var bytes: UInt64 = 0
    /// Files that could not be written, with the reason.
    public var failures: [ImportNotice] = []
    /// Whether the export was cancelled.
    public var isInterrupted = false

    /// An export that has done nothing yet.
    public init() {}
}

/// Gives back every source file that was imported, byte for byte, under its relative path.
public struct Exporter: Sendable {
    private let archive: Archive
    private let system: any FileSystem

    /// An exporter of an open archive.
    public init(from archive: Archive) { self.init(from: archive, system: PosixFileSystem()) }

    package init(from archive: Archive, system: any FileSystem) {
        self.archive = archive
        self.system = system
    }

    /// Writes the source files as the archive has them at `moment` below `directory`.
    ///
    /// A file that exists is not touched and counts as a failure. Each file's digest is compared with
    /// that of the file imported; one that cannot be put together is not left there in part.
    public func run(
        to directory: String,
        at moment: Archive.Moment = .now,
        progress: (@Sendable (ExportSummary) -> Void)? = nil
    ) async throws(ArchiveError) -> ExportSummary {
        let view = try await archive.view(at: moment)
        let target = FilePath(directory)
        let system = system
        let sources = try await archive.read { _ throws(ArchiveError) in
            try SourceExport.prepare(target, in: system)
            return try SourceExport.sources(in: view)
        }
        var summary = ExportSummary()
        for source in sources {
            if Task.isCancelled {
                summary.isInterrupted = true
                break
            }
            let result = try await archive.read { _ throws(ArchiveError) in
                SourceExport(view, target, system).write(source)
            }
            switch result {
            case .success(let byteCount):
                summary.files += 1
                summary.bytes += byteCount
            case .failure(let error):
                summary.failures.append(
                    ImportNotice(path: source.name, line: 0, reason: error.message)
                )
            }
            progress?(summary)
        }
        return summary
    }
}
