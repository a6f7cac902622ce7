/// An element of an XML text: as much of XML as S3 answers with.
///
/// No attributes, comments or declarations are kept, and no entities but the five and characters by
/// number exist, so nothing can grow. An answer's size is limited before it comes here.
struct XMLElement: Sendable, Equatable {
    /// Deeper answers are none of S3's.
    private static let depthLimit = 16

    /// The name without the part before a colon.
    let name: String
    /// The text between the tags, outside of inner elements.
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    private init(name: String) { self.name = name }

    /// Parses a text; nil if it is no XML of this kind.
    init?(_ bytes: [UInt8]) {
        var open: [XMLElement] = []
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                if !open.isEmpty {
                    open[open.count - 1].text += Self.decoded(bytes[position..<end])
                }
                position = end
                continue
            }
            guard let end = bytes[position...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
            var tag = bytes[(position + 1)..<end]
            position = end + 1
            guard let first = tag.first else { return nil }
            if first == UInt8(ascii: "?") || first == UInt8(ascii: "!") { continue }
            if first == UInt8(ascii: "/") {
                guard let closed = open.popLast(), closed.name == Self.name(tag.dropFirst()) else {
                    return nil
                }
                if open.isEmpty {
                    self = closed
                    return
                }
                open[open.count - 1].children.append(closed)
                continue
            }
            let isEmpty = tag.last == UInt8(ascii: "/")
            if isEmpty { tag.removeLast() }
            let element = XMLElement(name: Self.name(tag))
            if !isEmpty {
                guard open.count < Self.depthLimit else { return nil }
                open.append(element)
            } else if open.isEmpty {
                self = element
                return
            } else {
                open[open.count - 1].children.append(element)
            }
        }
        return nil
    }

    /// The text of the first inner element of a name.
    subscript(_ name: String) -> String? { children.first { $0.name == name }?.text }

    /// All inner elements of a name.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    private static func name(_ tag: ArraySlice<UInt8>) -> String {
        let whole = tag.prefix { $0 > 0x20 }
        let colon = whole.lastIndex(of: UInt8(ascii: ":"))
        return String(decoding: colon.map { whole[($0 + 1)...] } ?? whole, as: UTF8.self)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var pieces = text.split(separator: "&", omittingEmptySubsequences: false)[...]
        var decoded = String(pieces.removeFirst())
        for piece in pieces {
            guard let end = piece.firstIndex(of: ";"), let character = character(piece[..<end])
            else {
                decoded += "&" + piece
                continue
            }
            decoded.append(character)
            decoded += piece[piece.index(after: end)...]
        }
        return decoded
    }

    private static func character(_ entity: Substring) -> Character? {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard entity.first == "#" else { return nil }
            let digits = entity.dropFirst()
            let number =
                digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init).map(Character.init)
        }
    }
}
