import ArchiveBytes

/// A date or time as a record gives it, to the year or to the microsecond.
///
/// Whatever is not given makes the moment longer, never earlier: `1962-05` is the whole of that May.
/// A time without a zone is taken as UTC; the sender's zone is not in the record.
struct Moment {
    private var year = 0
    private var month = 1
    private var day = 1
    private var microsecondsOfDay: Int64 = 0
    /// How long the moment lasts, for what is shorter than a month.
    private var duration: Int64 = 0
    private var precision = Precision.year
    /// How far the zone is ahead of UTC, in microseconds.
    private var zone: Int64 = 0

    private enum Precision { case year, month, day, time }

    private static let second: Int64 = 1_000_000

    /// The time that the moment covers, from its start to the next moment's.
    private var range: Range<Timestamp>? {
        guard let date = CivilDate(year: year, month: month, day: day) else { return nil }
        let days =
            switch precision {
            case .year: CivilDate.dayCount(year: year, month: 2) == 29 ? 366 : 365
            case .month: CivilDate.dayCount(year: year, month: month)
            case .day, .time: 1
            }
        let length = precision == .time ? duration : Int64(days) * 86_400 * Self.second
        guard let start = Timestamp(day: date, microsecondsOfDay: microsecondsOfDay - zone)
        else { return nil }
        return start..<Timestamp(microseconds: start.microseconds + length)
    }
}

// MARK: - FHIR

extension Moment {
    /// Reads a FHIR `date`, `dateTime` or `instant`; nil if it is none.
    static func fhir(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Range<Timestamp>? {
        var moment = Moment()
        var reader = DigitReader(at: text.lowerBound, end: text.upperBound)
        guard let year = reader.number(4, bytes) else { return nil }
        moment.year = year
        if reader.isAtEnd { return moment.range }
        guard reader.take("-", bytes), let month = reader.number(2, bytes) else { return nil }
        moment.month = month
        moment.precision = .month
        if reader.isAtEnd { return (1...12).contains(month) ? moment.range : nil }
        guard reader.take("-", bytes), let day = reader.number(2, bytes) else { return nil }
        moment.day = day
        moment.precision = .day
        if reader.isAtEnd { return moment.range }
        guard reader.take("T", bytes) || reader.take("t", bytes) || reader.take(" ", bytes),
            let hour = reader.number(2, bytes), reader.take(":", bytes),
            let minute = reader.number(2, bytes), hour < 24, minute < 60
        else { return nil }
        moment.setTime(hour, minute)
        if reader.take(":", bytes) {
            guard let second = reader.number(2, bytes), moment.setSecond(second, &reader, bytes)
            else { return nil }
        }
        guard moment.setZone(&reader, bytes, separator: ":") else { return nil }
        return moment.range
    }
}

// MARK: - HL7 v2

extension Moment {
    /// Reads an HL7 v2 time stamp, `YYYY[MM[DD[HH[MM[SS[.S…]]]]]][+ZZZZ]`; nil if it is none.
    static func hl7(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Range<Timestamp>? {
        var moment = Moment()
        var reader = DigitReader(at: text.lowerBound, end: text.upperBound)
        guard let year = reader.number(4, bytes) else { return nil }
        moment.year = year
        if let month = reader.number(2, bytes) {
            guard (1...12).contains(month) else { return nil }
            moment.month = month
            moment.precision = .month
            if let day = reader.number(2, bytes) {
                moment.day = day
                moment.precision = .day
                guard moment.setHL7Time(&reader, bytes) else { return nil }
            }
        }
        guard moment.setZone(&reader, bytes, separator: nil) else { return nil }
        return moment.range
    }

    private mutating func setHL7Time(_ reader: inout DigitReader, _ bytes: Span<UInt8>) -> Bool {
        guard let hour = reader.number(2, bytes) else { return true }
        guard hour < 24 else { return false }
        guard let minute = reader.number(2, bytes) else {
            setTime(hour, 0)
            duration = 3600 * Self.second
            return true
        }
        guard minute < 60 else { return false }
        setTime(hour, minute)
        guard let second = reader.number(2, bytes) else { return true }
        return setSecond(second, &reader, bytes)
    }
}

// MARK: - Parts

extension Moment {
    private mutating func setTime(_ hour: Int, _ minute: Int) {
        precision = .time
        microsecondsOfDay = Int64(hour * 3600 + minute * 60) * Self.second
        duration = 60 * Self.second
    }

    /// Sets the second, which may be a leap second, and the fraction that follows, if any.
    private mutating func setSecond(
        _ second: Int,
        _ reader: inout DigitReader,
        _ bytes: Span<UInt8>
    ) -> Bool {
        guard second <= 60 else { return false }
        microsecondsOfDay += Int64(second) * Self.second
        duration = Self.second
        guard reader.take(".", bytes) else { return true }
        let start = reader.at
        while let digit = reader.number(1, bytes) {
            guard duration > 1 else { continue }
            duration /= 10
            microsecondsOfDay += Int64(digit) * duration
        }
        return reader.at > start
    }

    /// Reads a zone, if there is one; false if something else follows.
    private mutating func setZone(
        _ reader: inout DigitReader,
        _ bytes: Span<UInt8>,
        separator: Unicode.Scalar?
    ) -> Bool {
        if reader.isAtEnd || reader.take("Z", bytes) || reader.take("z", bytes) {
            return reader.isAtEnd
        }
        let isAhead = reader.take("+", bytes)
        guard isAhead || reader.take("-", bytes), let hour = reader.number(2, bytes), hour < 24
        else { return false }
        if let separator { guard reader.take(separator, bytes) else { return false } }
        guard let minute = reader.number(2, bytes), minute < 60 else { return false }
        let offset = Int64(hour * 3600 + minute * 60) * Self.second
        zone = isAhead ? offset : -offset
        return reader.isAtEnd
    }
}

/// Reads digits from a range of bytes.
private struct DigitReader {
    var at: Int
    let end: Int

    var isAtEnd: Bool { at == end }

    mutating func take(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        guard at < end, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    /// Takes exactly so many digits, or nothing.
    mutating func number(_ count: Int, _ bytes: Span<UInt8>) -> Int? {
        guard end - at >= count else { return nil }
        var value = 0
        for offset in at..<(at + count) {
            let digit = bytes[offset] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        at += count
        return value
    }
}
