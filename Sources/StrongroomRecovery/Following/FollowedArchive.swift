import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import StrongroomVaults
import SystemPackage

/// What following reads of an archive, without a key.
///
/// Its calls block.
struct FollowedArchive: Sendable {
    let document: ArchiveDocument
    /// The last segment that a snapshot lists.
    let covered: SegmentNumber
    private let directory: SegmentDirectory

    init(_ path: FilePath, on files: any FileSystem) throws(RecoveryError) {
        let local = try LocalArchive.read(path, on: files)
        document = local.document
        covered = local.snapshots.last?.manifest.segments.last?.number ?? SegmentNumber(0)
        directory = ArchiveLayout(path).segmentDirectory(files)
    }

    var tail: ActiveTail { ActiveTail(directory, archiveID: document.archiveID) }

    /// The names of snapshots and sealed segments, and the state of the keyring.
    static func look(_ path: FilePath, on files: any FileSystem) throws(RecoveryError) -> [String] {
        let layout = ArchiveLayout(path)
        do {
            let keyring = try files.status(of: layout.keyring)
            let sealed = try sealed(path, on: files).map(\.stem)
            return try files.names(in: layout.snapshots).map(\.string) + sealed
                + ["\(keyring?.modified ?? 0) \(keyring?.byteCount ?? 0)"]
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }

    /// The sealed segments, in order.
    static func sealed(
        _ path: FilePath,
        on files: any FileSystem
    ) throws(RecoveryError) -> [SegmentNumber] {
        do throws(LogError) {
            let directory = ArchiveLayout(path).segmentDirectory(files)
            return try directory.names().filter(\.isSealed).map(\.number)
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }

    /// Refuses a part in the vault that is not a piece of the archive's own segment.
    func require(_ part: SegmentPart) throws(RecoveryError) {
        do {
            for isSealed in [true, false] {
                let path = directory.path(.init(part.segment, isSealed: isSealed))
                guard try directory.fileSystem.status(of: path) != nil else { continue }
                let file = try directory.fileSystem.open(path, .read)
                guard try file.byteCount() >= part.end else { continue }
                let source = FileRangeSource(
                    file: file,
                    start: part.start,
                    byteCount: part.byteCount
                )
                if SegmentPart.digest(try source.sha256()) == part.digest { return }
            }
        } catch {
            throw RecoveryError.wrapping(error, in: part.text)
        }
        throw RecoveryError(
            .conflict,
            "the vault has \(part.text), which is not what the archive has: the archive was put back "
                + "to an older state, or went on in two places; recover what the vault has, or ship "
                + "this one to a vault of its own"
        )
    }

    /// A sealed segment that no snapshot lists, proved whole, and its SHA-256.
    static func source(
        of number: SegmentNumber,
        _ document: ArchiveDocument,
        _ path: FilePath,
        on files: any FileSystem
    ) throws(RecoveryError) -> (FileSource, Digest) {
        do {
            let segment = try SealedSegment.open(
                ArchiveLayout(path).segmentDirectory(files),
                number,
                archiveID: document.archiveID,
                publicKey: document.publicKey
            )
            guard SegmentDamage(seal: segment).ranges(of: segment.file).isEmpty else {
                throw RecoveryError(
                    .integrity,
                    "segment \(number.value) of \(path.string) is damaged; run `strongroom verify`"
                )
            }
            return (try FileSource(segment.file), try Engine.sha256(of: segment.file))
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }
}
