import ArchiveBytes
import ArchiveFileIO

/// The clocks that an operation measures itself with; tests bring their own.
public struct RecoveryClock: Sendable {
    /// Time since the clock was made, by a clock that never goes back.
    let elapsed: @Sendable () -> Duration
    /// Microseconds since 1970, for reports.
    let now: @Sendable () -> Int64

    /// Takes a clock for durations and one for dates.
    public init(
        measuring clock: some Clock<Duration>,
        now: @escaping @Sendable () -> Int64
    ) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        self.now = now
    }

    /// The system's clocks.
    ///
    /// Durations go on while the machine sleeps.
    public static var system: RecoveryClock {
        RecoveryClock(measuring: ContinuousClock()) { SystemClock.now().microseconds }
    }
}
