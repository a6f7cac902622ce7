import Testing

@testable import StrongroomHealth

@Suite struct `Formats of source files` {
    private func format(
        _ text: String,
        isWhole: Bool = true,
        isNamedAsLines: Bool = false
    ) -> SourceFormat? {
        format(Array(text.utf8), isWhole: isWhole, isNamedAsLines: isNamedAsLines)
    }

    private func format(
        _ bytes: [UInt8],
        isWhole: Bool = true,
        isNamedAsLines: Bool = false
    ) -> SourceFormat? {
        SourceFormat.detect(bytes.span, isWhole: isWhole, isNamedAsLines: isNamedAsLines)
    }

    private static let line = #"{"resourceType":"Patient","id":"1"}"#

    @Test(arguments: [
        "\(line)\n\(line)\n", "\(line)\n\(line)", "\(line)\r\n\(line)\r\n",
        "\u{feff}\(line)\n\(line)",
        "\n\n\(line)\n\n\(line)\n", "torn\":1}\n\(line)\n\(line)\n",
        "\(line)\n{\"resourceType\":\"Pa",
        "\(line)\nnonsense\nnonsense\nnonsense", "{\"a\":1}\n{\"b\":2}\n", "\(line)\n[1]\n",
    ])
    func `lines of objects are lines, broken ones among them`(_ text: String) {
        #expect(format(text) == .fhirNDJSON(.lineFeed))
    }

    @Test func `lines may end with carriage returns alone`() {
        #expect(format("\(Self.line)\r\(Self.line)\r") == .fhirNDJSON(.carriageReturn))
    }

    @Test(arguments: [
        "{\n  \"resourceType\": \"Bundle\",\n  \"entry\": [\n    {\n      \"a\": {}\n    }\n  ]\n}\n",
        "{\"resourceType\":\"Bundle\",\n\"entry\":[\n{\"a\":1},\n{\"b\":2}\n]}", line, "\(line)\n",
        "  \(line)  ", "\u{feff}\(line)", "{\"resourceType\":\"Patient\",",
        "{\r  \"resourceType\": \"Bundle\"\r}",
    ])
    func `one resource is one piece, whether indented or not`(_ text: String) {
        #expect(format(text) == .fhirJSON)
    }

    @Test func `the name decides only where one line could be both`() {
        #expect(format(Self.line + "\n", isNamedAsLines: true) == .fhirNDJSON(.lineFeed))
        #expect(format("{\"resourceType\":\"Pa", isNamedAsLines: true) == .fhirNDJSON(.lineFeed))
        #expect(format("{\n \"resourceType\":\"List\"\n}", isNamedAsLines: true) == .fhirJSON)
        #expect(
            format("%PDF-1.4\n\(Self.line)", isNamedAsLines: true)
                == .opaque(mediaType: "application/pdf")
        )
    }

    @Test func `a long first line is looked at to its end`() {
        let long = "{\"data\":\"" + String(repeating: "A", count: 100_000) + "\"}"
        let head = Array((long + "\n" + Self.line).utf8)
        #expect(format(Array(head[..<65536]), isWhole: false) == nil)
        #expect(format(Array(head[...100_011]), isWhole: false) == nil)
        #expect(format(head) == .fhirNDJSON(.lineFeed))
    }

    @Test func `a resource whose type comes late is looked for`() {
        let long = "{\n\"data\":\"" + String(repeating: "A", count: 100_000)
        #expect(format(long, isWhole: false) == nil)
        #expect(format(long + "\",\n\"resourceType\":\"Binary\"}", isWhole: false) == .fhirJSON)
        #expect(format(long + "\"}") == .opaque(mediaType: "application/json"))
    }

    @Test(arguments: [
        "MSH|^~\\&|A\rPID|1\r", "\u{feff}MSH|^~\\&|A\n", "\u{b}MSH|^~\\&|A\r\u{1c}\r", "MSH#$%?@#A",
        "FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\r", "\r\n\r\nMSH|^~\\&#|A", "MSH|^~\\\\&|A",
        "BHS|^~\\&\rMSH|^~\\&|A\r",
    ])
    func `messages are known by their header`(_ text: String) {
        #expect(format(text) == .hl7v2)
    }

    @Test(arguments: [
        ("", "application/octet-stream"), ("%PDF-1.7\n", "application/pdf"),
        ("PK\u{3}\u{4}", "application/zip"),
        ("<?xml version=\"1.0\"?><a/>", "application/xml"), ("<a/>", "application/xml"),
        ("\u{feff}<ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>", "application/cda+xml"),
        ("<Bundle xmlns=\"http://hl7.org/fhir\"/>", "application/fhir+xml"),
        ("<!DOCTYPE html><html>", "text/html"), ("{\\rtf1 Hello}", "application/rtf"),
        ("{\"a\":1}", "application/json"), ("[{\"a\":1}]", "application/json"),
        ("{}", "application/json"),
        ("Hello, wörld\n", "text/plain; charset=utf-8"),
        ("[section]\nkey=1\n", "text/plain; charset=utf-8"),
        ("{not json}", "text/plain; charset=utf-8"), ("a\u{0}b", "application/octet-stream"),
        ("MSHello", "text/plain; charset=utf-8"), ("MSH|abc|", "text/plain; charset=utf-8"),
        ("< 5", "text/plain; charset=utf-8"), ("name,value\n1,2\n", "text/plain; charset=utf-8"),
    ])
    func `anything else has a media type`(_ text: String, _ mediaType: String) {
        #expect(format(text) == .opaque(mediaType: mediaType))
    }

    @Test(
        arguments: [
            ([0xff, 0xd8, 0xff, 0xe0], "image/jpeg"), ([0x1f, 0x8b, 8], "application/gzip"),
            ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "image/png"),
            ([0x80, 0x81], "application/octet-stream"),
            ([0x28, 0xb5, 0x2f, 0xfd], "application/zstd"),
            ([UInt8](repeating: 0, count: 128) + Array("DICM".utf8), "application/dicom"),
            (
                [8, 0, 5, 0, 0x43, 0x53, 10, 0] + [UInt8](repeating: 0x20, count: 10),
                "application/dicom"
            ),
            ([8, 0, 8, 0, 22, 0, 0, 0] + [UInt8](repeating: 0x20, count: 22), "application/dicom"),
        ] as [([UInt8], String)]
    )
    func `bytes are known by their signature`(_ bytes: [UInt8], _ mediaType: String) {
        #expect(format(bytes) == .opaque(mediaType: mediaType))
    }

    @Test func `a letter cut at the end of the head is still text`() {
        let text = Array("héllo wörld, 𝒳".utf8)
        for count in 1...text.count {
            #expect(
                format(Array(text[..<count]), isWhole: false)
                    == .opaque(mediaType: "text/plain; charset=utf-8")
            )
        }
        #expect(format(Array(text.dropLast())) == .opaque(mediaType: "application/octet-stream"))
    }

    @Test func `every sample has its format`() throws {
        for name in try Samples.allNames {
            let bytes = try Samples.bytes(name)
            let found = format(bytes, isNamedAsLines: name.hasSuffix(".ndjson"))
            let expected: SourceFormat =
                if name.hasSuffix(".ndjson") {
                    .fhirNDJSON(.lineFeed)
                } else if name.hasPrefix("fhir/") {
                    .fhirJSON
                } else if name.hasPrefix("hl7v2/") {
                    .hl7v2
                } else {
                    .opaque(mediaType: otherTypes[name] ?? "")
                }
            #expect(found == expected, "\(name)")
            #expect(found?.mediaType.isEmpty == false)
        }
    }

    private let otherTypes = [
        "other/cda.xml": "application/cda+xml", "other/cda-fragment.xml": "application/xml",
        "other/invalid.json": "application/json",
        "other/minimal_observation.json": "application/json",
        "other/patient-5555001.fhir-bundle.xml": "application/fhir+xml",
    ]
}
