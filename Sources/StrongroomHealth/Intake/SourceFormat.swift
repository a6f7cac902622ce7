import ArchiveBytes

/// How a source file is to be read, found out from its bytes and not from its name.
package enum SourceFormat: Equatable, Sendable {
    /// One JSON text a line; FHIR bulk data.
    case fhirNDJSON(LineEnd)
    /// One FHIR resource or Bundle as the whole file.
    case fhirJSON
    /// HL7 v2 messages, one or many, perhaps in a batch or in MLLP frames.
    case hl7v2
    /// Anything else: kept whole under the media type that its first bytes suggest.
    case opaque(mediaType: String)

    /// What ends a line; carriage returns alone only where a file has no line feed at all.
    package enum LineEnd: UInt8, Sendable {
        case lineFeed = 0x0a
        case carriageReturn = 0x0d
    }

    /// Whether records of this format are looked into.
    var hasFacts: Bool {
        if case .opaque = self { false } else { true }
    }

    /// The media type of a record of this format.
    package var mediaType: String {
        switch self {
        case .fhirNDJSON, .fhirJSON: "application/fhir+json"
        case .hl7v2: "x-application/hl7-v2+er7"
        case .opaque(let mediaType): mediaType
        }
    }
}

extension SourceFormat {
    /// How many first bytes usually tell.
    package static let usualHeadByteCount = 64 << 10
    /// How many first bytes must tell: as much as a line may have to be read as a whole.
    package static let headLimit = 16 << 20

    /// The format of a file that begins with `head`, or nil if more of it must be seen.
    ///
    /// `isWhole` says that `head` is all of the file. Never nil then, nor from `headLimit` bytes on.
    /// One JSON object alone in one line is both a file of lines and a single resource: only then,
    /// `isNamedAsLines` decides, which the caller takes from the name (`.ndjson`, `.jsonl`).
    package static func detect(
        _ head: Span<UInt8>,
        isWhole: Bool,
        isNamedAsLines: Bool
    ) -> SourceFormat? {
        if let mediaType = MediaType.ofSignature(head) { return .opaque(mediaType: mediaType) }
        var start = head.starts(with: "\u{feff}") ? 3 : 0
        while start < head.count, isBlank(head[start]) || head[start] == 0x0b { start += 1 }
        let text = head.extracting(start...)
        if MessageHeader.stands(text, at: 0) { return .hl7v2 }
        if let mediaType = MediaType.ofMarkup(text) { return .opaque(mediaType: mediaType) }
        let isCut = !isWhole && head.count < headLimit
        switch LineSurvey(text, isWhole: isWhole).verdict(isCut: isCut, isNamedAsLines) {
        case .lines(let end): return .fhirNDJSON(end)
        case .unknown: return nil
        case .notLines: break
        }
        guard text.count > 0, text[0] == UInt8(ascii: "{") || text[0] == UInt8(ascii: "[") else {
            return .opaque(mediaType: MediaType.ofText(head, isWhole: isWhole))
        }
        return single(text, head, isWhole: isWhole, isCut: isCut)
    }

    /// What one text that begins like JSON is.
    private static func single(
        _ text: Span<UInt8>,
        _ head: Span<UInt8>,
        isWhole: Bool,
        isCut: Bool
    ) -> SourceFormat? {
        if text[0] == UInt8(ascii: "{"), text.contains("\"resourceType\"") { return .fhirJSON }
        var cursor = JSONCursor()
        do throws(JSONFault) {
            try cursor.skipValue(text, depth: 0)
            try cursor.finish(text)
            return isCut ? nil : .opaque(mediaType: MediaType.json)
        } catch {
            guard error == .truncated else {
                return .opaque(mediaType: MediaType.ofText(head, isWhole: isWhole))
            }
            return isCut ? nil : .opaque(mediaType: MediaType.json)
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }
}

extension Span where Element == UInt8 {
    /// Tells whether the ASCII text occurs in these bytes.
    func contains(_ text: String) -> Bool { firstIndex(of: text) != nil }
}
