import ArchiveBytes

/// Reads the facts from HL7 v2 messages in their ordinary encoding, ER7.
package struct HL7Reader {
    package init() {}

    /// The facts of one message, as every format has them.
    package func facts(_ bytes: Span<UInt8>) throws(HL7Fault) -> RecordFacts {
        RecordFacts(try message(bytes))
    }

    /// The essentials of one message.
    package func message(_ bytes: Span<UInt8>) throws(HL7Fault) -> HL7Facts {
        let message = try HL7Message(bytes)
        let header = message.segments[0]
        let sets = HL7Message.split(
            bytes,
            header.field(18),
            by: message.delimiters.repetition
        ).map { bytes.text(from: $0.lowerBound, to: $0.upperBound) }
        let decoder = HL7Decoder(bytes, message.delimiters, declared: sets.first ?? "")
        var walk = HL7Walk(decoder)
        walk.facts.declaredCharacterSets = sets.filter { !$0.isEmpty }
        for segment in message.segments { walk.take(segment, bytes) }
        walk.facts.segmentCount = message.segments.count
        walk.noteQuirks(message, bytes)
        return walk.facts
    }
}

/// Goes through the segments of one message in order, for the order tells what belongs together.
struct HL7Walk {
    let decoder: HL7Decoder
    var facts = HL7Facts()
    private var hasMalformedDate = false

    init(_ decoder: HL7Decoder) { self.decoder = decoder }

    mutating func take(_ segment: HL7Message.Segment, _ bytes: Span<UInt8>) {
        switch segment.name {
        case "MSH": takeHeader(segment, bytes)
        case "EVN":
            facts.eventRecorded = time(segment, 2, bytes)
            facts.eventOccurred = time(segment, 6, bytes)
        case "PID": takePatient(segment, bytes)
        case "MRG":
            if facts.patients.isEmpty { facts.patients.append(HL7Patient()) }
            facts.patients[facts.patients.count - 1].prior += identifiers(segment, 1, bytes)
        case "PV1": takeVisit(segment, bytes)
        case "ORC":
            facts.ordered = time(segment, 9, bytes) ?? facts.ordered
            takeStatus(segment, 5, bytes)
        case "OBR":
            takeActivities(segment, [7, 8], bytes)
            takeStatus(segment, 25, bytes)
        case "OBX": takeActivities(segment, [14], bytes)
        case "RXA": takeActivities(segment, [3, 4], bytes)
        case "TXA": takeDocument(segment, bytes)
        default: break
        }
        if let numbers = HL7Codes.fields[segment.name] {
            for number in numbers { takeCodes(segment, number, bytes) }
        }
    }

    mutating func noteQuirks(_ message: HL7Message, _ bytes: Span<UInt8>) {
        facts.characterSet = decoder.characterSet
        if bytes.starts(with: "\u{feff}") { facts.quirks.append("bom") }
        switch message.lineEnd {
        case .carriageReturn: break
        case .both: facts.quirks.append("crlf-segments")
        case .lineFeed: facts.quirks.append("lf-segments")
        }
        if !message.delimiters.isUsual { facts.quirks.append("unusual-delimiters") }
        if decoder.isGuessed { facts.quirks.append("charset-guessed") }
        if hasMalformedDate { facts.quirks.append("malformed-date") }
    }
}

// MARK: - Segments

extension HL7Walk {
    private mutating func takeHeader(_ segment: HL7Message.Segment, _ bytes: Span<UInt8>) {
        facts.sendingApplication = text(segment, 3, bytes)
        facts.sendingFacility = text(segment, 4, bytes)
        facts.receivingApplication = text(segment, 5, bytes)
        facts.receivingFacility = text(segment, 6, bytes)
        facts.time = time(segment, 7, bytes)
        facts.messageType = text(segment, 9, bytes)
        let parts = components(segment.field(9), bytes)
        facts.messageCode = parts.count > 0 ? parts[0] : ""
        facts.triggerEvent = parts.count > 1 ? parts[1] : ""
        facts.controlID = text(segment, 10, bytes)
        facts.version = components(segment.field(12), bytes).first ?? ""
    }

    private mutating func takePatient(_ segment: HL7Message.Segment, _ bytes: Span<UInt8>) {
        var patient = HL7Patient()
        patient.identifiers = identifiers(segment, 3, bytes)
        patient.otherIdentifiers = identifiers(segment, 2, bytes) + identifiers(segment, 4, bytes)
        patient.names = repetitions(segment.field(5), bytes).map { decoder.text(bytes, $0) }
            .filter { !$0.isEmpty }
        patient.birth = time(segment, 7, bytes)
        patient.account = identifiers(segment, 18, bytes).first
        patient.socialSecurityNumber = components(segment.field(19), bytes).first ?? ""
        facts.patients.append(patient)
    }

    private mutating func takeVisit(_ segment: HL7Message.Segment, _ bytes: Span<UInt8>) {
        facts.visits += identifiers(segment, 19, bytes)
        facts.patientClass = text(segment, 2, bytes)
        facts.admitted = time(segment, 44, bytes) ?? facts.admitted
        facts.discharged = time(segment, 45, bytes) ?? facts.discharged
    }

    private mutating func takeDocument(_ segment: HL7Message.Segment, _ bytes: Span<UInt8>) {
        takeActivities(segment, [4], bytes)
        facts.documentID = components(segment.field(12), bytes).first ?? ""
        facts.parentDocumentID = components(segment.field(13), bytes).first ?? ""
        takeStatus(segment, 17, bytes)
        takeStatus(segment, 19, bytes)
    }

    private mutating func takeStatus(
        _ segment: HL7Message.Segment,
        _ number: Int,
        _ bytes: Span<UInt8>
    ) {
        let status = text(segment, number, bytes)
        if !status.isEmpty, !facts.statuses.contains(bytesOf: status) {
            facts.statuses.append(status)
        }
    }

    private mutating func takeActivities(
        _ segment: HL7Message.Segment,
        _ numbers: [Int],
        _ bytes: Span<UInt8>
    ) {
        for number in numbers {
            if let time = time(segment, number, bytes) { facts.activities.append(time) }
        }
    }

    /// The codes of a field of type CE or CWE: the first and up to two alternates.
    private mutating func takeCodes(
        _ segment: HL7Message.Segment,
        _ number: Int,
        _ bytes: Span<UInt8>
    ) {
        for repetition in repetitions(segment.field(number), bytes) {
            let parts = components(repetition, bytes)
            for (code, system) in [(0, 2), (3, 5), (9, 11)] where code < parts.count {
                guard !parts[code].isEmpty else { continue }
                let name = system < parts.count ? parts[system] : ""
                insert(Code(system: name, code: parts[code]))
                if let url = HL7Codes.systems[name] {
                    insert(Code(system: url, code: parts[code]))
                }
            }
        }
    }

    private mutating func insert(_ code: Code) {
        if !facts.codes.contains(code) { facts.codes.append(code) }
    }
}

// MARK: - Fields

extension HL7Walk {
    private func text(
        _ segment: HL7Message.Segment,
        _ number: Int,
        _ bytes: Span<UInt8>
    ) -> String {
        decoder.text(bytes, segment.field(number))
    }

    private func repetitions(_ range: Range<Int>, _ bytes: Span<UInt8>) -> [Range<Int>] {
        HL7Message.split(bytes, range, by: decoder.delimiters.repetition)
    }

    private func components(_ range: Range<Int>, _ bytes: Span<UInt8>) -> [String] {
        HL7Message.split(bytes, range, by: decoder.delimiters.component).map {
            decoder.text(bytes, $0)
        }
    }

    /// The time in a field; what stands there and is no time is a quirk.
    private mutating func time(
        _ segment: HL7Message.Segment,
        _ number: Int,
        _ bytes: Span<UInt8>
    ) -> Range<Timestamp>? {
        let parts = HL7Message.split(
            bytes,
            segment.field(number),
            by: decoder.delimiters.component
        )
        guard !parts[0].isEmpty, !decoder.text(bytes, parts[0]).isEmpty else { return nil }
        let time = Moment.hl7(bytes, parts[0])
        if time == nil { hasMalformedDate = true }
        return time
    }

    private func identifiers(
        _ segment: HL7Message.Segment,
        _ number: Int,
        _ bytes: Span<UInt8>
    ) -> [HL7Identifier] {
        repetitions(segment.field(number), bytes).compactMap { identifier($0, bytes) }
    }

    private func identifier(_ range: Range<Int>, _ bytes: Span<UInt8>) -> HL7Identifier? {
        let parts = HL7Message.split(bytes, range, by: decoder.delimiters.component)
        var identifier = HL7Identifier()
        identifier.id = decoder.text(bytes, parts[0])
        guard !identifier.id.isEmpty else { return nil }
        if parts.count > 1 { identifier.checkDigit = decoder.text(bytes, parts[1]) }
        if parts.count > 2 { identifier.scheme = decoder.text(bytes, parts[2]) }
        if parts.count > 4 { identifier.type = decoder.text(bytes, parts[4]) }
        guard parts.count > 3 else { return identifier }
        identifier.authority = decoder.text(bytes, parts[3])
        let names = HL7Message.split(bytes, parts[3], by: decoder.delimiters.subcomponent)
        identifier.namespace = decoder.text(bytes, names[0])
        if names.count > 1 { identifier.universalID = decoder.text(bytes, names[1]) }
        if names.count > 2 { identifier.universalIDType = decoder.text(bytes, names[2]) }
        return identifier
    }
}
