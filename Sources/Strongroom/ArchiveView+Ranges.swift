import ArchiveFormat

extension ArchiveView {
    /// Part of the body: the bytes of `range`, which must lie within it.
    ///
    /// Only the chunks that hold them are read, so it costs the same anywhere in a body of any length.
    /// Every chunk is authenticated; the digest of the whole is not checked.
    public func body(
        of record: Record,
        in range: Range<UInt64>
    ) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(min(UInt64(range.count), 64 << 20)))
        try forEachPiece(of: record, in: range) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The same, handed over in order, in pieces of at most 8 MiB.
    public func forEachPiece(
        of record: Record,
        in range: Range<UInt64>,
        _ body: (ArraySlice<UInt8>) throws -> Void
    ) throws(ArchiveError) {
        guard range.upperBound <= record.byteCount else {
            throw ArchiveError(
                .invalid,
                "bytes \(range.lowerBound)..<\(range.upperBound) of a record of \(record.byteCount)"
            )
        }
        guard !range.isEmpty else { return }
        do {
            var window = BodyWindow(range)
            switch record.entry.body {
            case .inline:
                let bytes = try self.body(of: record)
                if let part = window.next(bytes.count) { try body(bytes[part]) }
            case .chunks(let chunks):
                try forEachPiece(of: chunks, &window, body)
            case .chunkLists(let lists):
                for list in lists where !window.isAtEnd {
                    let chunks = try bytes(of: list).withContiguousSpan {
                        try ChunkList.decode($0)
                    }
                    try forEachPiece(of: chunks, &window, body)
                }
            }
            guard window.isAtEnd else {
                throw ArchiveError(.corrupt, "record \(record.sequence) is shorter than it says")
            }
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    private func forEachPiece(
        of chunks: [RecordEntry.Chunk],
        _ window: inout BodyWindow,
        _ body: (ArraySlice<UInt8>) throws -> Void
    ) throws {
        for chunk in chunks where !window.isAtEnd {
            guard let part = window.next(chunk.byteCount) else { continue }
            let bytes = try bytes(of: chunk)
            try body(
                bytes[(bytes.startIndex + part.lowerBound)..<(bytes.startIndex + part.upperBound)]
            )
        }
    }
}

/// A range of a body's bytes while its parts go by.
private struct BodyWindow {
    private let range: Range<UInt64>
    private var offset: UInt64 = 0

    init(_ range: Range<UInt64>) { self.range = range }

    /// Whether everything that is wanted has gone by.
    var isAtEnd: Bool { offset >= range.upperBound }

    /// What of the next part, of `byteCount` bytes, is wanted; nil if nothing is.
    mutating func next(_ byteCount: Int) -> Range<Int>? {
        let start = offset
        offset += UInt64(byteCount)
        let wanted = range.clamped(to: start..<offset)
        return wanted.isEmpty
            ? nil : Int(wanted.lowerBound - start)..<Int(wanted.upperBound - start)
    }
}
