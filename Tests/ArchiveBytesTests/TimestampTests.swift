import ArchiveBytes
import Testing

@Suite struct `Timestamps` {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2026-11-22T10:08:30Z", 1_795_342_110_000_000),
            ("2026-11-22T10:08:30.5Z", 1_795_342_110_500_000),
            ("2000-02-29T12:00:00.00001Z", 951_825_600_000_010),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)]
    )
    func `a moment has one text`(text: String, microseconds: Int64) {
        #expect(Timestamp(text) == Timestamp(microseconds: microseconds))
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test(arguments: [
        ("2026-11-22T10:08:30+01:00", "2026-11-22T09:08:30Z"),
        ("2026-11-22T00:30:00+05:30", "2026-11-21T19:00:00Z"),
        ("2026-12-31T23:00:00-05:00", "2027-01-01T04:00:00Z"),
        ("2024-03-01T00:00:00+14:00", "2024-02-29T10:00:00Z"),
        ("2026-11-22T10:08:30-00:00", "2026-11-22T10:08:30Z"),
        ("0001-01-01T00:00:00+23:59", "0000-12-31T00:01:00Z"),
        ("2026-11-22t10:08:30z", "2026-11-22T10:08:30Z"),
        ("2026-11-22 10:08:30.120Z", "2026-11-22T10:08:30.12Z"),
        ("2026-11-22T10:08:30.1234567899Z", "2026-11-22T10:08:30.123456Z"),
        ("2026-11-22T10:08:30.000000Z", "2026-11-22T10:08:30Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-23:59", "+10000-01-01T23:58:59Z"),
        ("0000-01-01T00:00:00+00:01", "-0001-12-31T23:59:00Z"),
    ])
    func `every spelling means a moment in UTC`(text: String, utc: String) {
        #expect(Timestamp(text)?.description == utc)
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-11-22", "2026-11-22T10:08Z", "2026-11-22T10:08:30",
        "2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-11-22T23:59:61Z",
        "2026-11-22T10:08:30.Z", "2026-11-22T10:08:30,5Z", "2026-11-22T10:08:30+1:00",
        "2026-11-22T10:08:30+24:00", "2026-11-22T10:08:30+01:60", "2026-11-22T10:08:30+0100",
        "2026-11-22T10:08:30Zx", " 2026-11-22T10:08:30Z", "2026-11-22T10:08:30 Z",
        "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "26-11-22T10:08:30Z", "+2026-11-22T10:08:30Z", "-001-11-22T10:08:30Z",
        "2026-1-22T10:08:30Z", "２０２６-11-22T10:08:30Z", "20261122T100830Z",
    ])
    func `what is not a whole moment of RFC 3339 is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [
        ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("9999", "9999-01-01T00:00:00Z", "+10000-01-01T00:00:00Z"),
        ("2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2100-02", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2026-11-22T10:08", "2026-11-22T10:08:00Z", "2026-11-22T10:09:00Z"),
        ("2026-11-22T10:08+02:00", "2026-11-22T08:08:00Z", "2026-11-22T08:09:00Z"),
        ("2026-11-22T10:08:59", "2026-11-22T10:08:59Z", "2026-11-22T10:09:00Z"),
        ("2026-11-22T10:08:30.25Z", "2026-11-22T10:08:30.25Z", "2026-11-22T10:08:30.26Z"),
        (
            "2026-11-22T10:08:30.1234567Z", "2026-11-22T10:08:30.123456Z",
            "2026-11-22T10:08:30.123457Z"
        ),
    ])
    func `a partial date covers the time until the next one`(
        text: String,
        start: String,
        end: String
    ) throws {
        let range = try #require(Timestamp.range(covering: text))
        #expect(range.lowerBound.description == start)
        #expect(range.upperBound.description == end)
    }

    @Test(arguments: [
        "", "20", "202611", "2026-", "2026-11-", "2026-00", "2026-13", "2026-1", "2026-02-30",
        "2026-11-22T", "2026-11-22T10", "2026-11-22T10Z", "2026-11-22Z", "2026Z",
        "2026-11-22+01:00", "yesterday", "2026-11-22T10:08:30 +01:00",
    ])
    func `what is no date covers nothing`(text: String) {
        #expect(Timestamp.range(covering: text) == nil)
    }

    @Test func `days are counted without a gap over four centuries`() {
        var expected = CivilDate(year: 1798)?.daysSinceEpoch ?? 0
        for year in 1798...2202 {
            for month in 1...12 {
                for day in 1...CivilDate.dayCount(year: year, month: month) {
                    let date = CivilDate(year: year, month: month, day: day)
                    #expect(date?.daysSinceEpoch == expected)
                    #expect(CivilDate(daysSinceEpoch: expected) == date)
                    expected += 1
                }
            }
        }
    }

    @Test(arguments: [(1900, 28), (2000, 29), (2024, 29), (2026, 28), (2100, 28), (0, 29)])
    func `a century is a leap year once in four`(year: Int, dayCount: Int) {
        #expect(CivilDate.dayCount(year: year, month: 2) == dayCount)
        #expect((CivilDate(year: year, month: 2, day: 29) == nil) == (dayCount == 28))
    }

    @Test(arguments: [Int64.min, .min + 1, -1, 0, 1, .max])
    func `every number of microseconds has a text`(microseconds: Int64) {
        let text = Timestamp(microseconds: microseconds).description
        #expect(text.hasSuffix("Z") && text.contains("T"))
    }

    @Test func `a day beyond 64 bits of microseconds is no moment`() throws {
        let date = CivilDate(daysSinceEpoch: 400_000_000)
        #expect(Timestamp(day: date, microsecondsOfDay: 0) == nil)
    }

    @Test func `earlier moments come first`() {
        let texts = ["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2026-11-22T10:08:30Z"]
        let moments = texts.compactMap { Timestamp($0) }
        #expect(moments.reversed().sorted() == moments)
    }
}
