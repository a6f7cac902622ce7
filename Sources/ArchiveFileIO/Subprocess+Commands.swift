import SystemPackage

// Programs of the user's that are told something and answer with their exit status.

extension Subprocess {
    /// How a program ended.
    package struct Ending: Sendable {
        /// Its exit status, 128 + n for signal n; nil if it was ended because it took too long.
        package let status: Int?
        /// The end of what it wrote to its standard output and error.
        package let words: [UInt8]
    }

    /// The end of what a program says is what explains how it ended.
    private static let wordByteLimit = 4096
    /// How long a wish to stop may go unnoticed.
    private static let glance = Duration.milliseconds(200)

    /// Runs a program, which is looked for in `PATH`, without a shell, with `input` on its standard
    /// input.
    ///
    /// The input is small: a few KiB, which a socket takes at once. What still runs of it after
    /// `timeout`, or once `isCancelled` says so, is ended: the answer then has no status.
    ///
    /// - Throws: `ENOENT` and the like if it cannot be started.
    package static func run(
        _ command: [String],
        input: [UInt8],
        timeout: Duration,
        isCancelled: () -> Bool = { false }
    ) throws(SystemError) -> Ending {
        do throws(Errno) {
            var conversation = try Conversation(command, input)
            let clock = ContinuousClock()
            let deadline = clock.now + timeout
            var isOver = false
            while !isOver, clock.now < deadline, !isCancelled() {
                isOver = try conversation.step(for: min(glance, deadline - clock.now))
            }
            return conversation.end()
        } catch {
            throw SystemError(.open, FilePath(command.first ?? ""), error)
        }
    }

    /// A running program, what it is still to be told, and what it said.
    private struct Conversation {
        private let child: CInt
        private var socket: CInt
        private var complaints: CInt
        private var input: [UInt8]
        private var sentCount = 0
        private var words: [UInt8] = []
        private var status: Int?

        init(_ command: [String], _ input: [UInt8]) throws(Errno) {
            let ends = try SystemCall.makeSocketPair()
            var open = [ends.0, ends.1]
            do throws(Errno) {
                let pipe = try SystemCall.makePipe()
                open += [pipe.reading, pipe.writing]
                child = try SystemCall.spawn(
                    command,
                    speaking: ends.1,
                    complaints: pipe.writing
                )
                complaints = pipe.reading
                for descriptor in [ends.1, pipe.writing] { try? SystemCall.close(descriptor) }
            } catch {
                for descriptor in open { try? SystemCall.close(descriptor) }
                throw error
            }
            socket = ends.0
            self.input = input
            if input.isEmpty { SystemCall.endSending(socket) }
        }

        /// Does what can be done now, waiting for it at most `time`; true once the program has ended.
        mutating func step(for time: Duration) throws(Errno) -> Bool {
            guard socket >= 0 || complaints >= 0 else {
                // It said its last word, and may still be at work.
                if let ended = try SystemCall.statusIfEnded(child) {
                    status = Int(ended)
                    return true
                }
                SystemClock.pause(for: min(time, .milliseconds(10)))
                return false
            }
            let isSending = sentCount < input.count
            let ready = try SystemCall.wait(
                for: socket,
                writing: isSending,
                or: complaints,
                milliseconds: CInt(time.components.seconds * 1000)
                    + CInt(time.components.attoseconds / 1_000_000_000_000_000) + 1
            )
            if ready.second { complaints = hear(complaints) }
            guard ready.first else { return false }
            if isSending { send() } else { socket = hear(socket) }
            return false
        }

        private mutating func send() {
            do throws(Errno) {
                sentCount += try SystemCall.send(socket, input.span.extracting(sentCount...))
            } catch {
                // It does not want to hear it, which is its own affair.
                sentCount = input.count
            }
            if sentCount == input.count { SystemCall.endSending(socket) }
        }

        /// Takes what is there, and answers the descriptor, or -1 if there is no more.
        private mutating func hear(_ descriptor: CInt) -> CInt {
            var buffer = [UInt8](repeating: 0, count: Subprocess.wordByteLimit)
            let count = unsafe buffer.withUnsafeMutableBytes { target in
                unsafe (try? SystemCall.readNext(descriptor, into: target)) ?? 0
            }
            guard count > 0 else {
                try? SystemCall.close(descriptor)
                return -1
            }
            words = Array((words + buffer[..<count]).suffix(Subprocess.wordByteLimit))
            return descriptor
        }

        /// Ends what is left of it, and tells how it went.
        mutating func end() -> Ending {
            for descriptor in [socket, complaints] where descriptor >= 0 {
                try? SystemCall.close(descriptor)
            }
            if status == nil {
                SystemCall.killGroup(of: child)
                _ = try? SystemCall.waitForEnd(of: child)
            }
            return Ending(status: status, words: words)
        }
    }
}
