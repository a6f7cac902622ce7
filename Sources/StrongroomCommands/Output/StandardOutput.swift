import ArchiveFileIO
import Synchronization

/// The program's answer on standard output, gathered into large writes.
final class StandardOutput: Sendable {
    /// The process has one.
    static let shared = StandardOutput(.output)

    private struct State: Sendable {
        var waiting: [UInt8] = []
        var failure: SystemError?
    }

    private let stream: StandardStream
    private let state = Mutex(State())
    /// A person reads along, so nothing waits.
    private let isTerminal: Bool
    private static let waitingLimit = 64 << 10

    init(_ stream: StandardStream) {
        self.stream = stream
        isTerminal = stream.isTerminal
    }

    /// Whether there is any use in writing more.
    var isWritable: Bool { state.withLock { $0.failure == nil } }

    /// Writes a line.
    ///
    /// A failure is kept for ``finish()``.
    func write(line: String) {
        state.withLock { state in
            guard state.failure == nil else { return }
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(UInt8(ascii: "\n"))
            if isTerminal || state.waiting.count >= Self.waitingLimit { drain(&state) }
        }
    }

    /// Writes bytes as they are.
    func write(_ bytes: Span<UInt8>) throws(SystemError) {
        try finish()
        try stream.write(bytes)
    }

    /// Writes what waits.
    ///
    /// A failure is kept for ``finish()``.
    func flush() { state.withLock { drain(&$0) } }

    /// Writes what waits, and reports the first failure.
    func finish() throws(SystemError) {
        let failure = state.withLock { state in
            drain(&state)
            defer { state.failure = nil }
            return state.failure
        }
        if let failure { throw failure }
    }

    private func drain(_ state: inout State) {
        guard state.failure == nil, !state.waiting.isEmpty else { return }
        do throws(SystemError) {
            try stream.write(state.waiting.span)
        } catch {
            state.failure = error
        }
        state.waiting.removeAll(keepingCapacity: true)
    }
}
