import Glibc
package import SystemPackage

extension PosixFileSystem {
    /// Replaces a file in one step with one that everybody may read.
    ///
    /// For figures that are made anew all the time: nothing is synchronized.
    package func publish(_ path: FilePath, _ bytes: [UInt8]) throws(SystemError) {
        guard let name = path.lastComponent else {
            throw SystemError(.create, path, .isDirectory)
        }
        let temporary = path.directory.appending(name.string + ".tmp")
        if try status(of: temporary) != nil { try remove(temporary) }
        let file = try open(temporary, .createNew)
        do throws(SystemError) {
            try file.write(bytes, at: 0)
            do throws(Errno) {
                _ = try retrying { unsafe chmod(temporary.string, 0o644) }
            } catch {
                throw SystemError(.create, temporary, error)
            }
            try rename(temporary, to: path)
        } catch {
            // The first failure is what the caller must hear of.
            try? remove(temporary)
            throw error
        }
        try file.close()
    }
}
