/// A moment in time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct Timestamp: Hashable, Sendable {
    /// Microseconds since the epoch; negative before it.
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// The start of `day` and so many microseconds after it, or nil beyond 64 bits.
    package init?(day: CivilDate, microsecondsOfDay: Int64) {
        let (start, isTooLarge) = day.daysSinceEpoch.multipliedReportingOverflow(
            by: Self.microsecondsPerDay
        )
        let (sum, overflows) = start.addingReportingOverflow(microsecondsOfDay)
        if isTooLarge || overflows { return nil }
        self.init(microseconds: sum)
    }

    static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Seconds since the epoch, rounded down.
    package var wholeSeconds: Int64 { microseconds.flooredQuotient(by: 1_000_000).quotient }

    /// Whether there is no fraction of a second.
    package var isWholeSeconds: Bool { microseconds % 1_000_000 == 0 }
}

extension Timestamp: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Timestamp: CustomStringConvertible {
    /// The moment as RFC 3339 in UTC, with a fraction only where there is one.
    ///
    /// Years have four digits; one before 0 or after 9999 has a sign, as in ISO 8601.
    package var description: String {
        let (day, time) = microseconds.flooredQuotient(by: Self.microsecondsPerDay)
        let (second, fraction) = time.flooredQuotient(by: 1_000_000)
        let date = CivilDate(daysSinceEpoch: day)
        var text = "\(date)T"
        text += padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":"
        text += padded(second % 60, 2)
        if fraction > 0 {
            var digits = Substring(padded(fraction, 6))
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }
}

/// A day of the Gregorian calendar, which is applied to all of the past as well.
package struct CivilDate: Hashable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// A day that exists, in a year from 0 to 9999; else nil.
    package init?(year: Int, month: Int = 1, day: Int = 1) {
        guard (0...9999).contains(year), (1...12).contains(month),
            day >= 1, day <= Self.dayCount(year: year, month: month)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that many days after 1970-01-01.
    ///
    /// Years are counted from 1 March, so that the leap day comes last: a year then is a whole
    /// number of cycles of 146,097 days (400 years) and the rest of the division.
    package init(daysSinceEpoch days: Int64) {
        let (cycle, dayOfCycle) = (days + 719_468).flooredQuotient(by: 146_097)
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear =
            dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        year = Int(cycle * 400 + yearOfCycle) + (month <= 2 ? 1 : 0)
    }

    /// The number of days since 1970-01-01.
    package var daysSinceEpoch: Int64 {
        let (cycle, yearOfCycle) = Int64(month <= 2 ? year - 1 : year).flooredQuotient(by: 400)
        let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * 146_097 + dayOfCycle - 719_468
    }

    /// The number of days of a month.
    package static func dayCount(year: Int, month: Int) -> Int {
        let isLeap =
            year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CivilDate: CustomStringConvertible {
    /// The date as `2026-11-22`.
    package var description: String {
        let sign = year < 0 ? "-" : year > 9999 ? "+" : ""
        return sign + padded(Int64(year.magnitude), 4) + "-" + padded(Int64(month), 2) + "-"
            + padded(Int64(day), 2)
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Int64 {
    /// Quotient and remainder, where the remainder is never negative.
    fileprivate func flooredQuotient(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
