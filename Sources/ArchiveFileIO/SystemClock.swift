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
}
