import Support
import Synchronization

/// What all lives of this process log: never a name or a content.
enum LifeLog {
    private static let state = Mutex((count: 0, findings: [String]()))

    static let logger = HeardLog.logger { text in
        state.withLock { state in
            state.count += 1
            if WriteLedger.holdsCanary(Array(text.utf8)) { state.findings.append(text) }
        }
    }

    static var count: Int { state.withLock(\.count) }

    static func requireClean() throws {
        if let text = state.withLock(\.findings.first) {
            throw BrokenPromise("the log tells a name: \(text)")
        }
    }
}
