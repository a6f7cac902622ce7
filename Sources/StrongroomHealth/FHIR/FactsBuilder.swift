import ArchiveBytes

/// Makes the facts of one resource from what the scanner noted in it.
struct FactsBuilder {
    /// The names of a Bundle's entries, by the name that its references use.
    var names: [ExactText: String] = [:]
    /// What the Bundle calls the resource.
    var fullURL: String?

    private var facts = RecordFacts()
    private var aliases = NameList()
    private var encounters = NameList()
    private var subjects = SubjectChoice()
    private var recordedRank = 0
    /// The last moment of the resource: where it stands and what it is.
    private var lastMoment: (Range<Int>, Range<Timestamp>)?
    private var lastSubject = KnownReference()
    private var lastEncounter = KnownReference()

    init(names: [ExactText: String] = [:]) { self.names = names }

    /// The facts of the resource at `index` of the scan.
    mutating func facts(
        of index: Int,
        _ scanner: borrowing FHIRScanner,
        _ bytes: Span<UInt8>,
        _ decoder: inout TextDecoder
    ) -> RecordFacts {
        reset()
        let resource = scanner.resources[index]
        let type = resource.type.map { decoder.string($0, in: bytes) } ?? ""
        if !type.isEmpty { facts.types.append(type) }
        facts.id = resource.id.map { decoder.uniqueString($0, in: bytes) }
        facts.version = resource.version.map { decoder.string($0, in: bytes) }
        if resource.hasDuplicateKey { facts.quirks.append("duplicate-key") }
        nameItself(type)
        // A loop over places: a sequence of findings would be made anew for every record.
        for place in scanner.places(of: index) {
            let finding = scanner.findings[place]
            if finding.owner == Int32(index) { take(finding, type, bytes, &decoder) }
        }
        facts.subject = subjects.choice(for: type)
        facts.subjectAliases = aliases.names
        facts.encounters = encounters.names
        return facts
    }

    /// Begins anew, in the memory of the last facts if nobody holds those any more.
    private mutating func reset() {
        facts.reset()
        aliases.removeAll()
        encounters.removeAll()
        subjects = SubjectChoice()
        recordedRank = 0
        lastMoment = nil
    }

    /// A Patient is about itself, an Encounter belongs to itself.
    private mutating func nameItself(_ type: String) {
        guard type == "Patient" || type == "Encounter" else { return }
        let name = facts.id.map { type + "/" + $0 } ?? fullURL
        guard let name else { return }
        if type == "Encounter" { return encounters.insert(name) }
        subjects.note(name, type: type, by: .subject)
        aliases.insert(name)
        if let id = facts.id { aliases.insert(id) }
        if let fullURL { aliases.insert(fullURL) }
    }

    private mutating func take(
        _ finding: Finding,
        _ type: String,
        _ bytes: Span<UInt8>,
        _ decoder: inout TextDecoder
    ) {
        switch finding.kind {
        case .event, .eventStart, .eventEnd, .recorded, .lastUpdated:
            takeTime(finding, type, bytes, &decoder)
            return
        case .identifier where type != "Patient": return
        default: break
        }
        let text = decoder.string(finding.text, in: bytes)
        let system = finding.system.map { decoder.string($0, in: bytes) } ?? ""
        switch finding.kind {
        case .subject: takeSubject(text, finding.field)
        case .subjectIdentifier:
            let name = system.isEmpty ? text : system + "|" + text
            subjects.note(name, type: nil, by: finding.field)
            aliases.insert(name)
            aliases.insert(text)
        case .encounter:
            if let reference = lastEncounter.reference(text) {
                encounters.insert(name(of: reference) ?? reference.name)
            }
        case .code: facts.codes.insert(Code(system: system, code: text))
        case .label: facts.labels.insert(Code(system: system, code: text))
        case .status: if !facts.statuses.contains(bytesOf: text) { facts.statuses.append(text) }
        case .identifier:
            if !system.isEmpty { aliases.insert(system + "|" + text) }
            aliases.insert(text)
        case .event, .eventStart, .eventEnd, .recorded, .lastUpdated: break
        }
    }

    /// What the Bundle's entry is called that a reference leads to.
    private func name(of reference: FHIRReference) -> String? {
        names.isEmpty ? nil : names[ExactText(text: reference.name)]
    }

    private mutating func takeSubject(_ text: String, _ field: FHIRKey) {
        guard var reference = lastSubject.reference(text) else { return }
        if let known = name(of: reference), let resolved = FHIRReference(known) {
            reference.aliases += [reference.name] + resolved.aliases
            reference.name = resolved.name
            reference.type = resolved.type
        }
        let isMain = SubjectChoice.rank(of: field) != nil
        guard isMain || reference.type == "Patient" else { return }
        subjects.note(reference.name, type: reference.type, by: field)
        aliases.insert(reference.name)
        // A bare id says little of a patient, and nothing of a device or a group.
        if reference.type == "Patient" || reference.type == nil {
            for alias in reference.aliases { aliases.insert(alias) }
        }
    }
}

/// The reference that was taken apart last: neighbouring records have it in common.
private struct KnownReference {
    private var text = ""
    private var parts: FHIRReference?

    mutating func reference(_ text: String) -> FHIRReference? {
        if !text.hasSameBytes(as: self.text) {
            parts = FHIRReference(text)
            self.text = text
        }
        return parts
    }
}

extension RecordFacts {
    /// Makes them those of nothing again, and keeps memory that nobody else holds.
    fileprivate mutating func reset() {
        types.removeAll(keepingCapacity: true)
        (id, version, subject) = (nil, nil, nil)
        // They are lent: their memory is that of the lists of names.
        (subjectAliases, encounters) = ([], [])
        codes.removeAll(keepingCapacity: true)
        statuses.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
        (eventTime, recordedTime) = (nil, nil)
        quirks.removeAll(keepingCapacity: true)
    }
}

extension [Code] {
    /// Adds a code unless it is there.
    fileprivate mutating func insert(_ code: Code) {
        if !contains(code) { append(code) }
    }
}

// MARK: - Time

extension FactsBuilder {
    private mutating func takeTime(
        _ finding: Finding,
        _ type: String,
        _ bytes: Span<UInt8>,
        _ decoder: inout TextDecoder
    ) {
        guard let range = moment(finding.text, bytes, &decoder) else {
            if !facts.quirks.contains("malformed-date") { facts.quirks.append("malformed-date") }
            return
        }
        switch finding.kind {
        case .recorded where Self.isEvent(finding.field, type): facts.cover(range)
        case .recorded: setRecorded(range, rank: 2)
        case .lastUpdated: setRecorded(range, rank: 1)
        default: facts.cover(range)
        }
    }

    /// When it was written down is what the record says of it; the server's own date comes second.
    private mutating func setRecorded(_ range: Range<Timestamp>, rank: Int) {
        guard rank > recordedRank else { return }
        recordedRank = rank
        facts.recordedTime = range.lowerBound
    }

    /// Up to STU3 some types gave under `date` when it happened.
    private static func isEvent(_ field: FHIRKey, _ type: String) -> Bool {
        field == .date && (type == "Immunization" || type == "AdverseEvent")
    }

    private mutating func moment(
        _ text: JSONText,
        _ bytes: Span<UInt8>,
        _ decoder: inout TextDecoder
    ) -> Range<Timestamp>? {
        guard text.isEscaped else {
            let range = text.start..<text.end
            // What was observed now was mostly issued now.
            if let (place, moment) = lastMoment,
                bytes.extracting(place).isEqual(to: bytes.extracting(range))
            {
                return moment
            }
            let moment = Moment.fhir(bytes, range)
            lastMoment = moment.map { (range, $0) }
            return moment
        }
        let plain = decoder.string(text, in: bytes)
        return Moment.fhir(plain.utf8Span.span, 0..<plain.utf8.count)
    }
}
