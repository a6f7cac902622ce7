/// Why bytes are not a JSON text that this program accepts, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Equatable, Sendable {
        /// The text has more bytes than its limit.
        case tooLong(limit: Int)
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep(limit: Int)
        /// The text ends inside a value.
        case truncated
        /// A byte that cannot stand in its place.
        case unexpected(UInt8)
        /// Bytes follow the value.
        case trailingBytes
        /// A text is not UTF-8.
        case invalidUTF8
        /// A control character that must be escaped.
        case bareControlCharacter
        /// An escape that JSON does not know.
        case invalidEscape
        /// Half of a surrogate pair.
        case loneSurrogate
        /// A key that occurs twice in one object.
        case duplicateKey
        /// A number that is not written as JSON wants it.
        case malformedNumber
        /// A fraction, an exponent, a negative zero, or an integer beyond 64 bits.
        case unsupportedNumber
        /// A number that has no canonical form here: not an integer, or beyond ±(2^53 − 1).
        case notCanonical
    }

    /// What is wrong.
    package let reason: Reason
    /// The offset of the first byte that is wrong; zero for what cannot be written.
    package let offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What was found, without a byte of the content: it may be a patient's.
    package var description: String {
        switch reason {
        case .tooLong(let limit): "the JSON text is longer than \(limit) bytes"
        case .tooDeep(let limit): "JSON nested deeper than \(limit) levels at byte \(offset)"
        case .truncated: "the JSON text ends too early, at byte \(offset)"
        case .unexpected: "unexpected character in JSON at byte \(offset)"
        case .trailingBytes: "bytes after the end of the JSON text, from byte \(offset) on"
        case .invalidUTF8: "text in JSON is not UTF-8 at byte \(offset)"
        case .bareControlCharacter: "control character in a JSON text at byte \(offset)"
        case .invalidEscape: "unknown escape in a JSON text at byte \(offset)"
        case .loneSurrogate: "half of a surrogate pair in a JSON text at byte \(offset)"
        case .duplicateKey: "a key occurs twice in the JSON object that ends at byte \(offset)"
        case .malformedNumber: "malformed JSON number at byte \(offset)"
        case .unsupportedNumber:
            "JSON number at byte \(offset) is not an integer of 64 bits, which is expected here"
        case .notCanonical: "a number has no canonical JSON form: write it as a text"
        }
    }
}
