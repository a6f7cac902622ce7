import CMalloc
import Glibc

/// How a program of ours, not a library in somebody else's, keeps its memory small.
package enum MemoryPolicy {
    /// Keeps the allocator from holding on to what was freed.
    ///
    /// One arena a worker and one for the rest, and large buffers mapped on their own, so that they go
    /// back to the system. With one arena less, verification takes three quarters longer on two
    /// processors; with eight for each processor, which is the default, nothing is quicker.
    package static func keepSmall() {
        mallopt(M_ARENA_MAX, CInt(min(WorkerTeam.processorCount, 8) + 1))
        mallopt(M_MMAP_THRESHOLD, 512 << 10)
        mallopt(M_TRIM_THRESHOLD, 2 << 20)
    }
}

/// What becomes of a program's memory when it crashes.
package enum CrashDumps {
    /// Lets no crash write the memory, with its keys, to a file, nor give it to the program that the
    /// system sends dumps to; and no other process of the same user read it, or the environment.
    ///
    /// The limit holds for children as well, the rest for this process.
    package static func forbid() {
        _ = strongroom_set_dumpable(0)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // It can only fail where the limit is not ours to lower; then it is none of ours to raise.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }

    /// Whether the kernel keeps this process's memory from dumps and other processes.
    package static var areForbidden: Bool { strongroom_get_dumpable() == 0 }
}
