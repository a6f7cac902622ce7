import ArchiveBytes
import ArchiveFileIO

/// Sizes as people read them: three digits and a binary unit.
enum ByteText {
    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    static func text(_ byteCount: UInt64) -> String {
        guard byteCount >= 1024 else { return "\(byteCount) B" }
        var value = Double(byteCount) / 1024
        var unit = 0
        while value >= 999.5, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return DecimalText.text(value, digitCount: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
            + " " + units[unit]
    }
}

/// A number with so many digits after the point.
enum DecimalText {
    static func text(_ value: Double, digitCount: Int) -> String {
        var scale = 1.0
        for _ in 0..<digitCount { scale *= 10 }
        let scaled = Int64((value * scale).rounded())
        guard digitCount > 0 else { return String(scaled) }
        let digits = String(scaled.magnitude)
        let padded = String(repeating: "0", count: max(0, digitCount + 1 - digits.count)) + digits
        return (scaled < 0 ? "-" : "") + padded.dropLast(digitCount) + "."
            + padded.suffix(digitCount)
    }
}

/// Things counted, as people say it.
enum CountText {
    static func text(_ count: some BinaryInteger, _ singular: String) -> String {
        Counted.text(count, singular)
    }

    /// The largest counts with their names, one a line, and how many names are left out.
    static func lines(_ counts: [String: Int]) -> [String] {
        let limit = 12
        let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var lines = sorted.prefix(limit).map { name, count in
            String(count).padded(toAtLeast: 10) + "  " + VisibleText.text(name)
        }
        if sorted.count > limit {
            lines.append(
                "            and \(text(sorted.count - limit, "other kind")); all with --json"
            )
        }
        return lines
    }
}

/// How long something takes, as people say it.
enum DurationText {
    static func text(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "days" }
        if seconds < 60 {
            return DecimalText.text(seconds, digitCount: seconds < 10 ? 2 : 1) + " s"
        }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }
}

/// Moments: in JSON as RFC 3339 in UTC, for people in their own zone, which is said.
enum MomentText {
    static func json(_ microseconds: Int64?) -> JSONValue {
        .optional(microseconds.map { Timestamp(microseconds: $0).description })
    }

    static func local(_ microseconds: Int64) -> String {
        let seconds =
            microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
        let offset = LocalTime.offset(atSecondsSince1970: seconds)
        let shifted = Timestamp(microseconds: (seconds + Int64(offset)) * 1_000_000)
        let text = shifted.description.map { $0 == "T" ? " " : $0 }.filter { $0 != "Z" }
        let minutes = abs(offset) / 60
        return String(text) + (offset < 0 ? " -" : " +") + two(minutes / 60) + ":"
            + two(minutes % 60)
    }

    private static func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
}

/// Texts from records as they may be shown: control characters could command a terminal.
enum VisibleText {
    static func text(_ raw: String) -> String {
        guard raw.unicodeScalars.contains(where: isHidden) else { return raw }
        var shown = ""
        for scalar in raw.unicodeScalars {
            if isHidden(scalar) {
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
