import ArchiveBytes
import Testing

@testable import StrongroomHealth

@Suite struct `Dates of records` {
    private func fhir(_ text: String) -> Range<Timestamp>? {
        let bytes = Array(text.utf8)
        return Moment.fhir(bytes.span, 0..<bytes.count)
    }

    private func hl7(_ text: String) -> Range<Timestamp>? {
        let bytes = Array(text.utf8)
        return Moment.hl7(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        ("1962", "1962-01-01T00:00:00Z", "1963-01-01T00:00:00Z"),
        ("1960", "1960-01-01T00:00:00Z", "1961-01-01T00:00:00Z"),
        ("1964-02", "1964-02-01T00:00:00Z", "1964-03-01T00:00:00Z"),
        ("2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("1987-11-19T00:22-05:00", "1987-11-19T05:22:00Z", "1987-11-19T05:23:00Z"),
        ("1987-11-19T00:22:16.824-05:00", "1987-11-19T05:22:16.824Z", "1987-11-19T05:22:16.825Z"),
        ("2026-01-01T00:00:00+05:30", "2025-12-31T18:30:00Z", "2025-12-31T18:30:01Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
        ("2026-11-22T10:08:00", "2026-11-22T10:08:00Z", "2026-11-22T10:08:01Z"),
    ])
    func `a FHIR date covers what it leaves open`(
        _ text: String,
        _ start: String,
        _ end: String
    ) throws {
        #expect(fhir(text) == (try times(start, end)))
    }

    @Test(arguments: [
        "", "19", "1962-", "1962-13", "1962-00", "1962-5", "2023-02-29", "1962-05-1", "hello",
        "2026-11-22T", "2026-11-22T10", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z",
        "2026-11-22T10:08:61Z", "2026-11-22T10:08:00.Z", "2026-11-22T10:08:00+5", "2026-11-22Z",
        "2026-11-22T10:08:00Zx", "20261122",
    ])
    func `what is no FHIR date is none`(_ text: String) { #expect(fhir(text) == nil) }

    @Test func `digits beyond microseconds are cut off`() throws {
        let range = try #require(fhir("2026-01-01T00:00:00.123456789Z"))
        #expect(range == (try times("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123457Z")))
    }

    @Test(arguments: [
        ("1962", "1962-01-01T00:00:00Z", "1963-01-01T00:00:00Z"),
        ("196205", "1962-05-01T00:00:00Z", "1962-06-01T00:00:00Z"),
        ("19620531", "1962-05-31T00:00:00Z", "1962-06-01T00:00:00Z"),
        ("1962053113", "1962-05-31T13:00:00Z", "1962-05-31T14:00:00Z"),
        ("196205311359", "1962-05-31T13:59:00Z", "1962-05-31T14:00:00Z"),
        ("20120314235954.325-0500", "2012-03-15T04:59:54.325Z", "2012-03-15T04:59:54.326Z"),
        ("20120314235954", "2012-03-14T23:59:54Z", "2012-03-14T23:59:55Z"),
        ("20120314+0100", "2012-03-13T23:00:00Z", "2012-03-14T23:00:00Z"),
    ])
    func `an HL7 time stamp covers what it leaves open`(
        _ text: String,
        _ start: String,
        _ end: String
    ) throws {
        #expect(hl7(text) == (try times(start, end)))
    }

    @Test(arguments: [
        "", "19", "196213", "19620532", "1962053124", "196205311360", "20120314235954.",
        "2012-03-14",
        "20120314235954-05", "201203142", "20120314235954 EST",
    ])
    func `what is no HL7 time stamp is none`(_ text: String) { #expect(hl7(text) == nil) }
}
