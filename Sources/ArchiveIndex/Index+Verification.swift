internal import ArchiveFileIO

extension Index {
    /// Reads every page of the file and checks that the tree is whole and in order, and that what is
    /// free is harmless; see ``IndexInvariants``.
    ///
    /// Damage is reported, not thrown; what throws is a disk that cannot be read.
    package func verifyAllPages() throws(IndexError) -> IndexReport {
        let slots = try readSlots()
        var report = try IndexInvariants(pages, meta).check(slots)
        if !slots.slots.contains(.valid(meta)) { report.damages.append(.replaced) }
        return report
    }

    /// Clears what a crash left in parts of the file that nothing refers to: pages of a checkpoint
    /// that did not end, a meta slot that was being written, bytes behind the last page.
    ///
    /// Durable when it returns; the numbers of the cleared pages.
    ///
    /// To be called after an unclean shutdown, before the first checkpoint. A version that a reader
    /// still has is never touched: its pages are whole.
    package func repairFreePages() throws(IndexError) -> [UInt64] {
        try requireSound()
        let slots = try readSlots()
        // With no whole slot left there would be nothing to hold on to; keep what there is.
        guard slots.slots.contains(.valid(meta)) else {
            throw .damaged(place.path, finding: "the file was changed by another writer")
        }
        let damaged = try IndexInvariants(pages, meta).damagedFreePages()
        let end = pages.geometry.offset(of: meta.pageEnd)
        do throws(SystemError) {
            let zeros = [UInt8](repeating: 0, count: pages.geometry.pageByteCount)
            for number in damaged where number < meta.pageEnd {
                try pages.file.write(zeros, at: pages.geometry.offset(of: number))
            }
            let slot = [UInt8](repeating: 0, count: PageGeometry.metaSlotByteCount)
            for index in slots.damaged {
                try pages.file.write(slot, at: UInt64(index * PageGeometry.metaSlotByteCount))
            }
            let first = pages.geometry.offset(of: pages.geometry.firstPage)
            let gap = Int(first) - PageGeometry.metaByteCount
            try pages.file.write(
                [UInt8](repeating: 0, count: gap),
                at: UInt64(PageGeometry.metaByteCount)
            )
            if try pages.file.byteCount() != end { try pages.file.resize(to: end) }
            try pages.file.synchronize()
        } catch {
            throw poisoned(by: error)
        }
        return damaged
    }
}
