import StrongroomVaults
import Synchronization

/// A store that notes what is asked of it, and fails where a test says.
final class WatchedStore: ObjectStore {
    enum Call: Equatable, Sendable {
        case put(String)
        case read(String)
        case status(String)
        case list(String)
        case remove(String)
    }

    private let store: any ObjectStore
    private let state = Mutex(State())

    private struct State: Sendable {
        var calls: [Call] = []
        var fault: (@Sendable (Call, Int) -> VaultError?)?
        var takesEffect = false
    }

    init(_ store: any ObjectStore) { self.store = store }

    /// The names that were put, in order.
    var puts: [String] {
        state.withLock { $0.calls }.compactMap { if case .put(let name) = $0 { name } else { nil } }
    }

    /// The names that were read, in order.
    var reads: [String] {
        state.withLock { $0.calls }.compactMap {
            if case .read(let name) = $0 { name } else { nil }
        }
    }

    /// Decides by the call, and its number from 1, which fail.
    ///
    /// A put may all the same take effect.
    func fail(takingEffect: Bool = false, _ fault: (@Sendable (Call, Int) -> VaultError?)?) {
        state.withLock { state in
            state.fault = fault
            state.takesEffect = takingEffect
            state.calls = []
        }
    }

    /// Fails from the n-th put on, as a kill there would.
    func fail(atPut number: Int, takingEffect: Bool) {
        failForever(number, takingEffect: takingEffect) {
            if case .put = $0 { true } else { false }
        }
    }

    /// Fails whatever comes from the n-th read on, as a line that is cut.
    func fail(atRead number: Int) {
        failForever(number, takingEffect: false) { if case .read = $0 { true } else { false } }
    }

    private func failForever(
        _ number: Int,
        takingEffect: Bool,
        counting isCounted: @escaping @Sendable (Call) -> Bool
    ) {
        let count = Mutex(0)
        fail(takingEffect: takingEffect) { call, _ in
            let reached = count.withLock { count in
                if isCounted(call) { count += 1 }
                return count
            }
            return reached >= number ? VaultError(.unreachable, "the test stops here") : nil
        }
    }

    private func note(_ call: Call) -> VaultError? {
        state.withLock { state in
            state.calls.append(call)
            return state.fault?(call, state.calls.count)
        }
    }

    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        let failure = note(.put(name.text))
        if failure == nil || state.withLock({ $0.takesEffect }) {
            try await store.put(name, from: source, mode: mode, expectedDigest: expectedDigest)
        }
        if let failure { throw failure }
    }

    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8] {
        if let failure = note(.read(name.text)) { throw failure }
        return try await store.read(name, range: range)
    }

    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        if let failure = note(.status(name.text)) { throw failure }
        return try await store.status(name)
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        if let failure = note(.list(prefix)) { throw failure }
        return try await store.list(prefix: prefix)
    }

    func remove(_ name: ObjectName) async throws(VaultError) {
        if let failure = note(.remove(name.text)) { throw failure }
        try await store.remove(name)
    }
}
