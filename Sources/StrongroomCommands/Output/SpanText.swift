/// A length of time as people say it, from milliseconds to years.
enum SpanText {
    static func text(_ duration: Duration) -> String {
        let seconds = duration.seconds
        guard seconds >= 0 else { return "-" + text(.zero - duration) }
        if seconds < 60, duration.components.attoseconds == 0 { return "\(Int(seconds)) s" }
        if seconds < 60 { return DurationText.text(seconds: seconds) }
        let whole = Int64(seconds.rounded())
        if whole < 3600 { return pair(whole, 60, "min", 1, "s") }
        if whole < 2 * 86_400 { return pair(whole, 3600, "h", 60, "min") }
        return pair(whole, 86_400, "d", 3600, "h")
    }

    /// Two units, the second only if it counts something.
    private static func pair(
        _ seconds: Int64,
        _ size: Int64,
        _ unit: String,
        _ small: Int64,
        _ smallUnit: String
    ) -> String {
        let rest = seconds % size / small
        return "\(seconds / size) \(unit)" + (rest == 0 ? "" : " \(rest) \(smallUnit)")
    }
}
