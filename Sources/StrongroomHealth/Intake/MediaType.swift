import ArchiveBytes

/// Guesses the media type of what is kept as it is, from its first bytes.
enum MediaType {
    static let json = "application/json"
    static let unknown = "application/octet-stream"

    /// The media type of a file that begins with a known signature.
    static func ofSignature(_ head: Span<UInt8>) -> String? {
        if head.count >= 132, head.starts(with: "DICM", at: 128) { return "application/dicom" }
        for (signature, mediaType) in signatures where head.starts(with: signature) {
            return mediaType
        }
        return isBareDICOM(head) ? "application/dicom" : nil
    }

    private static let signatures: [([UInt8], String)] = [
        (Array("%PDF-".utf8), "application/pdf"),
        ([0x50, 0x4b, 0x03, 0x04], "application/zip"),
        ([0x50, 0x4b, 0x05, 0x06], "application/zip"),
        ([0x1f, 0x8b], "application/gzip"),
        ([0x28, 0xb5, 0x2f, 0xfd], "application/zstd"),
        ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "application/x-7z-compressed"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "application/x-xz"),
        ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "image/png"),
        ([0xff, 0xd8, 0xff], "image/jpeg"),
        ([0x49, 0x49, 0x2a, 0x00], "image/tiff"),
        ([0x4d, 0x4d, 0x00, 0x2a], "image/tiff"),
        (Array("GIF8".utf8), "image/gif"),
        (Array("{\\rtf".utf8), "application/rtf"),
        ([0xff, 0xfe], "text/plain; charset=utf-16"),
        ([0xfe, 0xff], "text/plain; charset=utf-16"),
    ]

    /// Tells a DICOM object without preamble: its first element is a group length, or the character
    /// set or image type that come first without the file's own group, and its length is small.
    private static func isBareDICOM(_ head: Span<UInt8>) -> Bool {
        guard head.count >= 16 else { return false }
        let group = head.u16(at: 0)
        guard group == 2 || group == 8, head.u16(at: 2) <= 0x20 else { return false }
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        if capitals.contains(head[4]), capitals.contains(head[5]) { return true }
        return head.u32(at: 4) <= 256 && head.u32(at: 4).isMultiple(of: 2)
    }

    /// The media type of XML and HTML: by the root element and its namespace.
    static func ofMarkup(_ text: Span<UInt8>) -> String? {
        guard text.count > 1, text[0] == UInt8(ascii: "<") else { return nil }
        let head = text.extracting(0..<min(text.count, 16 << 10))
        if head.contains("<ClinicalDocument"), head.contains("urn:hl7-org:v3") {
            return "application/cda+xml"
        }
        if head.contains("xmlns=\"http://hl7.org/fhir\"") { return "application/fhir+xml" }
        if head.contains("<html") || head.contains("<HTML") { return "text/html" }
        switch text[1] {
        case UInt8(ascii: "?"), UInt8(ascii: "!"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            return "application/xml"
        default: return nil
        }
    }

    /// Text if it is UTF-8 without control characters that no text has, else bytes.
    static func ofText(_ head: Span<UInt8>, isWhole: Bool) -> String {
        guard !head.isEmpty else { return unknown }
        for offset in head.indices {
            let byte = head[offset]
            guard byte >= 0x20 || (0x09...0x0d).contains(byte) else { return unknown }
        }
        // The end of the head may have cut a character of up to four bytes.
        let slack = isWhole ? 0 : min(3, head.count)
        for cut in 0...slack
        where (try? UTF8Span(validating: head.extracting(0..<(head.count - cut)))) != nil {
            return "text/plain; charset=utf-8"
        }
        return unknown
    }
}

extension Span where Element == UInt8 {
    fileprivate func starts(with bytes: [UInt8]) -> Bool {
        guard count >= bytes.count else { return false }
        for (offset, byte) in bytes.enumerated() where self[offset] != byte { return false }
        return true
    }
}
