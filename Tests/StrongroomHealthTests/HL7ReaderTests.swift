import ArchiveBytes
import Support
import Testing

@testable import StrongroomHealth

@Suite struct `HL7 v2 messages` {
    private func message(_ segments: [String], end: String = "\r") throws(HL7Fault) -> HL7Facts {
        try HL7Reader().message(Array((segments.joined(separator: end) + end).utf8).span)
    }

    private func facts(_ segments: [String]) throws(HL7Fault) -> RecordFacts {
        RecordFacts(try message(segments))
    }

    private static let header =
        "MSH|^~\\&|EHR|FAC1|ARCH|HIM|20260101120000||ADT^A01^ADT_A01|C1|P|2.5.1||||||UNICODE UTF-8"

    @Test func `the header is read`() throws {
        let message = try message([Self.header])
        #expect(message.messageType == "ADT^A01^ADT_A01")
        #expect(message.messageCode == "ADT")
        #expect(message.triggerEvent == "A01")
        #expect(message.sendingApplication == "EHR")
        #expect(message.sendingFacility == "FAC1")
        #expect(message.receivingApplication == "ARCH")
        #expect(message.receivingFacility == "HIM")
        #expect(message.time == (try times("2026-01-01T12:00:00Z", "2026-01-01T12:00:01Z")))
        #expect(message.controlID == "C1")
        #expect(message.version == "2.5.1")
        #expect(message.declaredCharacterSets == ["UNICODE UTF-8"])
        #expect(message.quirks.isEmpty)
    }

    @Test func `a patient has all identifiers with their authorities`() throws {
        let pid =
            "PID|1|OLD2|M1^7^M11^FAC1&1.2.3&ISO^MR~S9^^^USSSA^SS|OLD4|Doe^Jane~Roe^Jane||19620531|F"
            + "||||||||||A77^^^FAC1|123-45-6789"
        let patient = try #require(try message([Self.header, pid]).patients.first)
        #expect(patient.identifiers.map(\.id) == ["M1", "S9"])
        #expect(patient.identifiers.map(\.authority) == ["FAC1&1.2.3&ISO", "USSSA"])
        #expect(patient.identifiers.map(\.type) == ["MR", "SS"])
        #expect(patient.identifiers[0].checkDigit == "7")
        #expect(patient.identifiers[0].scheme == "M11")
        #expect(patient.identifiers[0].universalID == "1.2.3")
        #expect(patient.otherIdentifiers.map(\.id) == ["OLD2", "OLD4"])
        #expect(patient.names == ["Doe^Jane", "Roe^Jane"])
        #expect(patient.birth == (try times("1962-05-31T00:00:00Z", "1962-06-01T00:00:00Z")))
        #expect(patient.account?.id == "A77")
        #expect(patient.socialSecurityNumber == "123-45-6789")
        let facts = try facts([Self.header, pid])
        #expect(facts.subject == "FAC1|M1")
        #expect(
            facts.subjectAliases == [
                "FAC1|M1", "M1", "1.2.3|M1", "urn:oid:1.2.3|M1", "USSSA|S9", "S9", "OLD2", "OLD4",
                "123-45-6789",
            ]
        )
        #expect(facts.types == ["ADT^A01"])
        #expect(facts.id == "C1")
    }

    @Test func `each merge belongs to the patient before it`() throws {
        let segments = [
            Self.header, "PID|1||A1^^^F", "MRG|B1^^^F~B2^^^F", "PID|2||A2^^^F", "MRG|B3^^^F",
        ]
        let message = try message(segments)
        #expect(message.patients.map { $0.identifiers.map(\.id) } == [["A1"], ["A2"]])
        #expect(message.patients.map { $0.prior.map(\.id) } == [["B1", "B2"], ["B3"]])
        let facts = try facts(segments)
        #expect(facts.subject == "F|A1")
        #expect(facts.subjectAliases.contains("F|B3"))
        #expect(facts.quirks == ["several-subjects"])
    }

    @Test func `a merge without a patient is not lost`() throws {
        #expect(try facts([Self.header, "MRG|B1"]).subjectAliases == ["B1"])
        #expect(try facts([Self.header, "MRG|B1"]).subject == nil)
    }

    @Test func `visits, codes and states are read`() throws {
        let facts = try facts([
            Self.header, "PV1|1|I|||||||||||||||||V9^^^FAC1",
            "OBR|1|||24331-1^Lipids^LN^LIP^Lipid panel^L" + String(repeating: "|", count: 21) + "F",
            "OBX|1|NM|2093-3^Cholesterol^LN||200", "DG1|1||I10^Hypertension^I10C~E11",
            "TXA|1|PN||20260101||||||||D1^EHR|||||AU||AV",
        ])
        #expect(facts.encounters == ["FAC1|V9", "V9"])
        #expect(
            facts.codes == [
                Code(system: "LN", code: "24331-1"),
                Code(system: "http://loinc.org", code: "24331-1"), Code(system: "L", code: "LIP"),
                Code(system: "LN", code: "2093-3"),
                Code(system: "http://loinc.org", code: "2093-3"),
                Code(system: "I10C", code: "I10"),
                Code(system: "http://hl7.org/fhir/sid/icd-10-cm", code: "I10"),
                Code(system: "", code: "E11"), Code(system: "", code: "PN"),
            ]
        )
        #expect(facts.statuses == ["F", "AU", "AV"])
    }

    @Test(arguments: [
        (["EVN||20260105||||20260104"], "2026-01-04"),
        (["EVN||20260105"], "2026-01-05"),
        (
            ["EVN||20260105", "PV1|1" + String(repeating: "|", count: 43) + "20260103"],
            "2026-01-03"
        ),
        (
            ["PV1|1" + String(repeating: "|", count: 43) + "20260103", "OBR|1||||||20260102"],
            "2026-01-02"
        ),
        (["OBX|1" + String(repeating: "|", count: 13) + "20260102"], "2026-01-02"),
        (["RXA|0|1|20260102|20260102"], "2026-01-02"),
        (["TXA|1|PN|TX|20260102"], "2026-01-02"),
    ])
    func `when it happened is what was done, else the stay, else the event`(
        _ segments: [String],
        _ day: String
    ) throws {
        let time = try #require(try facts([Self.header] + segments).eventTime)
        #expect(time.lowerBound == Timestamp(day + "T00:00:00Z"))
    }

    @Test func `escapes are resolved after splitting`() throws {
        let message = try message([
            Self.header,
            "PID|1||A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F\\X4a4B\\G\\.br\\H\\H\\I\\N\\J\\Zxy\\K\\^1",
        ])
        #expect(message.patients[0].identifiers[0].id == "A|B^C&D~E\\FJKG\nHIJ\\Zxy\\K\\")
    }

    @Test func `an escape that never ends is text`() throws {
        #expect(try message([Self.header, "PID|1||A\\B"]).patients[0].identifiers[0].id == "A\\B")
    }

    @Test func `a value that is to be deleted is no value`() throws {
        let facts = try facts([Self.header, "PID|1||\"\"^^^F~A1|\"\""])
        #expect(facts.subjectAliases == ["A1"])
    }

    @Test(arguments: [
        ("MSH#$%?@#APP", "M1$$$N@1#2", "APP", "N"), ("MSH|^~\\&#|APP", "M1^^^N&1|2", "APP", "N"),
        ("MSH|^~\\\\&|APP", "M1^^^N&1|2", "APP", "N"), ("MSH|}~\\&|APP", "M1}}}N&1|2", "APP", "N"),
        ("MSH|^|APP", "M1^^^N&1|2", "APP", "N"),
    ])
    func `separators are those that the message declares`(
        _ header: String,
        _ identifier: String,
        _ application: String,
        _ namespace: String
    ) throws {
        let separator = String(header.dropFirst(3).prefix(1))
        let pid = ["PID", "1", "", identifier].joined(separator: separator)
        let message = try message([header, pid])
        #expect(message.sendingApplication == application)
        #expect(message.patients[0].identifiers[0].id == "M1")
        #expect(message.patients[0].identifiers[0].namespace == namespace)
    }

    @Test func `a line feed is text where segments end with carriage returns`() throws {
        let text = Self.header + "\rPID|1||A\nPID|2||B\r\nPV1|1|O\r"
        let message = try HL7Reader().message(Array(text.utf8).span)
        #expect(message.patients.count == 1)
        #expect(message.patients[0].identifiers[0].id == "A\nPID")
        #expect(message.segmentCount == 3)
        #expect(message.quirks == ["crlf-segments"])
    }

    @Test func `line feeds end segments where no carriage return does`() throws {
        let message = try message([Self.header, "", "PID|1||A"], end: "\n")
        #expect(message.segmentCount == 2)
        #expect(message.quirks == ["lf-segments"])
    }

    @Test(
        arguments: [
            ("", [0x4d, 0xc3, 0xbc], "Mü", HL7CharacterSet.utf8, true),
            ("UNICODE UTF-8", [0x4d, 0xc3, 0xbc], "Mü", .utf8, false),
            ("UNICODE UTF-8", [0x4d, 0xfc], "Mü", .latin1, true),
            ("8859/1", [0x4d, 0xfc], "Mü", .latin1, false),
            ("", [0x4d, 0xfc], "Mü", .latin1, true),
            ("8859/5", [0x4d, 0xfc], "Mü", .latin1, true),
            ("ASCII", [0x4d], "M", .ascii, false),
            ("8859/1", [0x4d], "M", .ascii, false),
        ] as [(String, [UInt8], String, HL7CharacterSet, Bool)]
    )
    func `the character set is the declared one, else UTF-8, else Latin-1`(
        _ declared: String,
        _ bytes: [UInt8],
        _ text: String,
        _ used: HL7CharacterSet,
        _ isGuessed: Bool
    ) throws {
        let header = "MSH|^~\\&|EHR|||||||||||||||\(declared)\rPID|1||"
        let message = try HL7Reader().message((Array(header.utf8) + bytes + [0x0d]).span)
        #expect(message.patients[0].identifiers[0].id == text)
        #expect(message.characterSet == used)
        #expect(message.quirks.contains("charset-guessed") == isGuessed)
    }

    @Test func `a byte order mark and a frame do not hide a message`() throws {
        let text = "\u{feff}\u{b}" + Self.header + "\rPID|1||A\r\u{1c}\r"
        let message = try HL7Reader().message(Array(text.utf8).span)
        #expect(message.patients[0].identifiers[0].id == "A")
        #expect(message.quirks == ["bom"])
        #expect(message.segmentCount == 2)
    }

    @Test(arguments: [
        ("", HL7Fault.noHeader), ("PID|1", .noHeader), ("MSH", .noDelimiters),
        ("MSHello", .noDelimiters),
        ("MSH|abc|", .noDelimiters),
    ])
    func `what is no message is refused`(_ text: String, _ fault: HL7Fault) {
        #expect(throws: fault) { try message([text], end: "") }
        #expect(fault.description.hasPrefix("no HL7 v2 message"))
    }

    @Test func `a date that is none is a quirk`() throws {
        #expect(try message([Self.header, "EVN||gestern"]).quirks == ["malformed-date"])
    }

    @Test func `a message cut or damaged anywhere never traps`() throws {
        let sample = try Samples.bytes("hl7v2/ADT-A40-02.hl7")
        for count in 0..<sample.count {
            _ = try? HL7Reader().facts(sample.span.extracting(0..<count))
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var bytes = sample
            for _ in 0..<10 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    UInt8.random(in: .min ... .max, using: &generator)
            }
            _ = try? HL7Reader().facts(bytes.span)
        }
    }
}
