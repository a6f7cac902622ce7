internal import ArchiveBytes
internal import ArchiveFileIO
internal import ArchiveSealing
internal import SystemPackage

/// Reads and judges the two meta slots of an index file.
struct MetaSlots {
    let slots: [MetaSlot]

    init(
        reading file: any File,
        archive: [UInt8],
        _ authenticator: HMACSHA256
    ) throws(SystemError) {
        var slots: [MetaSlot] = []
        for index in 0..<2 {
            let offset = UInt64(index * PageGeometry.metaSlotByteCount)
            let bytes = try file.read(at: offset, byteCount: PageGeometry.metaSlotByteCount)
            slots.append(MetaSlot(bytes.span, archive: archive, authenticator))
        }
        self.slots = slots
    }

    /// The meta of the last checkpoint.
    ///
    /// Slots that are empty or cannot be believed do not count, whatever transaction they claim: a
    /// checkpoint that was cut off leaves one.
    func newest(in path: FilePath) throws(IndexError) -> IndexMeta {
        var newest: IndexMeta?
        for case .valid(let meta) in slots where meta.transaction > newest?.transaction ?? 0 {
            newest = meta
        }
        if let newest { return newest }
        for case .newer(let version) in slots { throw .newerFormat(path, version: version) }
        if slots.contains(.foreign) { throw .foreign(path) }
        for case .older(let version) in slots {
            throw .damaged(path, finding: "its format \(version) is one of an earlier program")
        }
        throw .damaged(path, finding: "neither of its two meta slots is whole")
    }

    /// The slots that hold something that is no meta of this index.
    var damaged: [Int] {
        slots.indices.filter { index in
            switch slots[index] {
            case .empty, .valid: false
            case .foreign, .newer, .older, .damaged: true
            }
        }
    }
}
