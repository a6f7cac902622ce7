import Glibc
package import SystemPackage

/// The directory that relative paths begin in.
package enum WorkingDirectory {
    /// A path that means the same from any directory: getcwd(3).
    package static func absolute(_ path: FilePath) throws(SystemError) -> FilePath {
        guard path.isRelative else { return path.lexicallyNormalized() }
        guard let text = unsafe getcwd(nil, 0) else {
            throw SystemError(.open, path, Errno(rawValue: errno))
        }
        defer { unsafe free(text) }
        return unsafe FilePath(platformString: text).pushing(path).lexicallyNormalized()
    }
}
