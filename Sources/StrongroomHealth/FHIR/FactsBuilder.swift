import ArchiveBytes

/// Makes the facts of one resource from what the scanner noted in it.
struct FactsBuilder {
    /// The names of a Bundle's entries, by the name that its references use.
    var names: [String: String] = [:]
    /// What the Bundle calls the resource.
    var fullURL: String?

    private var facts = RecordFacts()
    private var aliases = NameList()
    private var encounters = NameList()
    private var subjects = SubjectChoice()
    private var recordedRank = 0

    init(names: [String: String] = [:]) { self.names = names }

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
        facts.types = type.isEmpty ? [] : [type]
        facts.id = resource.id.map { decoder.string($0, in: bytes) }
        facts.version = resource.version.map { decoder.string($0, in: bytes) }
        if resource.hasDuplicateKey { facts.quirks.append("duplicate-key") }
        nameItself(type)
        for finding in scanner.findings(of: index) { take(finding, type, bytes, &decoder) }
        facts.subject = subjects.choice(for: type)
        facts.subjectAliases = aliases.names
        facts.encounters = encounters.names
        return facts
    }

    private mutating func reset() {
        facts = RecordFacts()
        aliases = NameList()
        encounters = NameList()
        subjects = SubjectChoice()
        recordedRank = 0
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
            if let reference = FHIRReference(text) {
                encounters.insert(names[reference.name] ?? reference.name)
            }
        case .code: insert(Code(system: system, code: text), in: \.codes)
        case .label: insert(Code(system: system, code: text), in: \.labels)
        case .status: if !facts.statuses.contains(text) { facts.statuses.append(text) }
        case .identifier:
            if !system.isEmpty { aliases.insert(system + "|" + text) }
            aliases.insert(text)
        case .event, .eventStart, .eventEnd, .recorded, .lastUpdated: break
        }
    }

    private mutating func insert(_ code: Code, in list: WritableKeyPath<RecordFacts, [Code]>) {
        if !facts[keyPath: list].contains(code) { facts[keyPath: list].append(code) }
    }

    private mutating func takeSubject(_ text: String, _ field: FHIRKey) {
        guard var reference = FHIRReference(text) else { return }
        if let known = names[reference.name], let resolved = FHIRReference(known) {
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

    private func moment(
        _ text: JSONText,
        _ bytes: Span<UInt8>,
        _ decoder: inout TextDecoder
    ) -> Range<Timestamp>? {
        guard text.isEscaped else { return Moment.fhir(bytes, text.start..<text.end) }
        let plain = decoder.string(text, in: bytes)
        return Moment.fhir(plain.utf8Span.span, 0..<plain.utf8.count)
    }
}
