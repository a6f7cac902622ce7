import ArchiveBytes
import ArchiveSealing

/// AES-256-CMAC (NIST SP 800-38B), spelled out over the block cipher under test.
///
/// XAES derives its keys by two CMACs; this is the independent half of that comparison.
func cmac(_ message: [UInt8], key: SecretKey) throws -> [UInt8] {
    let cipher = try AES256Block(key: key)
    func encrypt(_ block: [UInt8]) -> [UInt8] {
        let words = cipher.encrypt((block.span.u64(at: 0), block.span.u64(at: 8)))
        var sealed: [UInt8] = []
        sealed.append(u64: words.0)
        sealed.append(u64: words.1)
        return sealed
    }
    func doubled(_ block: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for index in 0..<16 {
            result.append(block[index] << 1 | (index < 15 ? block[index + 1] >> 7 : 0))
        }
        if block[0] & 0x80 != 0 { result[15] ^= 0x87 }
        return result
    }
    let first = doubled(encrypt([UInt8](repeating: 0, count: 16)))
    let isWhole = !message.isEmpty && message.count.isMultiple(of: 16)
    var padded = message
    if !isWhole {
        padded.append(0x80)
        while !padded.count.isMultiple(of: 16) { padded.append(0) }
    }
    let mask = isWhole ? first : doubled(first)
    for index in 0..<16 { padded[padded.count - 16 + index] ^= mask[index] }
    var state = [UInt8](repeating: 0, count: 16)
    for start in stride(from: 0, to: padded.count, by: 16) {
        for index in 0..<16 { state[index] ^= padded[start + index] }
        state = encrypt(state)
    }
    return state
}
