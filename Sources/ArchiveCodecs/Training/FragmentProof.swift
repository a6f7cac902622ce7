import ArchiveBytes

/// Proves of strings, byte by byte, that they occur with enough subjects.
struct FragmentProof {
    private static let keyLength = ShingleCounts.length

    let text: TrainingText
    /// Subjects that must have a string.
    let subjectCount: Int

    /// For each string the length of its longest beginning that enough subjects have; 0 below eight bytes.
    func provedCounts(_ strings: [[UInt8]]) -> [Int] {
        // Strings by their first eight bytes, those of one beginning in a chain.
        var heads: [UInt64: Int] = [:]
        heads.reserveCapacity(strings.count)
        var next = [Int](repeating: -1, count: strings.count)
        for (index, string) in strings.enumerated() where string.count >= Self.keyLength {
            let key = string.span.u64(at: 0)
            next[index] = heads[key] ?? -1
            heads[key] = index
        }
        let filter = Filter(heads.keys)
        var longest = [[Int]](repeating: [], count: strings.count)
        var current = [Int](repeating: 0, count: strings.count)
        var touched: [Int] = []
        let bytes = text.bytes.span
        for range in text.subjects where range.count >= Self.keyLength {
            for start in range.lowerBound...(range.upperBound - Self.keyLength) {
                let key = bytes.u64(at: start)
                guard filter.mayContain(key), var index = heads[key] else { continue }
                while index >= 0 {
                    let count = matching(strings[index], bytes, at: start, range.upperBound)
                    if current[index] == 0 { touched.append(index) }
                    current[index] = max(current[index], count)
                    index = next[index]
                }
            }
            for index in touched {
                longest[index].append(current[index])
                current[index] = 0
            }
            touched.removeAll(keepingCapacity: true)
        }
        return longest.map { lengths in
            guard lengths.count >= subjectCount else { return 0 }
            return lengths.sorted(by: >)[subjectCount - 1]
        }
    }

    private func matching(
        _ string: [UInt8],
        _ bytes: Span<UInt8>,
        at start: Int,
        _ end: Int
    ) -> Int {
        let limit = min(string.count, end - start)
        var count = Self.keyLength
        while count < limit, bytes[start + count] == string[count] { count += 1 }
        return count
    }

    /// Says quickly of most keys that they are not looked for.
    private struct Filter {
        private var bits = [UInt64](repeating: 0, count: 1 << 10)

        init(_ keys: some Sequence<UInt64>) {
            for key in keys {
                let place = Self.place(of: key)
                bits[place >> 6] |= 1 << (place & 63)
            }
        }

        func mayContain(_ key: UInt64) -> Bool {
            let place = Self.place(of: key)
            return bits[place >> 6] & 1 << (place & 63) != 0
        }

        private static func place(of key: UInt64) -> Int {
            Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 48)
        }
    }
}
