import Glibc

/// The time zone of the person at this machine.
package enum LocalTime {
    /// How far local time is ahead of UTC at a moment, in seconds: localtime_r(3).
    package static func offset(atSecondsSince1970 seconds: Int64) -> Int {
        var moment = time_t(seconds)
        var local = unsafe tm()
        guard unsafe localtime_r(&moment, &local) != nil else { return 0 }
        return unsafe local.tm_gmtoff
    }
}
