import ArchiveBytes

// How a report's values stand in JSON.
extension JSONValue {
    /// Counts stay below 2^53, as the canonical form wants it: of bytes that is eight petabytes.
    static func count(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }

    static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.text) ?? .null }

    static func time(_ microseconds: Int64) -> JSONValue {
        .text(Timestamp(microseconds: microseconds).description)
    }

    /// Beyond the canonical form's 2^53, 285 years, a duration is only called long.
    static func duration(_ duration: Duration?) -> JSONValue {
        let limit: Int64 = (1 << 53) - 1
        return duration.map { .integer(min(max($0.microseconds, -limit), limit)) } ?? .null
    }

    var asCount: UInt64? { asInteger.flatMap { UInt64(exactly: $0) } }

    var asTime: Int64? { asText.flatMap(Timestamp.init)?.microseconds }

    var asDuration: Duration? { asInteger.map { .microseconds($0) } }

    var asTexts: [String]? {
        guard let values = asArray else { return nil }
        let texts = values.compactMap(\.asText)
        return texts.count == values.count ? texts : nil
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
