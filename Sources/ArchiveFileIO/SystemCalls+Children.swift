@unsafe @preconcurrency import Glibc
import SystemPackage

// System calls for a program that runs beside ours and is spoken to.

extension SystemCall {
    /// Makes two connected sockets that children do not inherit: socketpair(2).
    static func makeSocketPair() throws(Errno) -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        _ = try retrying { unsafe socketpair(AF_UNIX, kind, 0, &ends) }
        return (ends[0], ends[1])
    }

    /// Sends what the socket takes now, and raises no signal if nobody reads: send(2).
    static func send(_ socket: CInt, _ bytes: Span<UInt8>) throws(Errno) -> Int {
        let outcome = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(Errno) in
                try retrying {
                    unsafe Glibc.send(
                        socket,
                        bytes.baseAddress,
                        bytes.count,
                        CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
                    )
                }
            }
        }
        return try passing(outcome)
    }

    /// Receives what is there, 0 at the end, -1 if nothing is there yet: recv(2).
    static func receive(
        _ socket: CInt,
        into target: inout MutableSpan<UInt8>,
        from start: Int
    ) throws(Errno) -> Int {
        let outcome = unsafe target.withUnsafeMutableBytes { target in
            Result { () throws(Errno) in
                try retrying {
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[start...])
                    return unsafe recv(socket, rest.baseAddress, rest.count, CInt(MSG_DONTWAIT))
                }
            }
        }
        do throws(Errno) {
            return try outcome.get()
        } catch .resourceTemporarilyUnavailable {
            return -1
        }
    }

    private static func passing(_ outcome: Result<Int, Errno>) throws(Errno) -> Int {
        do throws(Errno) {
            return try outcome.get()
        } catch .resourceTemporarilyUnavailable {
            return 0
        }
    }

    /// Waits until the first descriptor is ready, or the second can be read, or the time is over:
    /// poll(2).
    ///
    /// A negative descriptor is never ready.
    static func wait(
        for first: CInt,
        writing: Bool,
        or second: CInt,
        milliseconds: CInt
    ) throws(Errno) -> (first: Bool, second: Bool) {
        var requests = [
            pollfd(fd: first, events: Int16(writing ? POLLOUT : POLLIN), revents: 0),
            pollfd(fd: second, events: Int16(POLLIN), revents: 0),
        ]
        _ = try retrying { unsafe poll(&requests, nfds_t(requests.count), milliseconds) }
        return (requests[0].revents != 0, requests[1].revents != 0)
    }

    /// Starts a program from `PATH` in a process group of its own, with a socket as standard input and
    /// output: posix_spawnp(3).
    static func spawn(
        _ command: [String],
        speaking socket: CInt,
        complaints: CInt
    ) throws(Errno) -> pid_t {
        guard let program = command.first else { throw .invalidArgument }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, socket, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, socket, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, complaints, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe _ = sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP)
        )
        let texts = unsafe command.map { unsafe strdup($0) }
        defer { for place in unsafe texts.indices { unsafe free(texts[place]) } }
        var child: pid_t = 0
        let reason = unsafe posix_spawnp(
            &child,
            program,
            &actions,
            &attributes,
            texts + [nil],
            environ
        )
        guard reason == 0 else { throw Errno(rawValue: reason) }
        return child
    }

    /// Ends a child and those that it started: kill(2).
    static func killGroup(of child: pid_t) { _ = kill(-child, SIGKILL) }

    /// Tells the other end that nothing more comes: shutdown(2).
    static func endSending(_ socket: CInt) { _ = shutdown(socket, CInt(SHUT_WR)) }

    /// The exit status of a child that has ended, 128 + n for signal n; nil while it runs: waitpid(2).
    static func statusIfEnded(_ child: pid_t) throws(Errno) -> CInt? {
        var status: CInt = 0
        let ended = try retrying { unsafe waitpid(child, &status, WNOHANG) }
        guard ended == child else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
