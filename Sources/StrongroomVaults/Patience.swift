import ArchiveBytes
import ArchiveFileIO

/// How often and how long a store tries again what may succeed later.
///
/// Delays double, half of each is left to chance so that many clients do not return together, and
/// what a server asks for is waited. With the usual values a server that refuses at once is tried for
/// half a minute to a minute and a half, which outlasts a restart.
struct Patience: Sendable {
    var tryLimit = 10
    var firstDelay = Duration.milliseconds(250)
    var delayLimit = Duration.seconds(20)
    /// Once this long has passed since the first try, the next failure is the last.
    var timeLimit = Duration.seconds(300)

    /// The pause after a number of tries; nil if it is time to give up.
    func delay(
        afterTries count: Int,
        elapsed: Duration,
        asked: Duration?,
        chance: Double
    ) -> Duration? {
        guard count < tryLimit, elapsed < timeLimit else { return nil }
        // Beyond 2^20 times the first delay every limit is reached, and no product overflows.
        let doubled = firstDelay * (1 << min(count - 1, 20))
        let half = min(doubled, delayLimit) / 2
        return max(half + half * chance, min(asked ?? .zero, delayLimit))
    }
}

/// Time and chance, as tests give them.
struct VaultClock: Sendable {
    var now: @Sendable () -> Timestamp
    /// Goes on steadily, whatever becomes of the time of day.
    var elapsed: @Sendable () -> Duration
    /// Ends early if the task is cancelled.
    var sleep: @Sendable (Duration) async -> Void
    /// From 0 to less than 1.
    var chance: @Sendable () -> Double

    static let system: VaultClock = {
        let start = ContinuousClock.now
        return VaultClock(
            now: SystemClock.now,
            elapsed: { ContinuousClock.now - start },
            sleep: { try? await Task.sleep(for: $0) },
            chance: { Double.random(in: 0..<1) }
        )
    }()
}
