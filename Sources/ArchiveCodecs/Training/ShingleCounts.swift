import ArchiveBytes

/// How often each string of eight bytes occurs in a text, and with how many subjects.
///
/// The table is bounded: strings that share a place count as one, which makes them look more common
/// than they are. What is chosen by these counts is proved afterwards.
struct ShingleCounts {
    static let length = 8

    private let shift: Int
    private var subjectCounts: [UInt16]
    private var lastSubjects: [UInt16]
    private(set) var occurrences: [UInt16]

    /// Counts `text`, whose subjects are fewer than 65,535.
    init(_ text: TrainingText) {
        var bits = 12
        while bits < 21, 1 << bits < text.bytes.count { bits += 1 }
        shift = 64 - bits
        subjectCounts = Array(repeating: 0, count: 1 << bits)
        lastSubjects = Array(repeating: 0, count: 1 << bits)
        occurrences = Array(repeating: 0, count: 1 << bits)
        let bytes = text.bytes.span
        for (number, range) in text.subjects.enumerated() {
            let subject = UInt16(number + 1)
            var clean = range.lowerBound
            for end in range {
                if bytes[end] == 0 { clean = end + 1 }
                let start = end - Self.length + 1
                guard start >= clean else { continue }
                let place = place(of: bytes, at: start)
                if occurrences[place] < .max { occurrences[place] += 1 }
                if lastSubjects[place] != subject {
                    lastSubjects[place] = subject
                    subjectCounts[place] += 1
                }
            }
        }
    }

    /// Where the string at `index` is counted.
    func place(of bytes: Span<UInt8>, at index: Int) -> Int {
        Int(truncatingIfNeeded: (bytes.u64(at: index) &* 0x9e37_79b9_7f4a_7c15) >> shift)
    }

    /// Upper bound on the subjects of what is counted at `place`.
    func subjectCount(_ place: Int) -> Int { Int(subjectCounts[place]) }

    /// Counts what is at `place` no more: a dictionary has it now.
    mutating func clear(_ place: Int) { occurrences[place] = 0 }

    /// The same for each string in `bytes`.
    mutating func clear(_ bytes: ArraySlice<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= Self.length else { return }
        for index in 0...(bytes.count - Self.length) { clear(place(of: bytes.span, at: index)) }
    }
}
