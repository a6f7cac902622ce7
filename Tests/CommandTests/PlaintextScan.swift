/// Looks in files for the words of some texts, as they are, in UTF-16, in base64 and in hexadecimal.
///
/// A word is a run of letters, digits and bytes above 127. Shorter ones than `length` are left out:
/// they turn up by chance in random bytes, and are parts of no more than common words.
struct PlaintextScan {
    static let length = 7

    /// By their first `length` bytes, small letters for capitals.
    private var words: [UInt64: Set<[UInt8]>] = [:]

    var count: Int { words.values.reduce(0) { $0 + $1.count } }

    mutating func add(_ text: [UInt8]) {
        for word in Self.runs(in: text, of: Self.isWordByte, atLeast: Self.length) {
            let small = word.map(Self.small)
            words[Self.key(small[...]), default: []].insert(small)
        }
    }

    /// The words that `bytes` hold in any form.
    func findings(in bytes: [UInt8]) -> Set<[UInt8]> {
        var found = search(bytes)
        for start in 0..<2 {
            found.formUnion(search(stride(from: start, to: bytes.count, by: 2).map { bytes[$0] }))
        }
        for run in Self.runs(in: bytes, of: { Self.sixBits($0) != nil }, atLeast: 12) {
            for start in 0..<4 {
                found.formUnion(search(Self.joined(run.dropFirst(start).map(Self.sixBits), 6)))
            }
        }
        for run in Self.runs(in: bytes, of: { Self.fourBits($0) != nil }, atLeast: 14) {
            for start in 0..<2 {
                found.formUnion(search(Self.joined(run.dropFirst(start).map(Self.fourBits), 4)))
            }
        }
        return found
    }

    private func search(_ bytes: [UInt8]) -> Set<[UInt8]> {
        var found: Set<[UInt8]> = []
        let small = bytes.map(Self.small)
        var key: UInt64 = 0
        for (index, byte) in small.enumerated() {
            key = (key << 8 | UInt64(byte)) & (1 << (8 * UInt64(Self.length)) - 1)
            guard index + 1 >= Self.length, let candidates = words[key] else { continue }
            let rest = small[(index + 1 - Self.length)...]
            found.formUnion(candidates.filter { rest.starts(with: $0) })
        }
        return found
    }

    private static func key(_ word: ArraySlice<UInt8>) -> UInt64 {
        word.prefix(length).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func runs(
        in bytes: [UInt8],
        of isPart: (UInt8) -> Bool,
        atLeast length: Int
    ) -> [[UInt8]] {
        bytes.split { !isPart($0) }.filter { $0.count >= length }.map(Array.init)
    }

    private static func joined(_ values: [UInt8?], _ bitCount: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var (bits, count) = (0, 0)
        for value in values {
            (bits, count) = ((bits << bitCount | Int(value ?? 0)) & 0xffff, count + bitCount)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
        return bytes
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(small(byte))
    }

    private static func sixBits(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5a: byte - 0x41
        case 0x61...0x7a: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }

    private static func fourBits(_ byte: UInt8) -> UInt8? {
        switch small(byte) {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: small(byte) - 0x61 + 10
        default: nil
        }
    }
}
