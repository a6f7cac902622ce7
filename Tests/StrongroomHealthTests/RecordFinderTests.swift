import Strongroom
import Testing

@testable import StrongroomHealth

@Suite struct `Finding` {
    private func found(
        _ intake: Intake,
        subject: String? = nil,
        terms: [String] = [],
        during range: Range<Int64>? = nil
    ) async throws -> [String: [Int]] {
        var query = RecordQuery()
        query.subject = subject
        query.terms = terms
        query.eventRange = range
        let asked = query
        return try await intake.archive { archive in
            try await archive.read { view throws(ArchiveError) in
                var names: [String: [Int]] = [:]
                try RecordFinder(view).forEach(asked) { found in
                    #expect(names[found.record.name] == nil, "found twice")
                    names[found.record.name] = found.entries.map(\.index)
                    return true
                }
                return names
            }
        }
    }

    private static let bundle = """
        {"resourceType":"Bundle","entry":[
         {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"1",
          "identifier":[{"system":"urn:oid:1.2","value":"M1"}]}},
         {"resource":{"resourceType":"Observation","id":"a","subject":{"reference":"urn:uuid:p"},
          "code":{"coding":[{"system":"s","code":"A"}]},"effectiveDateTime":"2020"}},
         {"resource":{"resourceType":"Condition","id":"b","subject":{"reference":"urn:uuid:p"},
          "code":{"coding":[{"system":"s","code":"B"}]},"onsetDateTime":"2010"}}]}
        """

    private func fill(_ intake: Intake) throws {
        try intake.source("bundle.json", Self.bundle)
        try intake.source(
            "lines.ndjson",
            """
            {"resourceType":"Patient","id":"1","identifier":[{"system":"urn:oid:1.2","value":"M1"}]}
            {"resourceType":"Observation","id":"x","subject":{"reference":"Patient/1"},"effectiveDateTime":"2021","code":{"coding":[{"system":"s","code":"A"}]}}
            {"resourceType":"Observation","id":"y","subject":{"reference":"Patient/2"},"code":{"coding":[{"system":"s","code":"A"}]}}
            """
        )
        try intake.source("m.hl7", "MSH|^~\\&|A|||||ADT^A01\rPID|1||M1^^^F&1.2&ISO\r")
    }

    @Test func `a patient is found by every name`() async throws {
        try await Intake.with { intake in
            try fill(intake)
            _ = try await intake.importing()
            let own: Set = ["bundle.json", "Patient/1", "Observation/x"]
            #expect(Set(try await found(intake, subject: "Patient/1").keys) == own)
            #expect(Set(try await found(intake, subject: "1").keys) == own)
            let all = own.union(["m.hl7"])
            #expect(Set(try await found(intake, subject: "M1").keys) == all)
            #expect(Set(try await found(intake, subject: "urn:oid:1.2|M1").keys) == all)
            #expect(Set(try await found(intake, subject: "F|M1").keys) == ["m.hl7"])
            #expect(try await found(intake, subject: "M2").isEmpty)
        }
    }

    @Test func `a Bundle matches where one entry does, and says which`() async throws {
        try await Intake.with { intake in
            try fill(intake)
            _ = try await intake.importing()
            #expect(
                try await found(intake, terms: ["code:s|A"])
                    == ["bundle.json": [1], "Observation/x": [], "Observation/y": []]
            )
            #expect(try await found(intake, terms: ["type:Condition"]) == ["bundle.json": [2]])
            // Both are in the Bundle, but not in one entry.
            #expect(try await found(intake, terms: ["type:Condition", "code:s|A"]).isEmpty)
            #expect(try await found(intake, terms: ["type:Bundle"]) == ["bundle.json": []])
            #expect(
                try await found(intake, subject: "Patient/1", terms: ["type:Observation"])
                    == ["bundle.json": [1], "Observation/x": []]
            )
            let year2010 = 1_262_304_000_000_000..<1_293_840_000_000_000 as Range<Int64>
            #expect(
                try await found(intake, subject: "1", during: year2010) == ["bundle.json": [2]]
            )
            #expect(
                try await found(intake, terms: ["type:Observation"], during: year2010).isEmpty
            )
            #expect(try await found(intake).count == 5)
        }
    }

    @Test func `a named source's Bundle is found by its subject`() async throws {
        try await Intake.with { intake in
            try fill(intake)
            _ = try await intake.importing(source: "north")
            let found = try await found(
                intake,
                subject: "north/Patient/1",
                terms: ["type:Condition"]
            )
            #expect(found == ["north/bundle.json": [2]])
            #expect(try await self.found(intake, subject: "M1").count == 4)
        }
    }

    @Test func `a record with too many terms is looked into`() async throws {
        try await Intake.with { intake in
            let entries = (0..<5000).map {
                "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"\($0)\","
                    + "\"subject\":{\"reference\":\"Patient/1\"},"
                    + "\"code\":{\"coding\":[{\"system\":\"s\",\"code\":\"\($0)\"}]}}}"
            }
            try intake.source(
                "big.json",
                "{\"resourceType\":\"Bundle\",\"entry\":[" + entries.joined(separator: ",") + "]}"
            )
            _ = try await intake.importing()
            #expect(try await intake.records()["big.json"]?.terms.count == 4096)
            #expect(try await found(intake, terms: ["code:s|0"]) == ["big.json": [0]])
            #expect(try await found(intake, terms: ["code:s|4999"]) == ["big.json": [4999]])
            #expect(try await found(intake, terms: ["code:s|5000"]).isEmpty)
        }
    }

    @Test func `the search ends when the visitor has enough`() async throws {
        try await Intake.with { intake in
            try fill(intake)
            _ = try await intake.importing()
            let count = try await intake.archive { archive in
                try await archive.read { view throws(ArchiveError) in
                    var query = RecordQuery()
                    query.subject = "M1"
                    var count = 0
                    try RecordFinder(view).forEach(query) { _ in
                        count += 1
                        return count < 2
                    }
                    return count
                }
            }
            #expect(count == 2)
        }
    }

    @Test func `a term that is no fact holds of nothing`() {
        var facts = RecordFacts()
        facts.types = ["Flag"]
        facts.subject = "Patient/1"
        #expect(facts.holds(["type:Flag", "patient:Patient/1"]))
        #expect(!facts.holds(["type:List"]))
        #expect(!facts.holds(["Flag"]))
        #expect(!facts.holds(["other:Flag"]))
        #expect(facts.holds([]))
    }
}
