import Glibc
import Synchronization
import SystemPackage

/// The user's wish to stop: Ctrl-C or a termination signal, asked for once or more.
///
/// The signals are blocked in all threads and taken by one that waits for them, so no code runs in a
/// signal handler and no system call is interrupted half way.
package enum Interruption {
    private static let count = Atomic<Int>(0)
    /// Its writing end closes with the first signal, which wakes whoever waits for input.
    private static let wakeEnds = Mutex<(reading: CInt, writing: CInt)?>(nil)
    private static let signals = [SIGINT, SIGTERM]

    /// Whether the user asked to stop; once true, always true.
    package static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    /// Holds the signals back from this thread and all that it starts; called once, first thing.
    package static func holdSignals() {
        SystemCall.block(signals)
        wakeEnds.withLock { $0 = try? SystemCall.makePipe() }
    }

    /// Takes the signals for as long as the process lives; for the main thread, which would let them
    /// through again if it served the main queue instead.
    ///
    /// `respond` hears how often the user has asked so far.
    package static func takeSignals(_ respond: (Int) -> Void) -> Never {
        while true {
            _ = SystemCall.waitForSignal(signals)
            let asked = count.wrappingAdd(1, ordering: .relaxed).newValue
            if asked == 1 { wake() }
            respond(asked)
        }
    }

    private static func wake() {
        wakeEnds.withLock { ends in
            guard let writing = ends?.writing, writing >= 0 else { return }
            _ = Glibc.close(writing)
            ends?.writing = -1
        }
    }

    /// Waits until a descriptor is ready; `EINTR` if the user asks to stop first.
    static func wait(for descriptor: CInt, writing: Bool) throws(Errno) {
        guard let wake = wakeEnds.withLock({ $0?.reading }) else { return }
        let ready = try SystemCall.wait(for: [descriptor, wake], writing: writing)
        // What can go on at once does, so that an answer on its way out is not cut by a late signal.
        if !ready[0] { throw .interrupted }
    }
}
