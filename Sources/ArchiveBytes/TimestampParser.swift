extension Timestamp {
    /// Parses RFC 3339: a whole date, a time with seconds, and a zone.
    ///
    /// Digits beyond microseconds are cut off. A leap second (`:60`) is the first moment of the next
    /// minute. `24:00` is refused, as RFC 3339 does.
    package init?(_ text: String) {
        guard let covered = TimestampParser.parse(text), covered.isWholeMoment else { return nil }
        self = covered.range.lowerBound
    }

    /// The time that a date or moment of any precision covers, from its start to the next one's.
    ///
    /// Accepts `2026`, `2026-11`, `2026-11-22`, and with a time `2026-11-22T10:08`, with seconds and
    /// a fraction if wanted. A zone (`Z`, `+01:00`) may follow the time; without one the text means
    /// UTC.
    package static func range(covering text: String) -> Range<Timestamp>? {
        TimestampParser.parse(text)?.range
    }
}

private struct TimestampParser {
    let bytes: [UInt8]
    var offset = 0

    static func parse(_ text: String) -> (range: Range<Timestamp>, isWholeMoment: Bool)? {
        var parser = TimestampParser(bytes: Array(text.utf8))
        return parser.date()
    }

    private mutating func date() -> (range: Range<Timestamp>, isWholeMoment: Bool)? {
        guard let year = number(4) else { return nil }
        if isAtEnd {
            return days(from: CivilDate(year: year), count: isLeap(year) ? 366 : 365)
        }
        guard take("-"), let month = number(2) else { return nil }
        if isAtEnd {
            let dayCount = CivilDate.dayCount(year: year, month: month)
            return days(from: CivilDate(year: year, month: month), count: dayCount)
        }
        guard take("-"), let day = number(2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        if isAtEnd { return days(from: date, count: 1) }
        guard take("T") || take("t") || take(" ") else { return nil }
        return time(on: date)
    }

    private func isLeap(_ year: Int) -> Bool { CivilDate.dayCount(year: year, month: 2) == 29 }

    private func days(
        from date: CivilDate?,
        count: Int
    ) -> (range: Range<Timestamp>, isWholeMoment: Bool)? {
        guard let date, let start = Timestamp(day: date, microsecondsOfDay: 0) else { return nil }
        let length = Int64(count) * Timestamp.microsecondsPerDay
        return (start..<Timestamp(microseconds: start.microseconds + length), false)
    }

    private mutating func time(
        on date: CivilDate
    ) -> (range: Range<Timestamp>, isWholeMoment: Bool)? {
        guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60
        else { return nil }
        var time = Int64(hour * 3600 + minute * 60) * 1_000_000
        var precision: Int64 = 60_000_000
        if take(":") {
            guard let second = number(2), second <= 60 else { return nil }
            time += Int64(second) * 1_000_000
            precision = 1_000_000
            if take(".") {
                guard let fraction = fraction() else { return nil }
                time += fraction.microseconds
                precision = fraction.precision
            }
        }
        let hasSeconds = precision < 60_000_000
        let zone: Int64?
        if isAtEnd {
            zone = nil
        } else {
            guard let offset = zoneOffset() else { return nil }
            zone = offset
        }
        guard isAtEnd,
            let start = Timestamp(day: date, microsecondsOfDay: time - (zone ?? 0))
        else { return nil }
        let end = Timestamp(microseconds: start.microseconds + precision)
        return (start..<end, hasSeconds && zone != nil)
    }

    /// Takes the digits after the point, of which those beyond the sixth do not count.
    private mutating func fraction() -> (microseconds: Int64, precision: Int64)? {
        let start = offset
        var microseconds: Int64 = 0
        var precision: Int64 = 1_000_000
        while offset < bytes.count, bytes[offset] &- 0x30 < 10 {
            if precision > 1 {
                precision /= 10
                microseconds += Int64(bytes[offset] &- 0x30) * precision
            }
            offset += 1
        }
        return offset > start ? (microseconds, precision) : nil
    }

    /// Takes a zone and answers how far it is ahead of UTC, in microseconds.
    private mutating func zoneOffset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isAhead = take("+")
        guard isAhead || take("-"), let hour = number(2), hour < 24, take(":"),
            let minute = number(2), minute < 60
        else { return nil }
        let offset = Int64(hour * 3600 + minute * 60) * 1_000_000
        return isAhead ? offset : -offset
    }

    private var isAtEnd: Bool { offset == bytes.count }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    /// Takes exactly so many digits.
    private mutating func number(_ count: Int) -> Int? {
        guard bytes.count - offset >= count else { return nil }
        var value = 0
        for index in offset..<(offset + count) {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        offset += count
        return value
    }
}
