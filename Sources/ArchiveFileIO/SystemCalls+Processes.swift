@unsafe @preconcurrency import Glibc
import SystemPackage

// System calls that a program needs around its files: streams, terminals, signals, children.

extension SystemCall {
    /// Reads once from where the descriptor stands; 0 at its end: read(2).
    static func readNext(
        _ descriptor: CInt,
        into target: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        try retrying { unsafe Glibc.read(descriptor, target.baseAddress, target.count) }
    }

    /// Writes once where the descriptor stands, perhaps not all: write(2).
    static func writeNext(
        _ descriptor: CInt,
        _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int {
        try retrying { unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }

    /// Waits until one of the descriptors can be read, or written where `writing` says so: poll(2).
    static func wait(
        for descriptors: [CInt],
        writing: Bool = false
    ) throws(Errno) -> [Bool] {
        let events = Int16(writing ? POLLOUT : POLLIN)
        var requests = descriptors.enumerated().map { place, descriptor in
            // Only the first is written to; what else is waited for wakes by its end.
            pollfd(fd: descriptor, events: place == 0 ? events : Int16(POLLIN), revents: 0)
        }
        _ = try retrying { unsafe poll(&requests, nfds_t(requests.count), -1) }
        return requests.map { $0.revents != 0 }
    }

    /// Opens something under a number that is closed while all lower ones are open: fcntl(2), open(2).
    static func holdPlace(of descriptor: CInt) {
        guard fcntl(descriptor, F_GETFD) == -1 else { return }
        // The wrong way round, so that its use fails as that of a closed one does.
        _ = unsafe Glibc.open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }

    /// Makes a pipe that children do not inherit: pipe(2), fcntl(2).
    static func makePipe() throws(Errno) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        _ = try retrying { unsafe pipe(&ends) }
        for end in ends { _ = try retrying { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        return (ends[0], ends[1])
    }

    /// Whether a descriptor is a terminal: isatty(3).
    static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// The width of a terminal in characters, or nil: ioctl(2) with TIOCGWINSZ.
    static func columnCount(_ descriptor: CInt) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// A terminal's settings: tcgetattr(3).
    static func terminalSettings(_ descriptor: CInt) throws(Errno) -> termios {
        var settings = termios()
        _ = try retrying { unsafe tcgetattr(descriptor, &settings) }
        return settings
    }

    /// Changes a terminal's settings and drops what was typed ahead: tcsetattr(3).
    static func setTerminalSettings(_ descriptor: CInt, _ settings: termios) throws(Errno) {
        var settings = settings
        _ = try retrying { unsafe tcsetattr(descriptor, TCSAFLUSH, &settings) }
    }

    /// Keeps signals from this thread and those it starts: pthread_sigmask(3).
    static func block(_ signals: [CInt]) {
        var set = signalSet(signals)
        unsafe _ = pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of the signals, all of which are blocked, and takes it: sigwait(3).
    static func waitForSignal(_ signals: [CInt]) -> CInt {
        var set = signalSet(signals)
        var signal: CInt = 0
        while unsafe sigwait(&set, &signal) != 0 {}
        return signal
    }

    private static func signalSet(_ signals: [CInt]) -> sigset_t {
        var set = sigset_t()
        unsafe _ = sigemptyset(&set)
        for signal in signals { unsafe _ = sigaddset(&set, signal) }
        return set
    }

    /// Starts a program with its standard output sent to `output`, nothing to read, and no signal
    /// blocked: posix_spawn(3).
    static func spawn(
        _ program: String,
        _ arguments: [String],
        output: CInt
    ) throws(Errno) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        // The program must end with Ctrl-C, although we hold that signal back for ourselves.
        var none = signalSet([])
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let texts = unsafe ([program] + arguments).map { unsafe strdup($0) }
        defer { for place in unsafe texts.indices { unsafe free(texts[place]) } }
        var child: pid_t = 0
        let reason = unsafe posix_spawn(
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

    /// Waits for a child to end and answers its exit status, 128 + n for signal n: waitpid(2).
    static func waitForEnd(of child: pid_t) throws(Errno) -> CInt {
        var status: CInt = 0
        _ = try retrying { unsafe waitpid(child, &status, 0) }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
