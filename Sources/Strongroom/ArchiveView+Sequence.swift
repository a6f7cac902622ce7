import ArchiveBytes

extension ArchiveView {
    /// Visits records that were committed together, by number: those from `sequence` on, `count` of
    /// them, recorded at `recorded`, each with its body if that stands beside it (else empty).
    ///
    /// A receipt tells both numbers. Answers how many there were; fewer than `count` are there when
    /// some were removed, or came after this view.
    package func forEach(
        from sequence: UInt64,
        recorded: Int64,
        count: UInt64,
        _ visit: (Record, [UInt8]) throws -> Void
    ) throws(ArchiveError) -> UInt64 {
        do {
            let time = Timestamp(microseconds: recorded)
            let (last, isTooLarge) = sequence.addingReportingOverflow(count)
            let end = isTooLarge ? lastSequence : min(last, lastSequence &+ 1)
            var sweep = Sweep(reader, .scattered)
            var next = sequence
            var visited: UInt64 = 0
            while next < end {
                let places = try places(at: time, from: next, upTo: end)
                guard let reached = places.last else { break }
                let runs = places.map { PlaceRun($0.place) }
                _ = try sweep.visit(runs) { record, body in
                    try visit(record, Array(body ?? []))
                    return true
                }
                visited += UInt64(places.count)
                next = reached.sequence + 1
            }
            return visited
        } catch {
            throw ArchiveError.wrapping(error)
        }
    }

    /// The next places in the order of numbers; no cursor is held while their records are read.
    private func places(
        at time: Timestamp,
        from first: UInt64,
        upTo end: UInt64
    ) throws(ArchiveError) -> [(sequence: UInt64, place: RecordPlace)] {
        let limit = 512
        var found: [(sequence: UInt64, place: RecordPlace)] = []
        var start = IndexKeys.time(time, sequence: first)
        do {
            // The first one may stand in the middle of a run.
            if let run = try state.index.timeRun(holding: start.span) {
                start = IndexKeys.time(time, sequence: run.first.sequence)
            }
        } catch {
            throw ArchiveError.wrapping(error, in: "index")
        }
        try scan(
            from: start,
            to: IndexKeys.time(time, sequence: end)
        ) { key, value throws(DecodingError) in
            let run = try TimeRun(key, value)
            var sequence = max(first, run.first.sequence)
            while sequence < end, found.count < limit, let place = run.place(of: sequence) {
                found.append((sequence, place))
                sequence += 1
            }
            return found.count < limit
        }
        return found
    }
}
