import Glibc
import Synchronization

/// Stands between a client and a server and breaks what passes: delays it, slows it, cuts it, swallows
/// answers, or answers requests itself.
///
/// It knows as much of HTTP as it needs to see where a request begins, and nothing of other protocols.
package final class FaultProxy: Sendable {
    /// What is done to connections; nothing by default.
    package struct Faults: Sendable {
        /// Before each piece of data.
        package var latency = Duration.zero
        package var bytesPerSecond: Int?
        /// Connections are refused as soon as they are made.
        package var refuses = false
        /// Connections are taken and never answered.
        package var isSilent = false
        /// So many connections are cut after so many bytes towards the server.
        package var cutUp: (afterBytes: Int, times: Int)?
        /// So many connections are cut after so many bytes towards the client.
        package var cutDown: (afterBytes: Int, times: Int)?
        /// So many answers are swallowed, and the connection cut: the server has done its work.
        package var lostAnswers = 0
        /// So many requests get this status and never reach the server; nil for any method.
        package var status: (code: Int, times: Int, method: String?)?

        package init() {}
    }

    /// What has happened so far.
    package struct Counts: Sendable, Equatable {
        package var connections = 0
        package var requests = 0
        package var faults = 0
    }

    private struct State: Sendable {
        var faults = Faults()
        var counts = Counts()
        var isStopped = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// The port to talk to.
    package let port: UInt16
    private let target: UInt16
    private let listener: CInt
    private let state = Mutex(State())

    /// Listens on a port, or on any that is free, for a server on another.
    package init(to target: UInt16, listeningOn port: UInt16 = 0) throws {
        self.target = target
        (listener, self.port) = try Sockets.listen(port)
        Sockets.run { [self] in accept() }
    }

    deinit { close(listener) }

    package var faults: Faults {
        get { state.withLock { $0.faults } }
        set { state.withLock { $0.faults = newValue } }
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// Waits until a fault has struck.
    package func fault() async {
        await withCheckedContinuation { continuation in
            let hasStruck = state.withLock { state in
                if state.counts.faults == 0 { state.waiting.append(continuation) }
                return state.counts.faults > 0
            }
            if hasStruck { continuation.resume() }
        }
    }

    /// Takes no more connections.
    package func stop() {
        state.withLock { $0.isStopped = true }
        shutdown(listener, CInt(SHUT_RDWR))
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 || state.withLock({ $0.isStopped }) { return }
            state.withLock { $0.counts.connections += 1 }
            Sockets.run { [self] in serve(client) }
        }
    }

    private func serve(_ client: CInt) {
        let faults = faults
        if faults.refuses {
            state.withLock { Self.strike(&$0) }
            return Sockets.reset(client)
        }
        guard let server = try? Sockets.connect(target) else { return Sockets.reset(client) }
        let ends = Ends(client: client, server: server)
        Sockets.run { [self] in
            pump(from: ends.server, to: ends.client, isUp: false)
            ends.closeLast()
        }
        pump(from: ends.client, to: ends.server, isUp: true)
        ends.closeLast()
    }

    /// The two sockets of a connection, closed when both directions are done.
    private final class Ends: Sendable {
        let client: CInt
        let server: CInt
        private let open = Mutex(2)

        init(client: CInt, server: CInt) {
            self.client = client
            self.server = server
        }

        func closeLast() {
            let rest = open.withLock { open in
                open -= 1
                return open
            }
            guard rest == 0 else { return }
            close(client)
            close(server)
        }
    }

    /// Passes data in one direction until an end closes or a fault strikes.
    private func pump(from source: CInt, to target: CInt, isUp: Bool) {
        var passed = 0
        while let data = Sockets.receive(source) {
            guard !data.isEmpty else {
                shutdown(target, CInt(SHUT_WR))
                return
            }
            switch decide(data, passed, isUp) {
            case .pass: break
            case .hang:
                while let more = Sockets.receive(source), !more.isEmpty {}
                return
            case .cut(let count):
                _ = Sockets.send(target, Array(data.prefix(count)))
                Sockets.breakOff(source)
                Sockets.breakOff(target)
                return
            case .answer(let bytes):
                _ = Sockets.send(source, bytes)
                shutdown(source, CInt(SHUT_RDWR))
                Sockets.breakOff(target)
                return
            }
            guard Sockets.send(target, data) else {
                Sockets.breakOff(source)
                return
            }
            passed += data.count
        }
        Sockets.breakOff(target)
    }

    private enum Decision {
        case pass, hang
        case cut(afterBytes: Int)
        case answer([UInt8])
    }

    private func decide(_ data: [UInt8], _ passed: Int, _ isUp: Bool) -> Decision {
        let faults = faults
        Sockets.pause(faults.latency)
        if let rate = faults.bytesPerSecond {
            Sockets.pause(.seconds(Double(data.count) / Double(max(1, rate))))
        }
        return state.withLock { state in
            let decision: Decision =
                if faults.isSilent {
                    .hang
                } else if isUp {
                    Self.decideUp(data, passed, &state)
                } else {
                    Self.decideDown(data, passed, &state.faults)
                }
            if case .pass = decision { return decision }
            Self.strike(&state)
            return decision
        }
    }

    /// Counts a fault and wakes who waits for one.
    private static func strike(_ state: inout State) {
        state.counts.faults += 1
        for continuation in state.waiting { continuation.resume() }
        state.waiting = []
    }

    private static func decideUp(
        _ data: [UInt8],
        _ passed: Int,
        _ state: inout State
    ) -> Decision {
        let methods = ["GET", "PUT", "POST", "HEAD", "DELETE"]
        if let method = methods.first(where: { data.starts(with: ($0 + " /").utf8) }) {
            state.counts.requests += 1
            if let status = state.faults.status, status.times > 0,
                status.method == nil || status.method == method
            {
                state.faults.status?.times -= 1
                let body =
                    "<Error><Code>\(status.code == 503 ? "SlowDown" : "Injected")</Code></Error>"
                return .answer(
                    Array(
                        ("HTTP/1.1 \(status.code) Injected\r\nContent-Type: application/xml\r\n"
                            + "Content-Length: \(method == "HEAD" ? 0 : body.utf8.count)\r\n"
                            + "Connection: close\r\n\r\n" + (method == "HEAD" ? "" : body)).utf8
                    )
                )
            }
        }
        guard let cut = state.faults.cutUp, cut.times > 0, passed + data.count > cut.afterBytes
        else { return .pass }
        state.faults.cutUp?.times -= 1
        return .cut(afterBytes: max(0, cut.afterBytes - passed))
    }

    private static func decideDown(
        _ data: [UInt8],
        _ passed: Int,
        _ faults: inout Faults
    ) -> Decision {
        if faults.lostAnswers > 0 {
            faults.lostAnswers -= 1
            return .cut(afterBytes: 0)
        }
        guard let cut = faults.cutDown, cut.times > 0, passed + data.count > cut.afterBytes
        else { return .pass }
        faults.cutDown?.times -= 1
        return .cut(afterBytes: max(0, cut.afterBytes - passed))
    }
}
