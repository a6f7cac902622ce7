package import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Strongroom
import StrongroomVaults
public import SystemPackage

/// Whether the vaults of a thin archive still have the segments that live in them alone.
public struct ThinStanding: Sendable {
    private let path: FilePath
    private let files: any FileSystem
    private let reach: VaultReach

    /// Prepares to look; `vaults` finds the stores that the archive's `thin.json` names.
    public init(archiveAt path: FilePath, reaching vaults: @escaping VaultReach) {
        self.init(archiveAt: path, on: PosixFileSystem(), reaching: vaults)
    }

    package init(
        archiveAt path: FilePath,
        on files: any FileSystem,
        reaching vaults: @escaping VaultReach
    ) {
        self.path = path
        self.files = files
        reach = vaults
    }

    /// The segments that no vault has with their length; no segment is read.
    ///
    /// - Throws: if a vault does not answer and no other one has all.
    public func findings() async throws(RecoveryError) -> [VaultFinding] {
        let (path, files) = (path, files)
        let layout = ArchiveLayout(path)
        let (elsewhere, note) = try await LocalFiles.pool.run { () throws(RecoveryError) in
            do {
                let elsewhere = try layout.fileSystem(over: files).elsewhere()
                return (elsewhere, elsewhere.isEmpty ? nil : try ThinNote.read(layout, on: files))
            } catch {
                throw RecoveryError.wrapping(error, in: path.string)
            }
        }
        var rest: [SegmentNumber: UInt64] = [:]
        for segment in elsewhere { rest[segment.number] = segment.byteCount }
        var failure: RecoveryError?
        for name in note?.vaults ?? [] where !rest.isEmpty {
            do {
                let contents = try await VaultContents.read(try reach(name))
                rest = rest.filter { contents.objects[.segment($0)] != $1 }
            } catch {
                failure = RecoveryError.wrapping(error, in: name)
            }
        }
        if let failure, !rest.isEmpty { throw failure }
        return rest.keys.sorted().map {
            VaultFinding(.missing, .segment($0), "no vault that thin.json names has it whole")
        }
    }
}
