import ArgumentParser

/// A length of time as the command line says it: 90s, 15m, 4h, 1h30m, 2d.
struct TimeSpan: ExpressibleByArgument, Equatable {
    let duration: Duration

    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    /// A century is no objective; below it nothing overflows.
    private static let limit: Int64 = 36_500 * 86_400

    init?(argument: String) {
        var seconds: Int64 = 0
        var digits = ""
        for character in argument {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit = Self.units[character], let count = Int64(digits),
                count <= Self.limit / unit
            else { return nil }
            seconds += count * unit
            digits = ""
        }
        guard digits.isEmpty, (1...Self.limit).contains(seconds) else { return nil }
        duration = .seconds(seconds)
    }
}
