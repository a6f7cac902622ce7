import Synchronization

/// Notes when each step of a drill began and ended.
final class DrillJournal: Sendable {
    private let clock: RecoveryClock
    private let start: Duration
    private let phases = Mutex<[DrillReport.Phase]>([])
    /// What goes on beside the steps.
    private let beside = Mutex<[DrillReport.Phase]>([])

    /// More steps than this are not written down: a plot of them would show nothing.
    private static let phaseLimit = 64

    init(_ clock: RecoveryClock) {
        self.clock = clock
        start = clock.elapsed()
    }

    /// As a report keeps it.
    private var now: Duration { .microseconds((clock.elapsed() - start).microseconds) }

    /// A step begins, and the one before ends; the same once more is no new one.
    func begin(_ name: String) {
        let isNew = phases.withLock { $0.last?.name != name }
        guard isNew else { return }
        let now = now
        phases.withLock { phases in
            if let last = phases.indices.last { phases[last].end = now }
            guard phases.count < Self.phaseLimit else { return }
            phases.append(DrillReport.Phase(name: name, start: now, end: now))
        }
    }

    /// Something begins, or ends, that goes on beside the steps.
    func beside(_ name: String, _ hasBegun: Bool) {
        let now = now
        beside.withLock { beside in
            if hasBegun {
                beside.append(DrillReport.Phase(name: name, start: now, end: now))
            } else if let last = beside.lastIndex(where: { $0.name == name }) {
                beside[last].end = now
            }
        }
    }

    /// All steps, in the order in which they began; the last one ends now.
    func end() -> [DrillReport.Phase] {
        let now = now
        let steps = phases.withLock { phases in
            if let last = phases.indices.last { phases[last].end = now }
            return phases
        }
        let beside = beside.withLock { $0.filter { $0.end > $0.start } }
        return (steps + beside).sorted { $0.start < $1.start }
    }

    /// Listens to what is told of progress.
    func listening(_ handler: ProgressHandler?) -> ProgressHandler {
        { progress in
            self.begin(progress.phase.rawValue)
            handler?(progress)
        }
    }
}
