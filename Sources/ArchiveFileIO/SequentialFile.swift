import Glibc
package import SystemPackage

/// A file or pipe that is read once, from front to back; closed with its last reference.
///
/// For what a person names on a command line, where a pipe is as good as a file.
package final class SequentialFile: Sendable {
    private let stream: StandardStream

    /// Opens a path.
    package init(reading path: FilePath) throws(SystemError) {
        do throws(Errno) {
            let descriptor = try SystemCall.open(path, O_RDONLY | O_NOCTTY)
            stream = StandardStream(descriptor: descriptor, name: path.string)
        } catch {
            throw SystemError(.open, path, error)
        }
    }

    /// Reads until there are `byteCount` bytes; fewer only at the end.
    package func readFully(_ byteCount: Int) throws(SystemError) -> [UInt8] {
        try stream.readFully(byteCount)
    }

    deinit { try? SystemCall.close(stream.descriptor) }
}
