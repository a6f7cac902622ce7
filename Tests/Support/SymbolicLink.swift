import Glibc
package import SystemPackage

/// Makes a symbolic link, which the file system contract has no call for: links come from others.
package func makeLink(at path: FilePath, to target: FilePath) throws {
    let result = unsafe target.withPlatformString { target in
        unsafe path.withPlatformString { unsafe symlink(target, $0) }
    }
    guard result == 0 else { throw Errno(rawValue: errno) }
}
