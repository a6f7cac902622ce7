import SystemPackage

/// A command of the user's whose output the program needs.
package enum Subprocess {
    /// How a command ended.
    package struct Outcome: Sendable {
        /// What it wrote to its standard output.
        package var output: [UInt8]
        /// Its exit status, 128 + n for signal n.
        package let status: Int
    }

    /// Runs `command` in /bin/sh and answers what it writes.
    ///
    /// Standard input is empty, standard error is ours. More output than `limit` is `EFBIG`.
    package static func run(
        shell command: String,
        outputLimit limit: Int
    ) throws(SystemError) -> Outcome {
        do throws(Errno) {
            let pipe = try SystemCall.makePipe()
            let reader = PosixDescriptor(pipe.reading)
            let writer = PosixDescriptor(pipe.writing)
            let child = try SystemCall.spawn("/bin/sh", ["-c", command], output: writer.number)
            writer.close()
            let stream = StandardStream(descriptor: reader.number, name: "the command's output")
            let output: [UInt8]
            do throws(SystemError) {
                output = try stream.readFully(limit + 1)
            } catch {
                throw error.errno
            }
            // Closed before waiting: a command that still writes must not wait for us meanwhile.
            reader.close()
            let status = try SystemCall.waitForEnd(of: child)
            guard output.count <= limit else { throw .fileTooLarge }
            return Outcome(output: output, status: Int(status))
        } catch {
            throw SystemError(.read, "the command's output", error)
        }
    }
}

/// One end of a pipe, closed once.
private final class PosixDescriptor {
    private(set) var number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { close() }

    func close() {
        guard number >= 0 else { return }
        try? SystemCall.close(number)
        number = -1
    }
}
