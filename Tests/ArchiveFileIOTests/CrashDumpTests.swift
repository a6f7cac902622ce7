import ArchiveFileIO
import Glibc
import Testing

@Suite struct `A crash of the program` {
    /// In a process of its own, whose limit stays lowered.
    @Test func `leaves no dump of its memory`() async {
        await #expect(processExitsWith: .exitCode(0)) {
            guard !CrashDumps.areForbidden else { exit(3) }
            CrashDumps.forbid()
            guard CrashDumps.areForbidden else { exit(4) }
            var limit = rlimit(rlim_cur: 1, rlim_max: 1)
            let resource = __rlimit_resource_t(RLIMIT_CORE.rawValue)
            guard unsafe getrlimit(resource, &limit) == 0 else { exit(1) }
            exit(limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 2)
        }
    }
}
