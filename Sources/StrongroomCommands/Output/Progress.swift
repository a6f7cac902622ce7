import ArchiveFileIO
import Synchronization

/// One line on standard error that says how far a command is.
///
/// It shows amount, rate, and the time left where the total is known; it is drawn at most ten times a
/// second, and gone when the command ends.
final class Progress: Sendable {
    private struct State: Sendable {
        var lastDrawing: ContinuousClock.Instant?
        /// What is being done, since when, and what was done by then: another thing has a rate of its own.
        var verb: String?
        var start = ContinuousClock.now
        var before: UInt64 = 0
    }

    /// Sooner a rate is chance, and what was there already would count as done in no time.
    private static let rateDelay = Duration.seconds(1)
    private static let interval = Duration.milliseconds(100)
    private static let isOnScreen = Atomic(false)

    private let verb: String
    private let isShown: Bool
    private let state = Mutex(State())

    init(_ verb: String, isShown: Bool) {
        self.verb = verb
        self.isShown = isShown
    }

    deinit { Self.clear() }

    /// So many bytes are done, of so many if that is known; `detail` says more, such as a number of
    /// records.
    func update(
        verb: String? = nil,
        done: UInt64,
        total: UInt64? = nil,
        detail: String = ""
    ) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let verb = verb ?? self.verb
        let begun = state.withLock { state -> (start: ContinuousClock.Instant, before: UInt64)? in
            let isNew = state.verb != verb
            if isNew { (state.verb, state.start, state.before) = (verb, now, done) }
            if !isNew, let last = state.lastDrawing, now - last < Self.interval { return nil }
            state.lastDrawing = now
            return (state.start, state.before)
        }
        guard let begun else { return }
        let width = (StandardStream.error.columnCount ?? 80) - 1
        let line = Self.line(
            verb: verb,
            done: done,
            before: begun.before,
            total: total,
            elapsed: now - begun.start,
            detail: detail
        )
        Self.isOnScreen.store(true, ordering: .relaxed)
        Self.draw("\r" + String(line.prefix(width)) + "\u{1b}[K")
    }

    /// Takes the line away, so that other text can stand in its place.
    static func clear() {
        guard isOnScreen.exchange(false, ordering: .relaxed) else { return }
        draw("\r\u{1b}[K")
    }

    private static func draw(_ text: String) {
        try? StandardStream.error.write(Array(text.utf8).span)
    }

    /// The line's text; `before` was done when the time began.
    static func line(
        verb: String,
        done: UInt64,
        before: UInt64 = 0,
        total: UInt64?,
        elapsed: Duration,
        detail: String
    ) -> String {
        // What cannot be counted.
        guard done > 0 || (total ?? 0) > 0 else {
            return "\(verb)…" + (detail.isEmpty ? "" : " \(detail)")
        }
        var parts = ["\(verb) \(ByteText.text(done))"]
        if let total, total > 0 {
            parts[0] += " of \(ByteText.text(total))"
            parts.append("\(min(100, done * 100 / total)) %")
        }
        if elapsed >= rateDelay, done > before {
            let rate = Double(done - before) / elapsed.seconds
            parts.append("\(ByteText.text(UInt64(rate)))/s")
            // The first objects of a vault are small, and say nothing of those to come.
            if let total, done < total, done - before >= min(1 << 20, total / 100) {
                parts.append("\(DurationText.text(seconds: Double(total - done) / rate)) left")
            }
        }
        if !detail.isEmpty { parts.append(detail) }
        return parts.joined(separator: ", ")
    }
}
