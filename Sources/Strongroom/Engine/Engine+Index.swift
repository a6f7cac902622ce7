import ArchiveFormat
import ArchiveIndex
import ArchiveSegments
import Logging
import SystemPackage

extension Engine {
    /// Brings an index into order whose writer did not end in order.
    ///
    /// What a checkpoint left unfinished is nobody's, but a verification would find it.
    func tidyIndex() throws(ArchiveError) {
        guard case .writer(let index) = index else { return }
        do {
            _ = try index.repairFreePages()
        } catch  where error.isHealedByRebuilding {
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
