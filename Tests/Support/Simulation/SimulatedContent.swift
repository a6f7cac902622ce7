import ArchiveBytes

/// One file's bytes, as the process sees them and as the disk holds them.
///
/// Between two synchronizations every sector of 512 bytes is on its own: the disk may hold its old
/// version, its newest, or any in between. So is the length.
struct SimulatedContent: Sendable {
    static let sectorByteCount = 512
    /// Overwritten versions kept of one unsynchronized sector; more would only repeat the pattern.
    private static let versionLimit = 4
    /// Lengths kept since the last synchronization.
    private static let lengthLimit = 16

    /// What reads return.
    private(set) var cached: [UInt8] = []
    /// What is on the disk for certain.
    private(set) var durable: [UInt8] = []
    /// The unsynchronized sectors, each with the versions that were overwritten meanwhile.
    private var dirty: [Int: [[UInt8]]] = [:]
    /// Lengths since the last synchronization, the newest last.
    private var lengths: [Int] = []
    /// Sectors whose disk blocks are new, so that a lost write may leave anything there.
    private var fresh: Set<Int> = []

    var isDirty: Bool { !dirty.isEmpty || !lengths.isEmpty }
    var dirtySectorCount: Int { dirty.count }

    init() {}

    init(durable bytes: [UInt8]) {
        cached = bytes
        durable = bytes
    }

    mutating func write(_ bytes: [UInt8], at offset: Int) {
        let end = offset + bytes.count
        touch(offset..<end, writing: bytes)
        if end > cached.count {
            fresh.formUnion(Self.sectors(max(offset, cached.count)..<end))
            extend(to: end)
        }
        Self.replace(offset..<end, of: &cached, with: bytes)
    }

    mutating func resize(to byteCount: Int) {
        guard byteCount != cached.count else { return }
        if byteCount < cached.count {
            touch(byteCount..<cached.count)
            cached.removeLast(cached.count - byteCount)
            note(length: byteCount)
        } else {
            extend(to: byteCount)
        }
    }

    /// Brings everything to the disk.
    mutating func synchronize() {
        if durable.count > cached.count { durable.removeLast(durable.count - cached.count) }
        durable.append(contentsOf: [UInt8](repeating: 0, count: cached.count - durable.count))
        for sector in dirty.keys {
            let range = Self.range(sector, in: cached)
            Self.replace(range, of: &durable, with: Array(cached[range]))
        }
        forgetPending()
    }

    /// Brings everything to the disk but one sector, as the mishap has it.
    mutating func synchronize(meetingWith mishap: SilentMishap) {
        var generator = SeededGenerator(seed: mishap.seed)
        let old = durable
        let sector = dirty.keys.sorted().randomElement(using: &generator)
        synchronize()
        guard let sector else { return }
        let range = Self.range(sector, in: durable)
        let new = Array(durable[range])
        Self.replace(
            range,
            of: &durable,
            with: Array(Self.bytes(of: sector, in: old)[..<range.count])
        )
        guard mishap.kind == .misdirected else { return }
        let target = Int.random(in: 0...durable.count / Self.sectorByteCount, using: &generator)
        let wrong = Self.range(target, in: durable)
        let count = min(wrong.count, new.count)
        Self.replace(
            wrong.lowerBound..<wrong.lowerBound + count,
            of: &durable,
            with: Array(new[..<count])
        )
    }

    /// What ext4 does when a synchronization fails: the pages count as written and are not.
    mutating func forgetPending() {
        dirty = [:]
        lengths = []
        fresh = []
    }

    /// What Btrfs does when a synchronization fails: the file is again what it was.
    mutating func revert() {
        cached = durable
        forgetPending()
    }

    /// The bytes after a power loss.
    func afterCrash(_ oracle: inout some CrashOracle) -> [UInt8] {
        let possibleLengths = [durable.count] + lengths
        let length = possibleLengths[oracle.pick(from: possibleLengths.count)]
        var bytes = Array(durable.prefix(length))
        bytes.append(contentsOf: [UInt8](repeating: 0, count: length - bytes.count))
        for sector in dirty.keys.sorted() where sector * Self.sectorByteCount < length {
            let range = Self.range(sector, in: bytes)
            let version = version(of: sector, &oracle)
            Self.replace(range, of: &bytes, with: Array(version[..<range.count]))
        }
        return bytes
    }

    /// Changes what is on the disk behind everybody's back.
    mutating func corrupt(at offset: Int, with bytes: [UInt8]) {
        cached.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        let end = min(offset + bytes.count, durable.count)
        guard offset < end else { return }
        durable.replaceSubrange(offset..<end, with: bytes[..<(end - offset)])
    }

    private func version(of sector: Int, _ oracle: inout some CrashOracle) -> [UInt8] {
        let overwritten = dirty[sector] ?? []
        let old = Self.bytes(of: sector, in: durable)
        let picked = oracle.pick(from: overwritten.count + 2)
        guard picked > 0 else {
            let isBeyondOld = sector * Self.sectorByteCount >= durable.count
            guard isBeyondOld, fresh.contains(sector), oracle.pick(from: 2) == 1 else { return old }
            // The length is there and the bytes are not: whatever the blocks held before.
            var generator = SeededGenerator(seed: UInt64(sector))
            return generator.bytes(Self.sectorByteCount)
        }
        let new =
            picked <= overwritten.count
            ? overwritten[picked - 1] : Self.bytes(of: sector, in: cached)
        guard let kept = oracle.tear(sectorByteCount: Self.sectorByteCount) else { return new }
        return Array(new[..<kept] + old[kept...])
    }

    /// Overwrites as many bytes; a general replacement of a range is many times slower in tests.
    private static func replace(
        _ range: Range<Int>,
        of bytes: inout [UInt8],
        with new: [UInt8]
    ) {
        var target = bytes.mutableSpan
        target.copy(new.span, at: range.lowerBound)
    }

    private mutating func extend(to byteCount: Int) {
        cached.append(contentsOf: [UInt8](repeating: 0, count: byteCount - cached.count))
        note(length: byteCount)
    }

    private mutating func note(length: Int) {
        if lengths.count == Self.lengthLimit { lengths.removeFirst() }
        lengths.append(length)
    }

    /// Marks sectors as unsynchronized and keeps the versions that are about to be overwritten.
    private mutating func touch(_ range: Range<Int>, writing new: [UInt8]? = nil) {
        for sector in Self.sectors(range) {
            if dirty[sector] == nil, let new, isSame(sector, writing: new, at: range.lowerBound) {
                continue
            }
            guard let versions = dirty[sector] else {
                dirty[sector] = []
                continue
            }
            guard versions.count < Self.versionLimit else { continue }
            dirty[sector, default: []].append(Self.bytes(of: sector, in: cached))
        }
    }

    /// Whether a whole clean sector would hold what it holds: then nothing can be lost of it.
    private func isSame(_ sector: Int, writing new: [UInt8], at offset: Int) -> Bool {
        let range = Self.range(sector, in: cached)
        guard range.count == Self.sectorByteCount, range.lowerBound >= offset,
            range.upperBound <= offset + new.count
        else { return false }
        return range.allSatisfy { place in
            new[place - offset] == cached[place]
                && cached[place] == (place < durable.count ? durable[place] : 0)
        }
    }

    private static func sectors(_ range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return 0..<0 }
        return range.lowerBound / sectorByteCount..<(range.upperBound - 1) / sectorByteCount + 1
    }

    /// The part of a sector that lies inside `bytes`.
    private static func range(_ sector: Int, in bytes: [UInt8]) -> Range<Int> {
        let start = min(sector * sectorByteCount, bytes.count)
        return start..<min(start + sectorByteCount, bytes.count)
    }

    /// A whole sector, filled with zeros where `bytes` end.
    private static func bytes(of sector: Int, in bytes: [UInt8]) -> [UInt8] {
        let part = bytes[range(sector, in: bytes)]
        return Array(part) + [UInt8](repeating: 0, count: sectorByteCount - part.count)
    }
}
