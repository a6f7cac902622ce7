import ArchiveBytes

/// The fuzzer's bytes, taken one after the other; zeros follow the last.
struct FuzzInput {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8 {
        defer { offset += 1 }
        return offset < bytes.count ? bytes[offset] : 0
    }

    mutating func number(_ byteCount: Int) -> Int {
        (0..<byteCount).reduce(0) { sum, _ in sum << 8 | Int(byte()) }
    }

    mutating func word() -> UInt64 {
        (0..<8).reduce(0) { sum, _ in sum << 8 | UInt64(byte()) }
    }

    /// The next bytes, as many as there are of `count`.
    mutating func take(_ count: Int) -> [UInt8] {
        let start = min(offset, bytes.count)
        let end = min(bytes.count, start + max(0, count))
        offset = end
        return Array(bytes[start..<end])
    }

    /// All bytes that are left.
    mutating func rest() -> [UInt8] { take(bytes.count) }

    /// The bytes up to a line end, or the last.
    mutating func line() -> [UInt8] {
        let start = min(offset, bytes.count)
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        offset = end + 1
        return Array(bytes[start..<end])
    }
}

/// Ends the process if a promise of a parser is broken.
func require(_ isKept: Bool, _ promise: StaticString) {
    precondition(isKept, "\(promise)")
}
