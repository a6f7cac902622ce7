import Testing

@testable import StrongroomHealth

@Suite struct `Index terms` {
    @Test func `every fact that is searched by has its term`() {
        var facts = RecordFacts()
        facts.types = ["Observation"]
        facts.subjectAliases = ["Patient/1", "1"]
        facts.encounters = ["Encounter/1"]
        facts.statuses = ["final"]
        facts.labels = [Code(system: "http://c", code: "R")]
        facts.codes = [Code(system: "http://loinc.org", code: "1-2"), Code(system: "", code: "x")]
        #expect(
            facts.indexTerms() == [
                "type:Observation", "patient:Patient/1", "patient:1", "encounter:Encounter/1",
                "status:final", "label:http://c|R", "code:http://loinc.org|1-2", "code:|x",
            ]
        )
    }

    @Test func `a term of 512 bytes is kept and a longer one is named as missing`() {
        var facts = RecordFacts()
        facts.types = [String(repeating: "t", count: 507), String(repeating: "t", count: 508)]
        #expect(facts.indexTerms() == ["type:" + facts.types[0], "overflow:"])
    }

    /// Who asks with one of two spellings finds only what has its bytes.
    @Test func `both spellings of what looks alike have a term`() throws {
        let (one, other) = ("caf\u{e9}", "cafe\u{301}")
        let json = """
            {"resourceType":"Patient","id":"1","identifier":[{"value":"\(one)"},{"value":"\(other)"}]}
            """
        var reader = FHIRReader()
        let facts = try reader.facts(Array(json.utf8).span)
        let all = facts.indexTerms().map { Array($0.utf8) }
        for text in [one, other] { #expect(all.contains(Array("patient:\(text)".utf8))) }
        let terms = facts.indexTerms(subject: other).map { Array($0.utf8) }
        #expect(terms.contains(Array("patient:\(one)".utf8)))
        #expect(!terms.contains(Array("patient:\(other)".utf8)))
        var names = NameList()
        for number in 0..<40 { names.insert(String(number / 2)) }
        for text in [one, other, one, other] { names.insert(text) }
        #expect(names.names.suffix(2).map(\.utf8.count) == [5, 6])
        #expect(names.names.count == 22)
        #expect(Code(system: one, code: "c") != Code(system: other, code: "c"))
        #expect(!facts.holds(["patient:caf"]) && facts.holds(["patient:\(one)"]))
    }

    /// All of them have one hash of Swift's, and a table of a hundred thousand would never end.
    @Test func `a hundred thousand texts that look alike are told apart quickly`() {
        var names = NameList()
        for number in 0..<(1 << 17) {
            var name = ""
            for bit in 0..<17 { name += number >> bit & 1 == 0 ? "\u{e9}" : "e\u{301}" }
            names.insert(name)
        }
        #expect(names.names.count == 1 << 17)
    }

    @Test func `no term holds a NUL`() {
        var facts = RecordFacts()
        facts.subjectAliases = ["a\0b", "c"]
        #expect(facts.indexTerms() == ["patient:c", "overflow:"])
    }

    @Test func `a record has 4096 terms at most`() {
        var facts = RecordFacts()
        facts.codes = (0..<4095).map { Code(system: "s", code: String($0)) }
        #expect(facts.indexTerms().count == 4095)
        #expect(facts.indexTerms().last == "code:s|4094")
        facts.codes.append(Code(system: "s", code: "one more"))
        #expect(facts.indexTerms().count == 4096)
        #expect(facts.indexTerms().last == "overflow:")
    }

    @Test func `the subject has no term, for the index has a table of them`() {
        var facts = RecordFacts()
        facts.subjectAliases = ["Patient/1", "1", "mrn|7"]
        #expect(facts.indexTerms(subject: "Patient/1") == ["patient:mrn|7"])
        // Who asks for a bare id is led to `Patient/<id>` too, but past the names of sources.
        #expect(facts.indexTerms(subject: "ward/Patient/1").contains("patient:1"))
    }

    @Test func `the terms of a record take 384 KiB at most`() {
        var facts = RecordFacts()
        facts.codes = (1000..<2000).map {
            Code(system: String(repeating: "s", count: 480), code: String($0))
        }
        let terms = facts.indexTerms()
        #expect(terms.last == "overflow:")
        #expect(terms.reduce(0) { $0 + $1.utf8.count } <= 384 << 10)
        #expect(terms.count > 700)
    }

    @Test func `the terms of a Bundle are distinct`() throws {
        var reader = FHIRReader()
        let bytes = try Samples.bytes("fhir/bundle-r4.json")
        let terms = try reader.facts(bytes.span).indexTerms()
        #expect(Set(terms).count == terms.count)
        #expect(terms.contains("patient:Patient/cdf500b9-7cc4-424d-a86c-a18e6620d6e7"))
    }
}
