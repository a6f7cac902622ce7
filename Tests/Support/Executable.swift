import Glibc
package import SystemPackage

/// Whether a file may be run by its owner.
package func isExecutable(_ path: FilePath) -> Bool {
    var answer = stat()
    let result = unsafe path.withPlatformString { unsafe stat($0, &answer) }
    return result == 0 && answer.st_mode & S_IXUSR != 0
}
