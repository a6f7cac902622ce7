/// What is done to the bytes of a file.
enum ByteHarm: CaseIterable, Sendable {
    case bit, zeroedSector, swappedSectors, cut

    /// All ways to spoil a file of so many bytes, or some of them, as far as they are this share's.
    func places(in byteCount: Int) -> [(offset: Int, bit: Int)] {
        let (number, count) = SpoiledPlaces.share
        return all(in: byteCount).enumerated().filter { $0.offset % count == number }
            .map(\.element)
    }

    private func all(in byteCount: Int) -> [(offset: Int, bit: Int)] {
        let step = SpoiledPlaces.isFull ? 1 : 7
        switch self {
        case .bit where SpoiledPlaces.isFull:
            return (0..<(byteCount * 8)).map { ($0 / 8, $0 % 8) }
        case .bit: return stride(from: 0, to: byteCount, by: 307).map { ($0, $0 % 8) }
        case .zeroedSector, .swappedSectors:
            return stride(from: 0, to: byteCount, by: 512 * step).map { ($0, 0) }
        case .cut:
            if SpoiledPlaces.isFull { return (0..<byteCount).map { ($0, 0) } }
            // Where a header or a slot ends, nothing is torn: only others know what is missing.
            let ends = [512, 4_096, 8_192].filter { $0 < byteCount && $0 % 1_901 != 0 }
            return (stride(from: 0, to: byteCount, by: 1_901) + ends).map { ($0, 0) }
        }
    }

    /// The spoiled bytes; nil if nothing differs.
    func apply(_ whole: [UInt8], at place: (offset: Int, bit: Int)) -> [UInt8]? {
        var bytes = whole
        let range = place.offset..<min(place.offset + 512, whole.count)
        switch self {
        case .bit: bytes[place.offset] ^= 1 << UInt8(place.bit)
        case .zeroedSector:
            bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
        case .swappedSectors:
            let next = range.upperBound..<min(range.upperBound + range.count, whole.count)
            guard next.count == range.count else { return nil }
            bytes.replaceSubrange(range, with: whole[next])
            bytes.replaceSubrange(next, with: whole[range])
        case .cut: bytes.removeLast(whole.count - place.offset)
        }
        return bytes == whole ? nil : bytes
    }
}
