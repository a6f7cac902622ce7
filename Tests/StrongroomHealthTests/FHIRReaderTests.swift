import ArchiveBytes
import Support
import Testing

@testable import StrongroomHealth

@Suite struct `Facts of a resource` {
    private func facts(_ text: String) throws(FHIRFault) -> RecordFacts {
        var reader = FHIRReader()
        return try reader.facts(Array(text.utf8).span)
    }

    @Test func `an Observation tells its patient, visit, codes, states and times`() throws {
        let facts = try facts(
            """
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"3",
             "lastUpdated":"2020-01-05T00:00:00Z","security":[{"system":"http://c","code":"R"}]},
             "status":"final","category":[{"coding":[{"system":"http://cat","code":"laboratory"}]}],
             "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"},
             {"system":"http://local","code":"HR"}],"text":"Heart rate"},
             "subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},
             "effectiveDateTime":"2020-01-02T03:04:05Z","issued":"2020-01-03T00:00:00Z",
             "valueQuantity":{"value":7.40,"system":"http://ucum","code":"/min"},
             "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}}]}
            """
        )
        #expect(facts.types == ["Observation"])
        #expect(facts.id == "o1")
        #expect(facts.version == "3")
        #expect(facts.subject == "Patient/p1")
        #expect(facts.subjectAliases == ["Patient/p1", "p1"])
        #expect(facts.encounters == ["Encounter/e1"])
        #expect(
            facts.codes == [
                Code(system: "http://cat", code: "laboratory"),
                Code(system: "http://loinc.org", code: "8867-4"),
                Code(system: "http://local", code: "HR"),
                Code(system: "http://loinc.org", code: "8480-6"),
            ]
        )
        #expect(facts.statuses == ["final"])
        #expect(facts.labels == [Code(system: "http://c", code: "R")])
        #expect(facts.eventTime == (try times("2020-01-02T03:04:05Z", "2020-01-02T03:04:06Z")))
        #expect(facts.recordedTime == Timestamp("2020-01-03T00:00:00Z"))
        #expect(facts.quirks.isEmpty)
    }

    @Test func `a Patient is about itself, under all its identifiers`() throws {
        let facts = try facts(
            """
            {"resourceType":"Patient","identifier":[{"system":"urn:oid:1.2","value":"M1"},
             {"value":"bare"},{"system":"only"}],"id":"p1",
             "link":[{"other":{"reference":"Patient/p0"},"type":"replaces"}]}
            """
        )
        #expect(facts.subject == "Patient/p1")
        #expect(
            Set(facts.subjectAliases) == [
                "Patient/p1", "p1", "urn:oid:1.2|M1", "M1", "bare", "Patient/p0", "p0",
            ]
        )
    }

    @Test(arguments: [
        (#""AllergyIntolerance","patient":{"reference":"Patient/1"}"#, "Patient/1"),
        (
            #""Coverage","beneficiary":{"reference":"Patient/1"},"subscriber":{"reference":"Patient/2"}"#,
            "Patient/1"
        ),
        (#""ResearchSubject","individual":{"reference":"Patient/1"}"#, "Patient/1"),
        (#""Task","for":{"reference":"Patient/1"}"#, "Patient/1"),
        (#""Account","subject":[{"reference":"Patient/1"}]"#, "Patient/1"),
        (
            #""Appointment","participant":[{"actor":{"reference":"Practitioner/9"}},{"actor":{"reference":"Patient/1"}}]"#,
            "Patient/1"
        ),
        (
            #""Provenance","target":[{"reference":"Patient/1"},{"reference":"Observation/2"}]"#,
            "Patient/1"
        ),
        (#""AuditEvent","entity":[{"what":{"reference":"Patient/1"}}]"#, "Patient/1"),
        (#""AuditEvent","entity":[{"reference":{"reference":"Patient/1"}}]"#, "Patient/1"),
        (#""Person","link":[{"target":{"reference":"Patient/1"}}]"#, "Patient/1"),
        (#""Binary","securityContext":{"reference":"Patient/1"}"#, "Patient/1"),
        (#""Observation","subject":{"identifier":{"system":"urn:x","value":"M1"}}"#, "urn:x|M1"),
        (#""Observation","subject":{"reference":"Patient?identifier=urn:x|M1"}"#, "urn:x|M1"),
        (#""Observation","subject":{"reference":"Group/g"}"#, "Group/g"),
        (#""Encounter","patient":{"reference":"https:\/\/a\/Patient\/1"}"#, "Patient/1"),
    ])
    func `whom a resource is about follows from its type's own member`(
        _ rest: String,
        _ expected: String
    ) throws {
        let facts = try facts("{\"resourceType\":" + rest + "}")
        #expect(facts.subject == expected)
        #expect(facts.subjectAliases.contains(expected))
    }

    @Test(arguments: [
        #""Group","member":[{"entity":{"reference":"Patient/1"}},{"entity":{"reference":"Patient/2"}}]"#,
        #""Practitioner","id":"1""#,
        ##""Observation","subject":{"reference":"#contained"}"##,
        #""Encounter","participant":[{"individual":{"reference":"Practitioner/1"}}]"#,
        #""Provenance","target":[{"reference":"Observation/1"}]"#,
    ])
    func `what is about nobody or about many has no subject`(_ rest: String) throws {
        #expect(try facts("{\"resourceType\":" + rest + "}").subject == nil)
    }

    @Test func `a contained resource counts for nothing`() throws {
        let facts = try facts(
            """
            {"contained":[{"resourceType":"Patient","id":"p2","identifier":[{"value":"M2"}]}],
             "resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}
            """
        )
        #expect(facts.types == ["Observation"])
        #expect(facts.id == "o1")
        #expect(facts.subjectAliases == ["Patient/p1", "p1"])
    }

    @Test(arguments: [
        (
            #""Encounter","id":"e","period":{"start":"2020-01-01","end":"2020-01-03"}"#,
            "2020-01-01", "2020-01-04"
        ),
        (#""Procedure","performedPeriod":{"start":"2020-01-01"}"#, "2020-01-01", "2020-01-02"),
        (#""Immunization","date":"2020-01-01""#, "2020-01-01", "2020-01-02"),
        (#""MedicationRequest","authoredOn":"2020-01-01""#, "2020-01-01", "2020-01-02"),
        (
            #""Condition","onsetDateTime":"2020-01-01","abatementDateTime":"2020-02-01""#,
            "2020-01-01", "2020-02-02"
        ),
        (
            #""DocumentReference","date":"2021-01-01","context":{"period":{"start":"2020-01-01","end":"2020-01-01"}}"#,
            "2020-01-01", "2020-01-02"
        ),
        (
            #""Specimen","collection":{"collectedDateTime":"2020-01-01"}"#, "2020-01-01",
            "2020-01-02"
        ),
        (
            #""ServiceRequest","occurrenceTiming":{"event":["2020-01-01","2020-01-05"]}"#,
            "2020-01-01", "2020-01-06"
        ),
        (#""Appointment","start":"2020-01-01","end":"2020-01-01""#, "2020-01-01", "2020-01-02"),
        (
            #""Procedure","performedPeriod":{"end":"2020-01-01","start":"2020-01-03"}"#,
            "2020-01-01", "2020-01-04"
        ),
    ])
    func `when it happened is told from when it was written`(
        _ rest: String,
        _ start: String,
        _ end: String
    ) throws {
        let expected = try times(start + "T00:00:00Z", end + "T00:00:00Z")
        #expect(try facts("{\"resourceType\":" + rest + "}").eventTime == expected)
    }

    @Test(arguments: ["date", "recorded", "issued", "created", "recordedDate", "assertedDate"])
    func `a date of writing is no date of happening`(_ member: String) throws {
        let facts = try facts("{\"resourceType\":\"List\",\"\(member)\":\"2020-01-01\"}")
        #expect(facts.eventTime == nil)
        #expect(facts.recordedTime == Timestamp("2020-01-01T00:00:00Z"))
    }

    @Test func `the server's date counts only where the record has none`() throws {
        let meta = #""meta":{"lastUpdated":"2021-01-01T00:00:00Z"}"#
        #expect(
            try facts("{\"resourceType\":\"List\",\(meta)}").recordedTime
                == Timestamp("2021-01-01T00:00:00Z")
        )
        #expect(
            try facts("{\"resourceType\":\"List\",\"date\":\"2020-01-01\",\(meta)}").recordedTime
                == Timestamp("2020-01-01T00:00:00Z")
        )
    }

    @Test func `older versions and sloppy senders are understood`() throws {
        let facts = try facts(
            """
            {"clinicalStatus":"active","code":{"coding":{"system":"http://s","code":"1"}},
             "class":{"code":"outpatient"},"context":{"reference":"Encounter/e1"},
             "category":"medication","verificationStatus":{"coding":[{"code":"confirmed"}]},
             "subject":{"reference":"Patient/1"},"resourceType":"Condition"}
            """
        )
        #expect(facts.statuses == ["active", "confirmed"])
        #expect(facts.encounters == ["Encounter/e1"])
        #expect(
            facts.codes == [
                Code(system: "http://s", code: "1"), Code(system: "", code: "outpatient"),
                Code(system: "", code: "medication"),
            ]
        )
    }

    @Test func `a member of the wrong kind hides nothing`() throws {
        let facts = try facts(
            """
            {"resourceType":"Observation","id":7,"meta":[1],"subject":"Patient/1","status":null,
             "code":[[{"coding":7}]],"encounter":3,"effectiveDateTime":{"start":5},"entry":"x",
             "identifier":{"value":1},"context":[true],"participant":{"actor":"x"},
             "patient":{"reference":"Patient/2"}}
            """
        )
        #expect(facts.types == ["Observation"])
        #expect(facts.id == nil)
        #expect(facts.subject == "Patient/2")
    }

    @Test func `escapes in names and values are resolved`() throws {
        let facts = try facts(
            #"{"resource\u0054ype":"Observation","id":"a\/b","subject":{"reference":"Patient\/\u0031"}}"#
        )
        #expect(facts.types == ["Observation"])
        #expect(facts.id == "a/b")
        #expect(facts.subject == "Patient/1")
    }

    @Test func `of an id given twice the first counts`() throws {
        let facts = try facts(#"{"resourceType":"List","id":"a","id":"b"}"#)
        #expect(facts.id == "a")
        #expect(facts.quirks == ["duplicate-key"])
    }

    @Test func `a date that is none is a quirk`() throws {
        let facts = try facts(#"{"resourceType":"List","date":"yesterday","period":{"start":"?"}}"#)
        #expect(facts.recordedTime == nil)
        #expect(facts.quirks == ["malformed-date"])
    }

    @Test func `a byte order mark is a quirk`() throws {
        let facts = try facts("\u{feff} {\"resourceType\":\"List\"}\r\n")
        #expect(facts.types == ["List"])
        #expect(facts.quirks == ["bom"])
    }

    @Test func `a letter in another encoding does not hide the record`() throws {
        var bytes = Array(#"{"resourceType":"Patient","id":"1","name":[{"family":"M"#.utf8)
        bytes.append(0xfc)
        bytes += Array(#"ller"}]}"#.utf8)
        var reader = FHIRReader()
        let facts = try reader.facts(bytes.span)
        #expect(facts.subject == "Patient/1")
        #expect(facts.quirks == ["invalid-utf8"])
    }

    @Test func `every member name fits in the table and is found there`() {
        let table = FHIRKeyTable()
        for key in FHIRKey.allCases {
            let bytes = Array(key.rawValue.utf8)
            let text = JSONText(start: 0, end: bytes.count, isEscaped: false)
            #expect(table.key(text, in: bytes.span) == key)
            for place in bytes.indices {
                var other = bytes
                other[place] ^= 1
                let name = String(decoding: other, as: UTF8.self)
                #expect(table.key(text, in: other.span) == FHIRKey(rawValue: name))
            }
        }
    }
}

@Suite struct `Records that do not parse` {
    private func fault(_ text: String) -> FHIRFault? {
        var reader = FHIRReader()
        do throws(FHIRFault) {
            _ = try reader.facts(Array(text.utf8).span)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (#"{"resourceType":"Patient","id":"1""#, FHIRFault.malformed(.truncated, offset: 34)),
        ("", .malformed(.truncated, offset: 0)),
        ("hello", .malformed(.unexpectedByte, offset: 0)),
        (#"{"resourceType":"Patient"}}"#, .malformed(.trailingBytes, offset: 26)),
        (#"{"id":"1"}"#, .notAResource), ("[]", .notAResource), ("17", .notAResource),
        (#"{"resourceType":7}"#, .notAResource),
    ])
    func `each is refused with its reason and place`(_ text: String, _ expected: FHIRFault) {
        #expect(fault(text) == expected)
    }

    @Test func `a resource cut anywhere is refused`() {
        let text = #"{"resourceType":"Observation","subject":{"reference":"Patient/1"},"n":[1,{}]}"#
        for count in 0..<text.utf8.count { #expect(fault(String(text.prefix(count))) != nil) }
        #expect(fault(text) == nil)
    }

    @Test func `a torn record is still its patient's`() {
        var reader = FHIRReader()
        let bytes = Array(
            #"{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/1"},"co"#.utf8
        )
        let facts = try? reader.facts(bytes.span)
        #expect(facts == nil)
        let remains = reader.remains(bytes.span)
        #expect(remains.subject == "Patient/1")
        #expect(remains.subjectAliases == ["Patient/1", "1"])
        #expect(remains.types.isEmpty)
        #expect(remains.id == nil)
    }

    @Test func `messages hold nothing of the record`() {
        for fault in [
            JSONFault.truncated, .unexpectedByte, .controlCharacter, .malformedEscape,
            .malformedNumber, .tooDeep, .trailingBytes,
        ] {
            #expect(FHIRFault.malformed(fault, offset: 12).description.contains("12"))
        }
        #expect(FHIRFault.notAResource.description == "JSON without a resourceType")
    }

    @Test func `random damage never traps`() throws {
        let sample = try Samples.bytes("fhir/bundle-stu3.json")
        var generator = SeededGenerator(seed: 11)
        var reader = FHIRReader()
        for _ in 0..<200 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    UInt8.random(in: .min ... .max, using: &generator)
            }
            let count = Int.random(in: 0...bytes.count, using: &generator)
            let part = bytes.span.extracting(0..<count)
            if let facts = try? reader.facts(part) {
                #expect(!facts.types.isEmpty)
            } else {
                #expect(reader.remains(part).types.isEmpty)
            }
        }
    }
}
