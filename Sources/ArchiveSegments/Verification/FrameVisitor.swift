package import ArchiveFormat
package import ArchiveSealing

/// A pack whose record versions have all opened.
package struct OpenedPack: Sendable {
    /// The plaintext that the fields stand in.
    package let pack: Pack
    /// What the entries say, slot by slot; there may be more of them than the pack has slots.
    package let fields: [EntryFields]
    package let segment: SegmentNumber
    package let frameOffset: UInt64

    init(_ pack: Pack, _ fields: [EntryFields], segment: SegmentNumber, frameOffset: UInt64) {
        self.pack = pack
        self.fields = fields
        self.segment = segment
        self.frameOffset = frameOffset
    }

    /// A pack that is opened by itself.
    package init(
        _ pack: Pack,
        segment: SegmentNumber,
        frameOffset: UInt64
    ) throws(FormatError) {
        var fields = [EntryFields](repeating: EntryFields(), count: pack.slots.count)
        let common = try EntryFields(commonTo: pack)
        for slot in pack.slots.indices { try fields[slot].read(slot, of: pack, beyond: common) }
        self.init(pack, fields, segment: segment, frameOffset: frameOffset)
    }

    /// The entries of those whose bodies are in chunks; all have been checked.
    package var chunkedEntries: [RecordEntry] {
        pack.slots.indices.compactMap { fields[$0].isInline ? nil : try? pack.entry($0) }
    }

    /// What the directory has to list of them.
    package var records: [DirectoryRecord] {
        var records: [DirectoryRecord] = []
        for slot in pack.slots.indices {
            records.append(
                DirectoryRecord(
                    fields[slot],
                    in: pack.bytes.span,
                    frameOffset: frameOffset,
                    slot: slot
                )
            )
        }
        return records
    }
}

/// Hears of each pack that opened, from several threads at a time and in no order.
package typealias PackVisitor = @Sendable (OpenedPack) -> Void

/// Hears of everything in frames that opened, from several threads at a time and in no order.
package struct FrameVisitor: Sendable {
    package var pack: PackVisitor?
    /// A chunk's content id and place.
    package var chunk: (@Sendable (Digest, SegmentNumber, UInt64) -> Void)?
    /// What a directory lists, whether its pack opened or not.
    package var listed: (@Sendable (DirectoryRecord, SegmentNumber) -> Void)?

    package init(pack: PackVisitor? = nil) { self.pack = pack }
}
