/// The facts of several resources as those of one record.
///
/// A record of several patients is about none of them: it has no subject, and says so among its
/// quirks, because it cannot be erased with one of them.
struct FactsUnion {
    private var whole: RecordFacts
    private var types = NameList()
    private var aliases = NameList()
    private var encounters = NameList()
    private var statuses = NameList()
    private var quirks = NameList()
    private var codes: Set<Code>
    private var labels: Set<Code>
    private var subjects = NameList()

    /// Starts with the facts of the outer resource.
    init(_ outer: RecordFacts) {
        whole = outer
        codes = Set(outer.codes)
        labels = Set(outer.labels)
        add(outer)
    }

    mutating func add(_ facts: RecordFacts) {
        for type in facts.types { types.insert(type) }
        for alias in facts.subjectAliases { aliases.insert(alias) }
        for encounter in facts.encounters { encounters.insert(encounter) }
        for status in facts.statuses { statuses.insert(status) }
        for quirk in facts.quirks { quirks.insert(quirk) }
        for code in facts.codes where codes.insert(code).inserted { whole.codes.append(code) }
        for label in facts.labels where labels.insert(label).inserted {
            whole.labels.append(label)
        }
        if let subject = facts.subject { subjects.insert(subject) }
        if let time = facts.eventTime { whole.cover(time) }
    }

    consuming func facts() -> RecordFacts {
        whole.types = types.names
        whole.subjectAliases = aliases.names
        whole.encounters = encounters.names
        whole.statuses = statuses.names
        whole.subject = subjects.names.count == 1 ? subjects.names.first : nil
        if subjects.names.count > 1 { quirks.insert("several-subjects") }
        whole.quirks = quirks.names
        return whole
    }
}
