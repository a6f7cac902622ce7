import ArchiveBytes
import Testing

@testable import StrongroomHealth

@Suite struct `Bundles` {
    private static let bundle = """
        {"resourceType":"Bundle","id":"b","type":"transaction","entry":[
        {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p","identifier":[{"value":"M1"}]},
         "request":{"method":"POST","url":"Patient"}},
        {"resource":{"subject":{"reference":"urn:uuid:1"},"resourceType":"Observation","id":"o",
         "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
         "encounter":{"reference":"urn:uuid:2"},"effectiveDateTime":"2020-01-01"}},
        {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Encounter","id":"e","status":"finished",
         "subject":{"reference":"urn:uuid:1"},"period":{"start":"2020-02-01","end":"2020-02-02"}}},
        {"request":{"method":"DELETE","url":"DocumentReference/d"}}]}
        """

    private func facts(_ text: String) throws -> RecordFacts {
        var reader = FHIRReader()
        return try reader.facts(Array(text.utf8).span)
    }

    private func entries(_ text: String) throws -> [BundleEntry] {
        var reader = FHIRReader()
        return try reader.entries(Array(text.utf8).span)
    }

    @Test func `a Bundle has the facts of all its entries`() throws {
        let facts = try facts(Self.bundle)
        #expect(facts.types == ["Bundle", "Patient", "Observation", "Encounter"])
        #expect(facts.id == "b")
        #expect(facts.subject == "Patient/p")
        #expect(Set(facts.subjectAliases) == ["Patient/p", "p", "urn:uuid:1", "1", "M1"])
        #expect(facts.encounters == ["Encounter/e"])
        #expect(facts.statuses == ["finished"])
        #expect(facts.codes.contains(Code(system: "http://loinc.org", code: "8867-4")))
        #expect(facts.eventTime == (try times("2020-01-01T00:00:00Z", "2020-02-03T00:00:00Z")))
    }

    @Test func `each entry has its own facts, place and request`() throws {
        let entries = try entries(Self.bundle)
        #expect(entries.map(\.index) == [0, 1, 2, 3])
        #expect(entries.map(\.fullURL) == ["urn:uuid:1", nil, "urn:uuid:2", nil])
        #expect(entries.map(\.method) == ["POST", nil, nil, "DELETE"])
        #expect(entries.map(\.requestURL) == ["Patient", nil, nil, "DocumentReference/d"])
        #expect(entries.map(\.facts.types) == [["Patient"], ["Observation"], ["Encounter"], []])
        #expect(entries.map(\.facts.subject) == ["Patient/p", "Patient/p", "Patient/p", nil])
        #expect(entries[1].facts.encounters == ["Encounter/e"])
        for entry in entries.prefix(3) {
            let bytes = Array(Self.bundle.utf8)[entry.range]
            var reader = FHIRReader()
            let alone = try reader.facts(Array(bytes).span)
            #expect(alone.types == entry.facts.types)
            #expect(alone.id == entry.facts.id)
        }
    }

    @Test func `a patient without id goes by the entry's name`() throws {
        let facts = try facts(
            """
            {"entry":[{"resource":{"resourceType":"Patient"},"fullUrl":"urn:uuid:1"},
             {"resource":{"resourceType":"Flag","subject":{"reference":"urn:uuid:1"}}}],
             "resourceType":"Bundle"}
            """
        )
        #expect(facts.subject == "urn:uuid:1")
        #expect(facts.quirks.isEmpty)
    }

    @Test func `a Bundle about several patients says so and has no subject`() throws {
        let facts = try facts(
            """
            {"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}},
             {"resource":{"resourceType":"Patient","id":"2"}}]}
            """
        )
        #expect(facts.subject == nil)
        #expect(facts.subjectAliases == ["Patient/1", "1", "Patient/2", "2"])
        #expect(facts.quirks == ["several-subjects"])
    }

    @Test func `a Bundle inside an entry is looked into`() throws {
        let text = """
            {"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle","id":"inner",
             "entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}},
             {"resource":{"resourceType":"Flag","id":"f","subject":{"reference":"Patient/1"}}}]}
            """
        #expect(try facts(text).types == ["Bundle", "Patient", "Flag"])
        #expect(try facts(text).subject == "Patient/1")
        #expect(try entries(text).map(\.facts.types) == [["Bundle"], ["Patient"], ["Flag"]])
    }

    @Test func `the entries of a List are no records`() throws {
        let text = """
            {"resourceType":"List","id":"l","subject":{"reference":"Patient/1"},
             "entry":[{"item":{"reference":"Condition/1"}},{"resource":{"resourceType":"Patient","id":"2"}}]}
            """
        #expect(try facts(text).types == ["List"])
        #expect(try facts(text).subject == "Patient/1")
        #expect(try entries(text).isEmpty)
    }

    @Test func `an empty Bundle is a Bundle`() throws {
        #expect(try facts(#"{"resourceType":"Bundle","entry":[]}"#).types == ["Bundle"])
    }
}
