import Support
import Testing

@testable import StrongroomHealth

@Suite struct `Splitting sources` {
    private func texts(_ source: String, _ format: SourceFormat) -> [String] {
        Splitting.whole(Array(source.utf8), format).map {
            let body = String(decoding: $0.body, as: UTF8.self)
            let terminator = String(decoding: $0.terminator, as: UTF8.self)
            return ($0.kind == .record ? "" : "~") + body + "¦" + terminator
        }
    }

    @Test func `lines keep their ends beside them`() {
        #expect(
            texts("{1}\n{2}\r\n\n \t\n{3}\r\r\n{4}", .fhirNDJSON(.lineFeed))
                == ["{1}¦\n", "{2}¦\r\n", "~¦\n", "~ \t¦\n", "{3}\r¦\r\n", "{4}¦"]
        )
        #expect(texts("\u{feff}{1}\r", .fhirNDJSON(.lineFeed)) == ["~\u{feff}¦", "{1}¦\r"])
        #expect(texts("{1}\r{2}\r", .fhirNDJSON(.carriageReturn)) == ["{1}¦\r", "{2}¦\r"])
        #expect(texts("", .fhirNDJSON(.lineFeed)).isEmpty)
    }

    @Test func `messages are split at their headers`() {
        let (one, two) = ("MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\r")
        #expect(texts(one, .hl7v2) == [one + "¦"])
        #expect(texts(one + two + one, .hl7v2) == [one + "¦", two + "¦", one + "¦"])
        #expect(
            texts("\u{feff}" + one + "\r\n" + two, .hl7v2) == ["\u{feff}\(one)\r\n¦", two + "¦"]
        )
        #expect(
            texts("MSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B", .hl7v2)
                == ["MSH|^~\\&|A\nPID|1\n\n¦", "MSH|^~\\&|B¦"]
        )
    }

    @Test func `batch headers and trailers are no messages`() {
        let one = "MSH|^~\\&|A\rPID|1\r"
        #expect(
            texts("FHS|^~\\&\rBHS|^~\\&\r\n\(one)BTS|1\rFTS|1", .hl7v2)
                == ["~FHS|^~\\&\r¦", "~BHS|^~\\&\r¦", "~\n¦", one + "¦", "~BTS|1\r¦", "~FTS|1¦"]
        )
    }

    @Test func `frames are kept beside the messages`() {
        let one = "MSH|^~\\&|A\rPID|1\r"
        let frame = "\u{b}\(one)\u{1c}\r"
        #expect(texts(frame, .hl7v2) == ["~\u{b}¦", one + "¦\u{1c}\r"])
        #expect(
            texts(frame + frame, .hl7v2)
                == ["~\u{b}¦", one + "¦\u{1c}\r", "~\u{b}¦", one + "¦\u{1c}\r"]
        )
        #expect(
            texts("\u{b}\(one)\u{b}\(one)\u{1c}", .hl7v2)
                == ["~\u{b}¦", one + "¦", "~\u{b}¦", one + "¦\u{1c}"]
        )
    }

    @Test func `a header inside a field begins no message`() {
        let message = "MSH|^~\\&|A\rOBX|1|TX|||quoted:\nMSH|^~\\&|B\nPID|2\rNTE|1\r"
        #expect(texts(message, .hl7v2) == [message + "¦"])
        let other = "MSH|^~\\&|A\nMSHX\nNTE|MSH|x\n"
        #expect(texts(other, .hl7v2) == [other + "¦"])
    }

    @Test func `bytes before the first message are not lost`() {
        #expect(texts("junk\rMSH|^~\\&|A\r", .hl7v2) == ["junk\r¦", "MSH|^~\\&|A\r¦"])
        #expect(texts("", .hl7v2).isEmpty)
    }

    @Test func `everything else is one piece, an empty file too`() {
        #expect(texts("a\nb\r\n", .opaque(mediaType: "text/plain")) == ["a\nb\r\n¦"])
        #expect(texts("", .opaque(mediaType: "text/plain")) == ["¦"])
        #expect(texts("{\n}\n", .fhirJSON) == ["{\n}\n¦"])
    }

    @Test func `a record longer than the window comes in parts`() {
        let source = [UInt8](repeating: 0x61, count: 100_000) + [0x0d, 0x0a, 0x62]
        for format in [SourceFormat.fhirNDJSON(.lineFeed), .hl7v2, .opaque(mediaType: "x")] {
            let (pieces, longest) = Splitting.pieces(source, format, wholeLimit: 1000) { 300 }
            #expect(longest <= 1300)
            #expect(pieces.flatMap { $0.body + $0.terminator } == source)
            #expect(pieces.count == (format == .fhirNDJSON(.lineFeed) ? 2 : 1))
        }
    }

    private static let formats: [SourceFormat] = [
        .fhirNDJSON(.lineFeed), .fhirNDJSON(.carriageReturn), .hl7v2, .fhirJSON,
        .opaque(mediaType: "application/octet-stream"),
    ]

    /// The law of the splitter, over the bytes that could break it.
    @Test(arguments: formats)
    func `the pieces of any bytes are those bytes, however they arrive`(_ format: SourceFormat) {
        let tokens: [[UInt8]] = [
            [0x0a], [0x0d], [0x0d, 0x0a], [0x0b], [0x1c], [0x1c, 0x0d], [0x20], [0], [0xff], [0xef],
            [0xef, 0xbb, 0xbf], Array("MSH|^~\\&|".utf8), Array("MSH".utf8), Array("BHS|".utf8),
            Array("FTS|1".utf8), Array("{\"a\":1}".utf8), Array("PID|1".utf8), [0x7c], [0x7b],
        ]
        for seed in 0..<400 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var source: [UInt8] = []
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                source += tokens[Int.random(in: 0..<tokens.count, using: &generator)]
            }
            let wholeLimit = [16, 40, 1 << 20][Int(seed % 3)]
            let (pieces, _) = Splitting.pieces(source, format, wholeLimit: wholeLimit) {
                Int.random(in: 1...9, using: &generator)
            }
            #expect(pieces.flatMap { $0.body + $0.terminator } == source, "seed \(seed)")
            if wholeLimit == 1 << 20 {
                #expect(joined(pieces) == joined(Splitting.whole(source, format)), "seed \(seed)")
            }
        }
    }

    /// Literals in a row may be cut anywhere: put together they are the same.
    private func joined(_ pieces: [Splitting.Piece]) -> [Splitting.Piece] {
        var result: [Splitting.Piece] = []
        for piece in pieces {
            if piece.kind == .literal, let last = result.last, last.kind == .literal {
                result[result.count - 1].body += last.terminator + piece.body
                result[result.count - 1].terminator = piece.terminator
            } else {
                result.append(piece)
            }
        }
        return result
    }

    @Test func `every sample comes out as it went in`() throws {
        for name in try Samples.allNames {
            let bytes = try Samples.bytes(name)
            let format = try #require(Splitting.format(of: bytes, named: name))
            for block in [997, 1 << 20] {
                let (pieces, _) = Splitting.pieces(bytes, format, wholeLimit: 16 << 20) { block }
                #expect(pieces.flatMap { $0.body + $0.terminator } == bytes, "\(name)")
                if format == .hl7v2 { #expect(pieces.count == 1, "\(name)") }
            }
        }
    }
}
