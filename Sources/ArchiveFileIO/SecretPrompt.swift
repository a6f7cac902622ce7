import Glibc
import SystemPackage

/// Asks the person at the terminal for a secret, without showing it.
package enum SecretPrompt {
    /// Longer lines are not what a person types.
    private static let byteLimit = 4096

    /// Writes `question` to the terminal and answers the line that is typed; nil without a terminal.
    ///
    /// It asks the terminal itself, so that standard input may be a file at the same time.
    package static func ask(_ question: String) throws(SystemError) -> [UInt8]? {
        // Without a person who reads messages there is none to answer.
        guard StandardStream.error.isTerminal else { return nil }
        let path: FilePath = "/dev/tty"
        guard let descriptor = try? SystemCall.open(path, O_RDWR | O_NOCTTY) else { return nil }
        defer { try? SystemCall.close(descriptor) }
        let terminal = StandardStream(descriptor: descriptor, name: path.string)
        do throws(Errno) {
            let shown = try SystemCall.terminalSettings(descriptor)
            var hidden = shown
            hidden.c_lflag &= ~tcflag_t(ECHO)
            try SystemCall.setTerminalSettings(descriptor, hidden)
            defer { try? SystemCall.setTerminalSettings(descriptor, shown) }
            return try answer(question, terminal).get()
        } catch {
            throw SystemError(.read, path, error)
        }
    }

    private static func answer(
        _ question: String,
        _ terminal: StandardStream
    ) -> Result<[UInt8], Errno> {
        do throws(SystemError) {
            try terminal.write(Array(question.utf8).span)
            var line = try terminal.read(atMost: byteLimit)
            // Whoever typed it pressed return, which was not shown either.
            try terminal.write([UInt8(ascii: "\n")].span)
            if line.last == UInt8(ascii: "\n") { line.removeLast() }
            return .success(line)
        } catch {
            return .failure(error.errno)
        }
    }
}

/// Overwrites bytes that nobody should find in memory later: explicit_bzero(3).
package func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { target in
        if let start = target.baseAddress { unsafe explicit_bzero(start, target.count) }
    }
    bytes.removeAll()
}
