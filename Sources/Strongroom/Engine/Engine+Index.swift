import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Logging
import SystemPackage

extension Engine {
    /// So much of an index is read at every opening, some hundredths of a second.
    private static let checkedByteCount: UInt64 = 4 << 20
    /// After an unclean end, when damage is likeliest, it may take a second.
    private static let checkedByteCountAfterCrash: UInt64 = 256 << 20

    /// Brings an index into order whose writer did not end in order, and makes one anew that a page of
    /// is damaged.
    ///
    /// What a checkpoint left unfinished is nobody's, but a verification would find it. A larger index
    /// is not read as a whole: what is damaged in it shows when it is used.
    func tidyIndex(wasClosed: Bool) throws(ArchiveError) {
        guard case .writer(let index) = index else { return }
        let limit = wasClosed ? Self.checkedByteCount : Self.checkedByteCountAfterCrash
        do {
            if !wasClosed { _ = try index.repairFreePages() }
            guard index.byteCount <= limit else { return }
            // A page that cannot be read at all is no reason to refuse the log.
            let report = try? index.verifyAllPages()
            if report?.isSound == false { try remakeIndex() }
        } catch let error as IndexError where error.isHealedByRebuilding {
            try remakeIndex()
        } catch {
            throw ArchiveError.wrapping(error, in: layout.index.string)
        }
    }

    /// Makes the index anew from the log, which has all that it holds.
    ///
    /// Readers of the old one keep its file open.
    func remakeIndex() throws(ArchiveError) {
        let rebuilt = try indexOpening.rebuild()
        do { view = try rebuilt.view() } catch { throw ArchiveError(error) }
        index = .writer(rebuilt)
        memory = MemoryTable()
        mustRemakeIndex = false
        covered = end
        uncoveredByteCount = 0
        indexWasRebuilt = true
        publish()
    }

    /// Tells the logger what opening had to mend.
    func logOpening() {
        guard let logger = configuration.logger else { return }
        let archive = "\(document.archiveID.hex)"
        if let segment = recovery.closedSegment {
            logger.notice(
                "closed a segment after an unclean end",
                metadata: ["archive": "\(archive)", "segment": "\(segment.value)"]
            )
        }
        if recovery.quarantinedByteCount > 0 {
            logger.warning(
                "set aside a batch that was never acknowledged",
                metadata: [
                    "archive": "\(archive)", "bytes": "\(recovery.quarantinedByteCount)",
                ]
            )
        }
        if indexWasRebuilt {
            logger.notice("made the index anew from the log", metadata: ["archive": "\(archive)"])
        }
    }
}
