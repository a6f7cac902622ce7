/// The segments that begin a message or frame a batch of them.
enum MessageHeader {
    case message
    case batch

    /// The bytes that must be seen to tell.
    static let byteCount = 4

    /// Which of them stands at `offset`, judged by its name and a separator after it.
    static func kind(_ bytes: Span<UInt8>, at offset: Int) -> MessageHeader? {
        guard offset + byteCount <= bytes.count, isSeparator(bytes[offset + 3]) else { return nil }
        if bytes.starts(with: "MSH", at: offset) { return .message }
        for name in ["FHS", "BHS", "BTS", "FTS"] where bytes.starts(with: name, at: offset) {
            return .batch
        }
        return nil
    }

    /// Tells whether a file of messages begins here: a header with the separators that it declares.
    static func stands(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        guard kind(bytes, at: offset) != nil, !bytes.starts(with: "BTS", at: offset),
            !bytes.starts(with: "FTS", at: offset)
        else { return false }
        let separator = bytes[offset + 3]
        var end = offset + 4
        while end < bytes.count, bytes[end] != separator {
            // A header may say nothing else.
            if bytes[end] == 0x0d || bytes[end] == 0x0a { return end > offset + 4 }
            guard isSeparator(bytes[end]), end - offset < 10 else { return false }
            end += 1
        }
        return end < bytes.count
    }

    /// A character that can separate: visible, neither letter nor digit.
    static func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: true
        default: false
        }
    }
}
