import ArchiveBytes

/// How often each string of eight bytes occurs in a text, and with how many subjects.
///
/// The table is bounded: strings that share a place count as one, which makes them look more common
/// than they are. What is chosen by these counts is proved afterwards.
struct ShingleCounts {
    static let length = 8

    /// What is known of one place: side by side, for what counting waits for is memory.
    private struct Count: BitwiseCopyable {
        var subjects: UInt16 = 0
        var lastSubject: UInt16 = 0
        var occurrences: UInt16 = 0
        /// Keeps a count in one line of the processor's cache.
        let padding: UInt16 = 0

        mutating func count(_ subject: UInt16) {
            if occurrences < .max { occurrences += 1 }
            guard lastSubject != subject else { return }
            lastSubject = subject
            subjects += 1
        }
    }

    private static let mostBits = 19

    private let shift: Int
    private var counts: [Count]

    /// Counts `text`, whose subjects are fewer than 65,535.
    init(_ text: TrainingText) {
        var bits = 12
        while bits < Self.mostBits, 1 << bits < text.bytes.count { bits += 1 }
        shift = 64 - bits
        counts = Array(repeating: Count(), count: 1 << bits)
        count(text)
    }

    private mutating func count(_ text: TrainingText) {
        let shift = shift
        let bytes = text.bytes.span
        var counts = counts.mutableSpan
        for (number, range) in text.subjects.enumerated() {
            let subject = UInt16(number + 1)
            var clean = range.lowerBound
            for end in range {
                if bytes[end] == 0 { clean = end + 1 }
                let start = end - Self.length + 1
                guard start >= clean else { continue }
                counts[Self.place(of: bytes, at: start, shift)].count(subject)
            }
        }
    }

    /// Where the string at `index` is counted.
    func place(of bytes: Span<UInt8>, at index: Int) -> Int {
        Self.place(of: bytes, at: index, shift)
    }

    private static func place(of bytes: Span<UInt8>, at index: Int, _ shift: Int) -> Int {
        Int(truncatingIfNeeded: (bytes.u64(at: index) &* 0x9e37_79b9_7f4a_7c15) >> shift)
    }

    /// Upper bound on the subjects of what is counted at `place`.
    func subjectCount(_ place: Int) -> Int { Int(counts[place].subjects) }

    /// How often what is counted at `place` occurs.
    func occurrences(_ place: Int) -> Int { Int(counts[place].occurrences) }

    /// Counts what is at `place` no more: a dictionary has it now.
    mutating func clear(_ place: Int) { counts[place].occurrences = 0 }

    /// The same for each string in `bytes`.
    mutating func clear(_ bytes: ArraySlice<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= Self.length else { return }
        for index in 0...(bytes.count - Self.length) { clear(place(of: bytes.span, at: index)) }
    }
}
