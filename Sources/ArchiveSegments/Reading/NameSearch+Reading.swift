import ArchiveFileIO
import ArchiveFormat
import Synchronization

extension NameSearch {
    /// What the directories of one segment say.
    struct Listed: Sendable {
        var records: [DirectoryRecord] = []
        var chunks: [DirectoryChunk] = []
        /// What did not open may be of a collection that an older segment makes known.
        var isUnclear = false
    }

    /// What segments, the newest first, say; with `mayStop` no more of them than up to the one that
    /// knows the name, if all until there is clear.
    func read(
        _ segments: [SealedSegment],
        mayBeUnclear: Bool,
        mayStop: Bool = false
    ) throws(LogError) -> [Listed] {
        let (keys, wanted) = (keys, wanted)
        let places = segments.indices.flatMap { index in
            segments[index].seal.directories.map { (index: index, offset: $0) }
        }
        var listed = segments.map { _ in Listed() }
        var tallies = segments.map { ListedRecords(of: $0) }
        // Segments that need not be looked at any more; what is begun of them already is in vain.
        let end = Atomic(segments.count)
        let frames = (0..<Self.width).map { _ in FrameRoom() }
        var current = 0
        try WorkerTeam.inOrder(
            places,
            threadCount: Self.width,
            ahead: 4 * Self.width,
            { thread, place throws(LogError) -> Outcome in
                guard place.index < end.load(ordering: .relaxed) else {
                    return Outcome(index: place.index, part: .success(nil))
                }
                do throws(LogError) {
                    let part = try Self.search(
                        segments[place.index],
                        at: place.offset,
                        keys,
                        wanted,
                        frames[thread]
                    )
                    return Outcome(index: place.index, part: .success(part))
                } catch {
                    let isUnclear = mayBeUnclear && error.code == .corrupt
                    return Outcome(
                        index: place.index,
                        part: isUnclear ? .success(nil) : .failure(error)
                    )
                }
            },
            { (product: Outcome) throws(LogError) in
                let index = product.index
                if index > current {
                    let before = listed[current..<index]
                    let isFound = before.contains { $0.records.contains(where: isWanted) }
                    if mayStop, isFound, !listed[..<index].contains(where: \.isUnclear) {
                        end.store(index, ordering: .relaxed)
                    }
                    current = index
                }
                guard index < end.load(ordering: .relaxed) else { return }
                guard let part = try product.part.get(),
                    !mayBeUnclear || part.erasedCount == 0
                else {
                    listed[index].isUnclear = true
                    return
                }
                listed[index].records += part.records
                listed[index].chunks += part.chunks
                tallies[index].add(part.sum, erasedCount: part.erasedCount)
            }
        )
        let known = listed.prefix(end.load(ordering: .relaxed))
        for (tally, found) in zip(tallies, known) where !found.isUnclear {
            try tally.requireAll()
        }
        return Array(known)
    }

    /// What one directory says.
    private struct Part: Sendable {
        var records: [DirectoryRecord] = []
        var chunks: [DirectoryChunk] = []
        var sum = SequenceSum()
        var erasedCount = 0
    }

    /// What came of looking into a directory of a segment; nil if it is not to be understood yet.
    private struct Outcome: Sendable {
        let index: Int
        let part: Result<Part?, LogError>
    }

    /// A thread's room for a frame: taking so much memory anew for each would cost as much as filling it.
    private final class FrameRoom: Sendable {
        private let bytes = Mutex<[UInt8]>([])

        func take() -> [UInt8] {
            bytes.withLock { bytes in
                var taken: [UInt8] = []
                swap(&taken, &bytes)
                return taken
            }
        }

        func giveBack(_ frame: consuming [UInt8]) {
            let frame = consume frame
            bytes.withLock { $0 = frame }
        }
    }

    private static func search(
        _ segment: SealedSegment,
        at offset: UInt64,
        _ keys: any LogKeys,
        _ wanted: DirectoryBlock.Wanted,
        _ room: FrameRoom
    ) throws(LogError) -> Part {
        let number = segment.header.number
        var frame = room.take()
        defer { room.giveBack(frame) }
        let header = try DirectoryFrame.read(segment, at: offset, keys, into: &frame)
        var part = Part()
        part.erasedCount = try DirectoryFrame.forEachBlock(
            frame.span,
            header,
            keys,
            number,
            offset
        ) { plain throws(FormatError) in
            let block = try DirectoryBlock.search(plain, for: wanted)
            for collection in block.collections { keys.learn(collection: collection) }
            part.records += block.records
            part.chunks += block.chunks
            part.sum.add(block.sum)
        }
        return part
    }
}
