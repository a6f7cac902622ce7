import ArchiveBytes
import Strongroom

/// Makes records of the pieces of one source file.
struct RecordMaker {
    static let collection = "records"
    /// A term of every record that did not parse, to list them by.
    static let unparsedTerm = "unparsed:"

    private var fhir = FHIRReader()
    private let hl7 = HL7Reader()
    private var terms = TermMaker()
    private var names: NameMaker
    init(label: String) {
        names = NameMaker(label: label)
    }

    /// What a piece is, besides its bytes.
    struct Made {
        var record: NewRecord
        /// What it counts as in the summary.
        var type: String
        var unparsed: String?
    }

    /// Where a piece comes from.
    struct Origin {
        /// The source's name in the archive.
        var name: String
        var path: [UInt8]
        var format: SourceFormat
        /// The line or message from 1, or 0 if the piece is the whole file.
        var number: UInt64
    }

    /// Makes the record of a piece, without its body.
    mutating func record(_ body: Span<UInt8>, _ origin: Origin) -> Made {
        switch origin.format {
        case .fhirNDJSON, .fhirJSON: return fhirRecord(body, origin)
        case .hl7v2:
            do throws(HL7Fault) {
                return finish(try hl7.facts(body), name: ordinal(origin), origin)
            } catch {
                return unparsed(RecordFacts(), error.description, ordinal(origin), origin)
            }
        case .opaque(let mediaType):
            return finish(RecordFacts(), name: origin.name, origin, type: mediaType)
        }
    }

    /// Makes the record of a body that is too long to be looked into.
    mutating func unreadRecord(_ origin: Origin, limit: Int) -> Made {
        let name = origin.number == 0 ? origin.name : numbered(origin)
        if case .opaque(let mediaType) = origin.format {
            return finish(RecordFacts(), name: origin.name, origin, type: mediaType)
        }
        let reason = "longer than \(limit >> 20) MiB, so it was not looked into"
        return unparsed(RecordFacts(), reason, name, origin)
    }

    private mutating func fhirRecord(_ body: Span<UInt8>, _ origin: Origin) -> Made {
        let isLine = origin.number > 0
        var fallback: String { isLine ? numbered(origin) : origin.name }
        do throws(FHIRFault) {
            let facts = try fhir.facts(body)
            // A file keeps its own name, so that it can be asked for by it.
            let own = isLine ? names.resource(type: facts.types.first, id: facts.id) : nil
            return finish(facts, name: own ?? fallback, origin)
        } catch .notAResource {
            var made = finish(RecordFacts(), name: fallback, origin, type: MediaType.json)
            made.record.mediaType = MediaType.json
            return made
        } catch {
            return unparsed(fhir.remains(body), error.description, fallback, origin)
        }
    }

    private func numbered(_ origin: Origin) -> String {
        let mark = origin.format == .hl7v2 ? "#" : "#L"
        return origin.name + mark + String(origin.number)
    }

    private func ordinal(_ origin: Origin) -> String {
        origin.number == 0 ? origin.name : numbered(origin)
    }
}

extension RecordMaker {
    private mutating func finish(
        _ facts: RecordFacts,
        name: String,
        _ origin: Origin,
        type: String? = nil
    ) -> Made {
        let subject = names.subject(facts.subject)
        var record = NewRecord(
            name: name,
            body: [],
            collection: Self.collection,
            subject: subject,
            mediaType: origin.format.mediaType,
            source: RecordSource(path: origin.path, line: origin.number)
        )
        record.termList = terms.terms(of: facts, subject: subject)
        if let version = facts.version, version.utf8.count < 1024 {
            record.attributes.append(("version", version))
        }
        var quirks = facts.quirks
        if let time = facts.eventTime {
            record.eventStart = time.lowerBound.microseconds
            // A time to the second is a moment; only what lasts longer has an end.
            let last = time.upperBound.microseconds - 1
            if last - time.lowerBound.microseconds >= 1_000_000 { record.eventEnd = last }
        } else if let time = facts.recordedTime {
            // Better than the day of the import; but whoever counts years from it must know.
            record.eventStart = time.microseconds
            quirks.append("time-of-writing")
        }
        if !quirks.isEmpty {
            record.attributes.append(("quirks", quirks.joined(separator: ",")))
        }
        let counted = type ?? facts.types.first ?? origin.format.mediaType
        return Made(record: consume record, type: counted)
    }

    private mutating func unparsed(
        _ facts: RecordFacts,
        _ reason: String,
        _ name: String,
        _ origin: Origin
    ) -> Made {
        var made = finish(facts, name: name, origin, type: "unparsed")
        made.record.terms.append(Self.unparsedTerm)
        made.record.attributes.append(("unparsed", reason))
        made.unparsed = reason
        return made
    }
}
