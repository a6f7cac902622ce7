/// The name of an object in a vault, such as `segments/0000000000000001.seg`.
///
/// Components of ASCII letters, digits, `.`, `_` and `-`, joined by `/`. No component is empty or
/// begins with a dot, so a name never leaves its vault and never meets a store's own files. What a
/// name may be is the same for every store: the weakest of them decides.
public struct ObjectName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The most bytes of a name.
    public static let byteLimit = 200

    /// The name as text.
    public let text: String

    /// Checks a name; the error says what a name may be.
    public init(_ text: String) throws(VaultError) {
        guard Self.isValid(text) else {
            throw VaultError(
                .invalidName,
                "\(text.debugDescription) is no object name; use 1 to \(Self.byteLimit) bytes of "
                    + "letters, digits, '.', '_', '-' and '/', no part empty or begun with a dot"
            )
        }
        self.text = text
    }

    /// The name as text.
    public var description: String { text }

    /// The order of the names as bytes.
    public static func < (left: ObjectName, right: ObjectName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// The parts between the slashes; there is always a last one.
    var components: [Substring] { text.split(separator: "/") }

    /// Whether one name begins the other at a slash, so that no store can hold both.
    func excludes(_ other: ObjectName) -> Bool {
        text.hasPrefix(other.text + "/") || other.text.hasPrefix(text + "/")
    }

    static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= byteLimit else { return false }
        return bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { part in
                guard let first = part.first, first != UInt8(ascii: ".") else { return false }
                return part.allSatisfy(isAllowed)
            }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
