import Glibc
import SystemPackage

/// A descriptor that the process was given: input, output, errors, or one named by number.
///
/// It is not closed by anyone here. Waiting for input or for room ends when the user asks to stop.
package struct StandardStream: Sendable {
    let descriptor: CInt
    /// What it is called in messages.
    package let name: String

    package static let input = StandardStream(descriptor: 0, name: "standard input")
    package static let output = StandardStream(descriptor: 1, name: "standard output")
    package static let error = StandardStream(descriptor: 2, name: "standard error")

    init(descriptor: CInt, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// A descriptor that the parent process opened.
    package init(inherited number: Int32) {
        self.init(descriptor: number, name: "descriptor \(number)")
    }

    /// Puts something into the places of standard streams that the process was started without.
    ///
    /// Else the next pipe or file would have such a number, and what is asked or said would go there.
    /// Reading and writing fail as they do on a closed stream. To be called before anything is opened.
    package static func holdPlaces() {
        for descriptor in 0...2 as ClosedRange<CInt> { SystemCall.holdPlace(of: descriptor) }
    }

    /// Whether a person sits at it.
    package var isTerminal: Bool { SystemCall.isTerminal(descriptor) }

    /// The width of its terminal in characters, or nil.
    package var columnCount: Int? { SystemCall.columnCount(descriptor) }

    /// Reads what is there, at most `byteCount` bytes; waits if nothing is; empty at the end.
    ///
    /// - Throws: `EINTR` if the user asked to stop meanwhile.
    package func read(atMost byteCount: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let descriptor = self.descriptor
        do throws(Errno) {
            try Interruption.wait(for: descriptor, writing: false)
            let result = unsafe bytes.withUnsafeMutableBytes { target in
                Result { () throws(Errno) in
                    unsafe try SystemCall.readNext(descriptor, into: target)
                }
            }
            bytes.removeLast(byteCount - (try result.get()))
        } catch {
            throw SystemError(.read, FilePath(name), error)
        }
        return bytes
    }

    /// Reads until there are `byteCount` bytes; fewer only at the end.
    package func readFully(_ byteCount: Int) throws(SystemError) -> [UInt8] {
        var bytes = try read(atMost: byteCount)
        while bytes.count < byteCount {
            let more = try read(atMost: byteCount - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Writes all bytes.
    ///
    /// - Throws: `EINTR` if the user asked to stop while the reader did not read.
    package func write(_ bytes: Span<UInt8>) throws(SystemError) {
        let descriptor = self.descriptor
        let failure: Errno? = unsafe bytes.withUnsafeBytes { bytes in
            var done = 0
            do throws(Errno) {
                while done < bytes.count {
                    try Interruption.wait(for: descriptor, writing: true)
                    // No more than a pipe takes at once, so that waiting happens where it can end.
                    let end = min(bytes.count, done + (64 << 10))
                    done += unsafe try SystemCall.writeNext(
                        descriptor,
                        UnsafeRawBufferPointer(rebasing: bytes[done..<end])
                    )
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw SystemError(.write, FilePath(name), failure) }
    }
}
