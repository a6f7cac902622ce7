import Synchronization

/// Keeps all transfers of a store together to a number of bytes a second.
///
/// Each transfer takes the next free stretch of time for its bytes and waits for its beginning.
final class Pacer: Sendable {
    private let bytesPerSecond: UInt64?
    private let clock: VaultClock
    private let nextFree = Mutex(Duration.zero)

    init(bytesPerSecond: UInt64?, clock: VaultClock) {
        self.bytesPerSecond = bytesPerSecond.map { max(1, $0) }
        self.clock = clock
    }

    /// Waits until `byteCount` bytes may begin to flow.
    func wait(for byteCount: Int) async {
        let delay = reserve(byteCount)
        if delay > .zero { await clock.sleep(delay) }
    }

    /// Takes the next stretch of time for `byteCount` bytes; answers how long it is until it begins.
    func reserve(_ byteCount: Int) -> Duration {
        guard let bytesPerSecond, byteCount > 0 else { return .zero }
        let now = clock.elapsed()
        let length = Duration.seconds(Double(byteCount) / Double(bytesPerSecond))
        return nextFree.withLock { nextFree in
            let start = max(now, nextFree)
            nextFree = start + length
            return start - now
        }
    }
}
