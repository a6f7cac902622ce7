import ArchiveBytes

/// A part of the calendar, in UTC.
enum Period: Sendable {
    case hour
    case day
    case week
    case month
    case year

    private static let hourLength: Int64 = 3_600_000_000
    private static let dayLength: Int64 = 24 * hourLength
    /// 1970-01-01 was a Thursday, the fourth day of its week.
    private static let daysIntoWeek: Int64 = 3

    /// The number of the period in which a moment lies; a later one has a larger number.
    func number(of time: Int64) -> Int64 {
        let days = Self.floored(time, Self.dayLength)
        switch self {
        case .hour: return Self.floored(time, Self.hourLength)
        case .day: return days
        case .week: return Self.floored(days + Self.daysIntoWeek, 7)
        case .month:
            let date = CivilDate(daysSinceEpoch: days)
            return Int64(date.year) * 12 + Int64(date.month) - 1
        case .year: return Int64(CivilDate(daysSinceEpoch: days).year)
        }
    }

    /// When a period begins, in microseconds since 1970.
    func start(of number: Int64) -> Int64 {
        switch self {
        case .hour: return number * Self.hourLength
        case .day: return number * Self.dayLength
        case .week: return (number * 7 - Self.daysIntoWeek) * Self.dayLength
        case .month:
            let year = Self.floored(number, 12)
            return Self.start(year: year, month: number - year * 12 + 1)
        case .year: return Self.start(year: number, month: 1)
        }
    }

    /// What a rule of this period is called.
    var rule: String {
        switch self {
        case .hour: "hourly"
        case .day: "daily"
        case .week: "weekly"
        case .month: "monthly"
        case .year: "yearly"
        }
    }

    /// The period in which a moment lies, as people say it.
    func name(of time: Int64) -> String {
        let start = Timestamp(microseconds: start(of: number(of: time))).description
        return switch self {
        case .hour: start.prefix(13).replacing("T", with: " ") + ":00"
        case .day: String(start.prefix(10))
        case .week: "week of \(start.prefix(10))"
        case .month: String(start.prefix(7))
        case .year: String(start.prefix(4))
        }
    }

    private static func start(year: Int64, month: Int64) -> Int64 {
        // Beyond the calendar's ten thousand years there is no snapshot.
        let date = CivilDate(year: Int(clamping: year), month: Int(month))
        return (date?.daysSinceEpoch ?? 0) * dayLength
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
