package import ArchiveBytes
import Glibc

/// The system's wall clock.
package enum SystemClock {
    /// Now, in microseconds.
    package static let now: @Sendable () -> Timestamp = {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Waits on a thread that may block, or less if a signal comes: nanosleep(2).
    package static func pause(for duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return }
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        unsafe _ = nanosleep(&time, nil)
    }
}
