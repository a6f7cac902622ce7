import Synchronization

/// How far a long operation is.
public struct RecoveryProgress: Equatable, Sendable {
    /// What is being done.
    public enum Phase: String, Sendable {
        /// Objects go to the vault.
        case sending
        /// Objects come from the vault.
        case fetching
        /// The index is built from the segments.
        case indexing
        /// Bytes are checked.
        case verifying
        /// Damaged parts are fetched and put into their places.
        case mending
    }

    /// What is being done.
    public let phase: Phase
    /// Bytes done in this phase.
    public internal(set) var doneByteCount: UInt64 = 0
    /// Bytes of this phase; zero if that is not known.
    public let byteCount: UInt64
    /// Objects done in this phase.
    public internal(set) var doneObjectCount = 0
    /// Objects of this phase; zero if that is not known.
    public let objectCount: Int
}

/// Told of progress, from any thread, one call at a time; it should return soon.
public typealias ProgressHandler = @Sendable (RecoveryProgress) -> Void

/// Counts what is done of one phase and tells it.
final class ProgressMeter: Sendable {
    private let state: Mutex<RecoveryProgress>
    private let handler: ProgressHandler?

    init(
        _ phase: RecoveryProgress.Phase,
        byteCount: UInt64 = 0,
        objectCount: Int = 0,
        _ handler: ProgressHandler?
    ) {
        self.handler = handler
        state = Mutex(
            RecoveryProgress(phase: phase, byteCount: byteCount, objectCount: objectCount)
        )
        handler?(state.withLock { $0 })
    }

    /// The handler is called within the lock, so that its numbers never go back.
    func add(byteCount: UInt64, objectCount: Int = 0) {
        state.withLock { progress in
            progress.doneByteCount += byteCount
            progress.doneObjectCount += objectCount
            handler?(progress)
        }
    }
}
