import ArchiveBytes
import Strongroom

@testable import StrongroomHealth
@testable import StrongroomVaults

func fuzzFHIR(_ input: inout FuzzInput) throws {
    let bytes = input.rest()
    var reader = FHIRReader()
    do {
        let facts = try reader.facts(bytes.span)
        _ = facts.indexTerms(subject: facts.subject)
    } catch {
        _ = reader.remains(bytes.span)
    }
    for entry in (try? reader.entries(bytes.span)) ?? [] {
        require(entry.range.upperBound <= bytes.count, "an entry is within its Bundle")
    }
    try make(.fhirNDJSON(.lineFeed), bytes)
    // The cursor is strict where the parser is: neither may take what the other refuses.
    guard bytes.count < 4_096, !bytes.starts(with: [0xef, 0xbb, 0xbf]) else { return }
    var cursor = JSONCursor()
    let isStrict = (try? cursor.skipValue(bytes.span, depth: 0)) != nil
    guard isStrict, (try? cursor.finish(bytes.span)) != nil, !cursor.hasHighBytes else { return }
    do {
        _ = try JSONValue(parsing: bytes.span, limits: JSONLimits(depth: 512))
    } catch {
        switch error.reason {
        case .unexpected, .truncated, .trailingBytes, .malformedNumber:
            require(false, "the cursor takes JSON only")
        default: break
        }
    }
}

func fuzzHL7(_ input: inout FuzzInput) throws {
    let bytes = input.rest()
    let reader = HL7Reader()
    if let facts = try? reader.facts(bytes.span) { _ = facts.indexTerms(subject: facts.subject) }
    try make(.hl7v2, bytes)
}

/// The record of a piece must be one that an archive takes.
private func make(_ format: SourceFormat, _ bytes: [UInt8]) throws {
    var maker = RecordMaker(label: "label/")
    for number in [0, 7] as [UInt64] {
        let origin = RecordMaker.Origin(
            name: "source",
            path: Array("source".utf8),
            format: format,
            number: number
        )
        let made = maker.record(bytes.span, origin)
        require(!made.record.name.isEmpty, "a record has a name")
        require(made.record.name.utf8.count <= 1_024, "a name is within its bound")
        require((made.record.subject?.utf8.count ?? 0) <= 256, "a subject is within its bound")
        require(made.record.terms.count <= 4_096, "terms are within their bound")
        require(made.record.terms.allSatisfy { $0.utf8.count <= 512 }, "so is each term")
    }
}

/// Whatever a file holds and however it arrives, the pieces together are the file.
func fuzzIntake(_ input: inout FuzzInput) throws {
    let wholeLimit = 16 + input.number(1)
    let steps = input.take(8) + [1]
    let isNamedAsLines = input.byte() % 2 == 0
    let forced = input.byte()
    let source = input.rest()
    let found = SourceFormat.detect(source.span, isWhole: true, isNamedAsLines: isNamedAsLines)
    guard let found else {
        require(false, "a whole file has a format")
        return
    }
    let half = source.span.extracting(..<(source.count / 2))
    _ = SourceFormat.detect(half, isWhole: false, isNamedAsLines: isNamedAsLines)
    let formats: [SourceFormat] = [
        found, .hl7v2, .fhirNDJSON(.lineFeed), .fhirNDJSON(.carriageReturn), .fhirJSON,
    ]
    let format = formats[Int(forced) % formats.count]
    var splitter = SourceSplitter(format, wholeLimit: wholeLimit)
    var (start, end, turn, idle) = (0, 0, 0, 0)
    while true {
        switch splitter.next(source.span.extracting(start..<end), isEnd: end == source.count) {
        case .end:
            require(start == source.count, "the pieces together are the file")
            return
        case .more:
            require(end < source.count, "nobody asks for more at the end")
            end = min(source.count, end + 1 + Int(steps[turn % steps.count]))
        case .piece(let piece), .part(let piece, _):
            require(piece.body.lowerBound == 0, "a piece begins where the last one ended")
            require(piece.body.upperBound == piece.terminator.lowerBound, "its end follows it")
            require(start + piece.byteCount <= end, "a piece is within its window")
            idle = piece.byteCount == 0 ? idle + 1 : 0
            require(idle < 4, "the walk goes on")
            start += piece.byteCount
        }
        turn += 1
    }
}

/// What a server of somebody else's answers.
func fuzzReplies(_ input: inout FuzzInput) throws {
    switch input.byte() % 3 {
    case 0:
        guard let element = XMLElement(input.rest()) else { return }
        _ = element.children.count
    case 1: _ = try VaultLocation(String(decoding: input.rest(), as: UTF8.self))
    default:
        var reader = SFTPReader(input.rest())
        while !reader.isAtEnd {
            _ = try reader.text()
            _ = try reader.attributes()
            _ = try reader.longNumber()
        }
    }
}
