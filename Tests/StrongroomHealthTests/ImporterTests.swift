import ArchiveFileIO
import Strongroom
import Support
import Synchronization
import SystemPackage
import Testing

@testable import StrongroomHealth

@Suite struct `Importing` {
    private static let patient =
        #"{"resourceType":"Patient","id":"1","identifier":[{"value":"M1"}]}"#
    private static let observation =
        #"{"resourceType":"Observation","id":"o","meta":{"versionId":"2"},"status":"final","#
        + #""subject":{"reference":"Patient/1"},"effectiveDateTime":"2020-01-02","#
        + #""code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]}}"#
    private static let message = "MSH|^~\\&|A|B|||20200101||ADT^A01|C1|P|2.5\rPID|1||M1^^^F\r"

    @Test func `all samples go in and come out byte for byte`() async throws {
        try await Intake.with { intake in
            var expected: [String: [UInt8]] = [:]
            for name in try Samples.allNames {
                expected[name] = try Samples.bytes(name)
                try intake.source(name, expected[name] ?? [])
            }
            let summary = try await intake.importing(batchByteCount: 64 << 10)
            #expect(summary.files == expected.count)
            #expect(summary.pieces == summary.records + summary.duplicates)
            #expect(summary.types["Patient"] == 13)
            #expect(summary.types["Bundle"] == 3)
            #expect(summary.types["ADT^A40"] == 2)
            #expect(summary.unparsed == 0)
            #expect(summary.failures.isEmpty)
            #expect(summary.bytes == expected.values.reduce(0) { $0 + UInt64($1.count) })
            let (files, exported) = try await intake.exported()
            #expect(files == expected)
            #expect(exported.files == expected.count)
            #expect(exported.failures.isEmpty)
            let again = try await intake.importing()
            #expect(again.records == 0)
            #expect(again.duplicates == summary.pieces)
            #expect(again.bytes == summary.bytes)
            #expect(try await intake.exported().files == expected)
        }
    }

    /// As two computers write the name of one letter; both may lie in one folder.
    @Test func `files whose names only look alike are two, today and when they come again`()
        async throws
    {
        try await Intake.with { intake in
            let names = ["caf\u{e9}.txt", "cafe\u{301}.txt"]
            for name in names { try intake.source(name, "the same in both") }
            let summary = try await intake.importing()
            #expect(summary.files == 2 && summary.records == 2)
            try await intake.archive { archive in
                for name in names {
                    let record = try await archive.get(name)?.record
                    #expect(record.map { Array($0.name.utf8) } == Array(name.utf8))
                }
            }
            let again = try await intake.importing()
            #expect(again.records == 0 && again.duplicates == 2)
            #expect(try await intake.exported().summary.files == 2)
        }
    }

    /// It would be erased with one of them, and be lost for the other's records.
    @Test func `the list of a file belongs to nobody if its two patients only look alike`()
        async throws
    {
        try await Intake.with { intake in
            let texts = ["caf\u{e9}", "cafe\u{301}"]
            for (name, second) in zip(["one.ndjson", "two.ndjson"], texts) {
                let patient = #"{"resourceType":"Patient","id":"\#(texts[0])"}"#
                let other =
                    #"{"resourceType":"Basic","id":"\#(name)","subject":{"reference":"#
                    + #""Patient/\#(second)"}}"#
                try intake.source(name, patient + "\n" + other + "\n")
            }
            _ = try await intake.importing()
            try await intake.archive { archive in
                let one = try await archive.get("one.ndjson", in: "sources")?.record
                let two = try await archive.get("two.ndjson", in: "sources")?.record
                #expect(one?.subject == "Patient/" + texts[0])
                #expect(two != nil && two?.subject == nil)
            }
        }
    }

    @Test func `a line becomes a record with its facts`() async throws {
        try await Intake.with { intake in
            try intake.source("a/b.ndjson", Self.patient + "\n\n" + Self.observation + "\r\n")
            let summary = try await intake.importing()
            #expect(summary.records == 2)
            let records = try await intake.records()
            #expect(Set(records.keys) == ["Patient/1", "Observation/o"])
            let record = try #require(records["Observation/o"])
            #expect(record.subject == "Patient/1")
            #expect(record.mediaType == "application/fhir+json")
            #expect(record.byteCount == UInt64(Self.observation.utf8.count))
            #expect(record.attribute("version") == "2")
            #expect(record.source == RecordSource(path: Array("a/b.ndjson".utf8), line: 3))
            #expect(record.eventStart == 1_577_923_200_000_000)
            #expect(record.eventEnd == 1_578_009_599_999_999)
            #expect(
                Set(record.terms) == [
                    "type:Observation", "status:final",
                    "code:http://loinc.org|8867-4",
                ]
            )
        }
    }

    @Test func `a moment has no end, and a record without event takes the day of writing`()
        async throws
    {
        try await Intake.with { intake in
            try intake.source(
                "a.ndjson",
                """
                {"resourceType":"Flag","id":"1","period":{"start":"2020-01-02T00:00:00Z"}}
                {"resourceType":"List","id":"2","date":"2020-01-02"}
                {"resourceType":"Basic","id":"3"}
                """
            )
            _ = try await intake.importing()
            let records = try await intake.records()
            #expect(records["Flag/1"]?.eventStart == 1_577_923_200_000_000)
            #expect(records["Flag/1"]?.eventEnd == records["Flag/1"]?.eventStart)
            #expect(records["List/2"]?.eventStart == 1_577_923_200_000_000)
            #expect(records["List/2"]?.attribute("quirks") == "time-of-writing")
            #expect(records["Basic/3"]?.eventStart == nil)
        }
    }

    @Test func `what has no id or does not parse goes by its place`() async throws {
        try await Intake.with { intake in
            let torn = String(Self.observation.dropLast(20))
            try intake.source(
                "x.ndjson",
                "\u{feff}" + Self.patient + "\n{\"resourceType\":\"Flag\"}\n" + torn
                    + "\n{\"no\":1}\nnonsense"
            )
            try intake.source("y.json", "{\"resourceType\":\"Patient\",\"id\":\"2\"")
            let summary = try await intake.importing()
            #expect(summary.pieces == 6)
            #expect(summary.records == 6)
            #expect(summary.unparsed == 3)
            #expect(summary.types["unparsed"] == 3)
            #expect(summary.types["application/json"] == 1)
            #expect(
                summary.unparsedExamples.map { "\($0.path):\($0.line)" } == [
                    "x.ndjson:3", "x.ndjson:5", "y.json:0",
                ]
            )
            let records = try await intake.records()
            #expect(
                Set(records.keys) == [
                    "Patient/1", "x.ndjson#L2", "x.ndjson#L3", "x.ndjson#L4", "x.ndjson#L5",
                    "y.json",
                ]
            )
            let part = try #require(records["x.ndjson#L3"])
            #expect(part.subject == "Patient/1")
            #expect(part.terms.contains("unparsed:"))
            #expect(part.attribute("unparsed")?.contains("breaks off") == true)
            #expect(records["x.ndjson#L4"]?.mediaType == "application/json")
            #expect(records["x.ndjson#L4"]?.attribute("unparsed") == nil)
            #expect(try await intake.exported().summary.files == 2)
        }
    }

    @Test func `one message goes by its file, several by their number`() async throws {
        try await Intake.with { intake in
            let second = Self.message.replacingOnce("|C1|", "|C2|")
            try intake.source("one.hl7", "\u{b}" + Self.message + "\u{1c}\r")
            try intake.source("two.hl7", "BHS|^~\\&\r" + Self.message + second + "BTS|2\r")
            try intake.source("junk.hl7", Self.message + "\u{1c}\rjunk\r\u{b}" + second)
            let summary = try await intake.importing()
            #expect(summary.types["ADT^A01"] == 5)
            #expect(summary.unparsed == 1)
            let records = try await intake.records()
            #expect(
                Set(records.keys) == [
                    "one.hl7", "two.hl7#1", "two.hl7#2", "junk.hl7#1", "junk.hl7#2", "junk.hl7#3",
                ]
            )
            #expect(records["one.hl7"]?.source?.line == 0)
            #expect(records["two.hl7#2"]?.source?.line == 2)
            #expect(records["one.hl7"]?.subject == "F|M1")
            #expect(records["one.hl7"]?.mediaType == "x-application/hl7-v2+er7")
            #expect(try await intake.exported().summary.files == 3)
        }
    }

    @Test func `the same line twice is one record, another state a new version`() async throws {
        try await Intake.with { intake in
            let other = Self.patient.replacingOnce("M1", "M2")
            try intake.source(
                "a.ndjson",
                [Self.patient, other, Self.patient, other].joined(separator: "\n")
            )
            let summary = try await intake.importing()
            #expect(summary.records == 2)
            #expect(summary.duplicates == 2)
            #expect(try await intake.versionCounts()["Patient/1"] == 2)
            // An old export brings back nothing.
            try intake.source("b.ndjson", Self.patient + "\n" + Self.patient + "\n")
            let again = try await intake.importing()
            #expect(again.records == 0)
            #expect(again.duplicates == 6)
            #expect(try await intake.versionCounts()["Patient/1"] == 2)
            let files = try await intake.exported().files
            #expect(files["b.ndjson"] == Array((Self.patient + "\n" + Self.patient + "\n").utf8))
        }
    }

    /// Met are the batches just handed over, and those that the index knows; in an archive that held
    /// a record the index is asked for every name.
    @Test(arguments: [1, 2, 3, 4, 5, 9], [true, false])
    func `a line that comes again some batches later is one record`(
        distance: Int,
        isFirstImport: Bool
    ) async throws {
        try await Intake.with { intake in
            if !isFirstImport {
                try await intake.archive { _ = try await $0.put([1], name: "other") }
            }
            // A batch of 4 KiB holds some six of these.
            let lines = (0..<120).map {
                "{\"resourceType\":\"Basic\",\"id\":\"\($0)\",\"note\":\"\(String(repeating: "x", count: 60))\"}"
            }
            var text: [String] = []
            for (index, line) in lines.enumerated() {
                text.append(line)
                if index >= 6 * distance { text.append(lines[index - 6 * distance]) }
            }
            try intake.source("a.ndjson", text.joined(separator: "\n"))
            let summary = try await intake.importing(batchByteCount: 4 << 10)
            #expect(summary.pieces == text.count)
            #expect(summary.records == lines.count)
            #expect(try await intake.versionCounts().values.allSatisfy { $0 == 1 })
            let again = try await intake.importing(batchByteCount: 4 << 10)
            #expect(again.records == 0)
        }
    }

    @Test func `a changed file is a new version of its list`() async throws {
        try await Intake.with { intake in
            try intake.source("a.txt", "first")
            _ = try await intake.importing()
            try intake.source("a.txt", "second")
            #expect(try await intake.importing().records == 1)
            #expect(try await intake.versionCounts()["a.txt"] == 2)
            #expect(try await intake.exported().files == ["a.txt": Array("second".utf8)])
        }
    }

    @Test func `a record that was deleted comes back when it is imported again`() async throws {
        try await Intake.with { intake in
            try intake.source("a.ndjson", Self.patient + "\n" + Self.observation)
            _ = try await intake.importing()
            try await intake.archive { _ = try await $0.delete("Patient/1") }
            try intake.source("b.ndjson", Self.patient + "\n" + Self.observation + "\n")
            #expect(try await intake.importing().records == 1)
            #expect(try await intake.records()["Patient/1"] != nil)
        }
    }

    @Test func `folders with equal file names are kept apart`() async throws {
        try await Intake.with { intake in
            try intake.source("base/P.ndjson", Self.patient + "\n")
            try intake.source("delta/P.ndjson", Self.observation + "\n")
            try intake.source("copy/P.ndjson", Self.patient + "\n")
            let folders = ["base", "delta", "copy"].map { intake.sources + "/" + $0 }
            for folder in folders { _ = try await intake.importing([folder]) }
            let first = try await intake.exported().files
            #expect(
                first == [
                    "P.ndjson": Array((Self.patient + "\n").utf8),
                    "delta/P.ndjson": Array((Self.observation + "\n").utf8),
                ]
            )
            let again = try await intake.importing(folders)
            #expect(again.records == 0)
            #expect(try await intake.exported().files == first)
        }
    }

    @Test func `in one run, equal file names are kept apart as well`() async throws {
        try await Intake.with { intake in
            try intake.source("a/x.txt", "one")
            try intake.source("b/x.txt", "two")
            let summary = try await intake.importing([
                intake.sources + "/a", intake.sources + "/b/x.txt",
            ])
            #expect(summary.records == 2)
            #expect(
                try await intake.exported().files
                    == ["x.txt": Array("one".utf8), "b/x.txt": Array("two".utf8)]
            )
        }
    }

    @Test func `the name of a source keeps two systems apart`() async throws {
        try await Intake.with { intake in
            try intake.source("a.ndjson", Self.patient + "\n" + Self.observation)
            _ = try await intake.importing(source: "north")
            #expect(try await intake.importing(source: "south").records == 2)
            let records = try await intake.records()
            #expect(
                Set(records.keys) == [
                    "north/Patient/1", "north/Observation/o", "south/Patient/1",
                    "south/Observation/o",
                ]
            )
            #expect(records["north/Observation/o"]?.subject == "north/Patient/1")
            #expect(records["north/Observation/o"]?.terms.contains("patient:Patient/1") == true)
            #expect(
                Set(try await intake.exported().files.keys) == ["north/a.ndjson", "south/a.ndjson"]
            )
        }
    }
}

extension String {
    /// The text with the first occurrence of `part` replaced.
    func replacingOnce(_ part: String, _ other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }

    private func firstRange(of part: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            formIndex(after: &start)
        }
        return nil
    }

    private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
