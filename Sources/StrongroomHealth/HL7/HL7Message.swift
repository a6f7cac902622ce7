import ArchiveBytes

/// The five or six characters that a message declares in MSH-1 and MSH-2.
struct HL7Delimiters: Equatable {
    var field: UInt8
    var component = UInt8(ascii: "^")
    var repetition = UInt8(ascii: "~")
    var escape = UInt8(ascii: "\\")
    var subcomponent = UInt8(ascii: "&")
    /// Whether they differ from `|^~\&`, with or without the truncation character of 2.7.
    var isUsual = true

    /// Reads them from the MSH segment that begins at `start`; nil if they make no sense.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        guard start + 4 <= bytes.count, MessageHeader.isSeparator(bytes[start + 3]) else {
            return nil
        }
        field = bytes[start + 3]
        var declared: [UInt8] = []
        var offset = start + 4
        while offset < bytes.count, bytes[offset] != field, !SourceFormat.isBlank(bytes[offset]) {
            guard MessageHeader.isSeparator(bytes[offset]), declared.count < 6 else { return nil }
            declared.append(bytes[offset])
            offset += 1
        }
        isUsual = field == UInt8(ascii: "|") && declared.starts(with: Array("^~\\&".utf8))
        // A sender that escaped the backslash for its own language wrote it twice.
        if declared.count > 4, declared[2] == declared[3] { declared.remove(at: 3) }
        if declared.count > 0 { component = declared[0] }
        if declared.count > 1 { repetition = declared[1] }
        if declared.count > 2 { escape = declared[2] }
        if declared.count > 3 { subcomponent = declared[3] }
    }
}

/// A message cut into segments; nothing is decoded yet.
///
/// Segments end with CR. Where a message holds no CR at all, LF ends them: most files on disk were
/// written so. Where it holds any, LF is an ordinary character inside a field.
struct HL7Message {
    struct Segment {
        let name: String
        /// The fields, `fields[0]` being the name, except that in MSH they count from the separator.
        let fields: [Range<Int>]
    }

    enum LineEnd { case carriageReturn, both, lineFeed }

    let delimiters: HL7Delimiters
    private(set) var segments: [Segment] = []
    private(set) var lineEnd = LineEnd.carriageReturn

    init(_ bytes: Span<UInt8>) throws(HL7Fault) {
        var start = bytes.starts(with: "\u{feff}") ? 3 : 0
        while start < bytes.count, SourceFormat.isBlank(bytes[start]) || bytes[start] == 0x0b {
            start += 1
        }
        guard bytes.starts(with: "MSH", at: start) else { throw .noHeader }
        guard let delimiters = HL7Delimiters(bytes, at: start) else { throw .noDelimiters }
        self.delimiters = delimiters
        let end = bytes.firstIndex(ofByte: 0x0d, from: start) == nil ? UInt8(0x0a) : 0x0d
        if end == 0x0a { lineEnd = .lineFeed }
        while start < bytes.count {
            let stop = bytes.firstIndex(ofByte: end, from: start) ?? bytes.count
            add(bytes, start..<stop)
            start = stop + 1
        }
    }

    private mutating func add(_ bytes: Span<UInt8>, _ line: Range<Int>) {
        var (start, stop) = (line.lowerBound, line.upperBound)
        while start < stop, SourceFormat.isBlank(bytes[start]) {
            if bytes[start] == 0x0a, !segments.isEmpty { lineEnd = .both }
            start += 1
        }
        while stop > start, bytes[stop - 1] == 0x1c || SourceFormat.isBlank(bytes[stop - 1]) {
            stop -= 1
        }
        guard start < stop else { return }
        var fields = Self.split(bytes, start..<stop, by: delimiters.field)
        let name = bytes.text(from: fields[0].lowerBound, to: fields[0].upperBound)
        // MSH-1 is the separator itself, so that every later field of MSH counts one higher.
        if name == "MSH" { fields.insert(start + 3..<start + 4, at: 1) }
        segments.append(Segment(name: name, fields: fields))
    }

    static func split(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        by separator: UInt8
    ) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for offset in range where bytes[offset] == separator {
            parts.append(start..<offset)
            start = offset + 1
        }
        parts.append(start..<range.upperBound)
        return parts
    }
}

extension HL7Message.Segment {
    /// The field of that number, empty if the segment is shorter.
    func field(_ number: Int) -> Range<Int> {
        number < fields.count ? fields[number] : 0..<0
    }
}

/// Why bytes are no HL7 v2 message.
package enum HL7Fault: Error, Equatable, CustomStringConvertible {
    case noHeader
    case noDelimiters

    package var description: String {
        switch self {
        case .noHeader: "no HL7 v2 message: it does not begin with MSH"
        case .noDelimiters: "no HL7 v2 message: MSH declares no usable separators"
        }
    }
}
