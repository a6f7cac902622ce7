import Synchronization
import SystemPackage

/// A program that runs beside this one and is spoken to over its standard input and output.
///
/// Every wait has a bound. It gets a process group of its own: a Ctrl-C that asks us to stop at a safe
/// point does not end it before. Writing and reading are for one thread at a time.
package final class ChildProcess: Sendable {
    /// The end of what it complains of is what explains its death.
    private static let complaintByteLimit = 4096

    private struct State: Sendable {
        var socket: CInt
        var complaints: CInt
        var process: CInt?
        var text: [UInt8] = []
    }

    /// The program's name, for messages.
    private let name: FilePath
    private let state: Mutex<State>

    /// Starts a program, which is looked for in `PATH`.
    package init(_ command: [String]) throws(SystemError) {
        let name = FilePath(command.first ?? "")
        self.name = name
        do throws(Errno) {
            let ends = try SystemCall.makeSocketPair()
            let pipe: (reading: CInt, writing: CInt)
            do throws(Errno) {
                pipe = try SystemCall.makePipe()
            } catch {
                for end in [ends.0, ends.1] { try? SystemCall.close(end) }
                throw error
            }
            defer { for end in [ends.1, pipe.writing] { try? SystemCall.close(end) } }
            do throws(Errno) {
                let process = try SystemCall.spawn(
                    command,
                    speaking: ends.1,
                    complaints: pipe.writing
                )
                state = Mutex(
                    State(socket: ends.0, complaints: pipe.reading, process: process)
                )
            } catch {
                for end in [ends.0, pipe.reading] { try? SystemCall.close(end) }
                throw error
            }
        } catch {
            throw SystemError(.open, name, error)
        }
    }

    deinit { end() }

    /// Writes all bytes; `ETIMEDOUT` if nothing moves for `timeout`.
    package func write(_ bytes: Span<UInt8>, timeout: Duration) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            try wait(writing: true, timeout)
            let socket = state.withLock { $0.socket }
            do throws(Errno) {
                done += try SystemCall.send(socket, bytes.extracting(done...))
            } catch {
                throw SystemError(.write, name, error)
            }
        }
    }

    /// Reads until `target` is full; `EPIPE` if the program ends before, `ETIMEDOUT` if nothing comes
    /// for `timeout`.
    package func read(
        into target: inout MutableSpan<UInt8>,
        timeout: Duration
    ) throws(SystemError) {
        var done = 0
        while done < target.count {
            try wait(writing: false, timeout)
            let socket = state.withLock { $0.socket }
            do throws(Errno) {
                let count = try SystemCall.receive(socket, into: &target, from: done)
                if count == 0 { throw .brokenPipe }
                done += max(0, count)
            } catch {
                throw SystemError(.read, name, error)
            }
        }
    }

    /// What it wrote to its standard error, the last of it.
    package var complaints: String {
        drainComplaints()
        return String(decoding: state.withLock { $0.text }, as: UTF8.self)
    }

    /// Ends it, if it has not ended.
    package func end() {
        let ended = state.withLock { state in
            let ended = state
            state.socket = -1
            state.complaints = -1
            state.process = nil
            return ended
        }
        for descriptor in [ended.socket, ended.complaints] where descriptor >= 0 {
            try? SystemCall.close(descriptor)
        }
        guard let process = ended.process else { return }
        SystemCall.killGroup(of: process)
        _ = try? SystemCall.waitForEnd(of: process)
    }

    /// Waits for the socket, and takes complaints meanwhile: an unread one would stop the program.
    private func wait(writing: Bool, _ timeout: Duration) throws(SystemError) {
        let milliseconds = CInt(
            clamping: timeout.components.seconds * 1000
                + timeout.components.attoseconds / 1_000_000_000_000_000
        )
        while true {
            let (socket, complaints) = state.withLock { ($0.socket, $0.complaints) }
            do throws(Errno) {
                // It was ended; waiting for nothing would use up the whole time.
                guard socket >= 0 else { throw .brokenPipe }
                let ready = try SystemCall.wait(
                    for: socket,
                    writing: writing,
                    or: complaints,
                    milliseconds: milliseconds
                )
                if ready.second { drainComplaints() }
                if ready.first { return }
                if !ready.second { throw .timedOut }
            } catch {
                throw SystemError(writing ? .write : .read, name, error)
            }
        }
    }

    private func drainComplaints() {
        state.withLock { state in
            guard state.complaints >= 0 else { return }
            var buffer = [UInt8](repeating: 0, count: Self.complaintByteLimit)
            while (try? SystemCall.wait(
                for: state.complaints,
                writing: false,
                or: -1,
                milliseconds: 0
            ))?.first == true {
                let descriptor = state.complaints
                let count = unsafe buffer.withUnsafeMutableBytes { target in
                    unsafe (try? SystemCall.readNext(descriptor, into: target)) ?? 0
                }
                guard count > 0 else {
                    try? SystemCall.close(descriptor)
                    state.complaints = -1
                    return
                }
                state.text = (state.text + buffer[..<count]).suffix(Self.complaintByteLimit)
            }
        }
    }
}
