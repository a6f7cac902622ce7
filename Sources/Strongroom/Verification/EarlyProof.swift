package import ArchiveFileIO
package import ArchiveFormat
package import ArchiveKeys
import ArchiveSegments
import Synchronization
package import SystemPackage

/// Proves segments, every frame opened, while others are still being fetched and the index is made.
///
/// What it finds goes into the full verification, which then reads only what came later. One thread at
/// a time has the verifier, whoever brings the next segment begins it.
package final class EarlyProof: Sendable {
    /// Touched only by the thread that runs, and by who waited for its end.
    private final class Desk: @unchecked Sendable {
        var verifier: LogVerifier
        var failure: LogError?

        init(_ verifier: LogVerifier) { self.verifier = verifier }
    }

    private struct State {
        var arrived: Set<SegmentNumber> = []
        /// How many segments were begun.
        var begunCount = 0
        var running: Begun<Void>?
        var isAbandoned = false
    }

    private let desk: Desk
    private let segments: [SegmentNumber]
    private let state = Mutex(State())
    private let watch: @Sendable (Bool) -> Void
    let sum = LogSum()

    /// Prepares to prove these segments, in order, of an archive whose directory is being filled.
    ///
    /// `watch` hears true when work begins and false when the last segment is proved.
    package init(
        _ segments: [SegmentNumber],
        at path: FilePath,
        on files: any FileSystem,
        keyring: Keyring,
        watch: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.segments = segments
        self.watch = watch
        let sum = sum
        desk = Desk(
            LogVerifier(
                ArchiveLayout(path).segmentDirectory(files),
                archiveID: keyring.archiveID,
                publicKey: keyring.publicKey,
                keys: KeyringKeys(keyring),
                visit: FrameVisitor { sum.take($0) }
            )
        )
    }

    /// A segment has its name.
    package func arrived(_ number: SegmentNumber) {
        state.withLock { state in
            state.arrived.insert(number)
            guard state.running == nil, next(state) != nil else { return }
            state.running = WorkerTeam.begin { self.work() }
        }
    }

    /// What comes is not wanted any more.
    package func abandon() { state.withLock { $0.isAbandoned = true } }

    /// Waits until what has arrived is proved.
    func wait() throws(ArchiveError) -> LogVerifier {
        while let running = state.withLock({ $0.running }) { running.wait() }
        if let failure = desk.failure { throw ArchiveError(failure) }
        return desk.verifier
    }

    private func next(_ state: State) -> SegmentNumber? {
        guard !state.isAbandoned, state.begunCount < segments.count,
            state.arrived.contains(segments[state.begunCount])
        else { return nil }
        return segments[state.begunCount]
    }

    private func work() {
        while true {
            let number = state.withLock { state -> SegmentNumber? in
                guard desk.failure == nil, let number = next(state) else {
                    state.running = nil
                    return nil
                }
                state.begunCount += 1
                return number
            }
            guard let number else { return }
            if number == segments.first { watch(true) }
            do throws(LogError) {
                try desk.verifier.take(number)
            } catch {
                desk.failure = error
            }
            if number == segments.last { watch(false) }
        }
    }
}
