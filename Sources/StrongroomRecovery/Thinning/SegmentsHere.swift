import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Strongroom
import SystemPackage

/// Which sealed segments an archive's directory has, and of which it has only stubs.
struct SegmentsHere: Sendable {
    /// In order.
    let sealed: [SegmentNumber]
    /// Stubs, in order; of those that are there themselves as well, if thinning was stopped.
    let stubs: [SegmentNumber]

    /// The segments that only a vault has.
    var elsewhere: [SegmentNumber] { stubs.filter { !sealed.contains($0) } }

    static func read(
        _ layout: ArchiveLayout,
        on files: any FileSystem
    ) throws(RecoveryError) -> SegmentsHere {
        do {
            let names = try layout.segmentDirectory(files).names()
            let stubs = try files.names(in: layout.segments).map(\.string)
                .compactMap(SegmentStub.number)
            return SegmentsHere(
                sealed: names.filter(\.isSealed).map(\.number),
                stubs: stubs.sorted()
            )
        } catch {
            throw RecoveryError.wrapping(error, in: layout.segments.string)
        }
    }
}

/// Keeps two processes from moving the same segments in opposite directions.
enum ThinningLock {
    /// Held for as long as the file is open.
    static func take(
        _ layout: ArchiveLayout,
        on files: any FileSystem
    ) throws(RecoveryError) -> any File {
        do {
            let file = try files.open(layout.lock, .openOrCreate)
            guard try file.tryLock(byte: ArchiveLayout.thinningLockByte, exclusively: true) else {
                throw RecoveryError(
                    .locked,
                    "another process thins or restores \(layout.root.string); wait for it to end"
                )
            }
            return file
        } catch {
            throw RecoveryError.wrapping(error, in: layout.lock.string)
        }
    }
}
