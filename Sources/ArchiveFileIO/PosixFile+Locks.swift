import Glibc
import SystemPackage

// Locks of the open file description. Unlike POSIX record locks they conflict between two opens in
// one process, and closing another descriptor of the same file does not drop them.

extension PosixFile {
    func tryLock(byte: UInt64, exclusively: Bool) throws(SystemError) -> Bool {
        try reporting(.lock) { () throws(Errno) in
            var region = try Self.region(
                byte..<byte + 1,
                kind: exclusively ? F_WRLCK : F_RDLCK
            )
            do throws(Errno) {
                try SystemCall.lock(descriptor, .set, &region)
                return true
            } catch .resourceTemporarilyUnavailable {
                return false
            } catch .permissionDenied {
                // POSIX allows either answer for a conflict.
                return false
            }
        }
    }

    func unlock(byte: UInt64) throws(SystemError) {
        try reporting(.lock) { () throws(Errno) in
            var region = try Self.region(byte..<byte + 1, kind: F_UNLCK)
            try SystemCall.lock(descriptor, .set, &region)
        }
    }

    func firstLocked(in range: Range<UInt64>) throws(SystemError) -> UInt64? {
        try reporting(.lock) { () throws(Errno) in
            var lowest: UInt64?
            // The kernel names any conflicting lock, so what lies below it is asked again. Each
            // round ends lower, so there are at most as many rounds as there are locks.
            while range.lowerBound < lowest ?? range.upperBound {
                let rest = range.lowerBound..<(lowest ?? range.upperBound)
                var region = try Self.region(rest, kind: F_WRLCK)
                try SystemCall.lock(descriptor, .test, &region)
                if region.l_type == F_UNLCK { break }
                lowest = max(range.lowerBound, UInt64(max(0, region.l_start)))
            }
            return lowest
        }
    }

    private static func region(_ range: Range<UInt64>, kind: CInt) throws(Errno) -> flock {
        // Not the range's own count, which traps beyond 2^63.
        guard let start = off_t(exactly: range.lowerBound),
            let length = off_t(exactly: range.upperBound - range.lowerBound)
        else { throw .invalidArgument }
        return flock(
            l_type: Int16(kind),
            l_whence: Int16(SEEK_SET),
            l_start: start,
            l_len: length,
            l_pid: 0
        )
    }
}
