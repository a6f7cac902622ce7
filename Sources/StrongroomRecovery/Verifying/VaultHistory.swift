import ArchiveBytes
import ArchiveFormat
public import Strongroom
public import StrongroomVaults

/// How a vault was shipped to and verified over time, as far as it tells itself.
public struct VaultHistory: Sendable {
    /// A snapshot's coming to the vault.
    public struct Arrival: Equatable, Sendable {
        /// When, by the vault's own clock, in microseconds since 1970.
        public let time: Int64
        /// What would have been lost with the host at the moment before: the time since the newest
        /// snapshot that the vault had then.
        public let lossWindow: Duration
    }

    /// How much of the vault was verified at a moment.
    public struct Coverage: Equatable, Sendable {
        /// In microseconds since 1970.
        public let time: Int64
        /// The part of the bytes that had been found sound within the span, from 0 to 1.
        public let fraction: Double
        /// Whether something was found damaged.
        public let foundDamage: Bool
    }

    /// Oldest first; none if the vault follows its archive, and is ahead of its snapshots.
    public internal(set) var arrivals: [Arrival] = []
    /// Oldest first.
    public internal(set) var coverage: [Coverage] = []

    /// More dots than these are one thick line.
    private static let limit = 100

    /// Reads what a vault of the archive tells, without a key.
    ///
    /// The archive's own snapshots say what the vault had that a prune has taken since. `verifiers` are
    /// the public keys of those whose entries in the ledger count besides the archive's own.
    ///
    /// - Throws: as ``VaultCoverage/read(_:publicKey:within:trusting:clock:)``.
    public static func read(
        _ store: any ObjectStore,
        publicKey: String,
        snapshots: [Snapshot],
        within span: Duration = VaultCoverage.usualSpan,
        trusting verifiers: Set<String> = [],
        clock: RecoveryClock = .system
    ) async throws(RecoveryError) -> VaultHistory {
        let known = try await VerifiedSegments.read(store, publicKey: publicKey)
        let listed = try await VaultContents.listing(store, prefix: VaultObject.manifestPrefix)
        var arrivals: [String: Int64] = [:]
        for status in listed {
            if let id = VaultObject(status.name.text)?.id { arrivals[id] = status.modified }
        }
        let ledger = try await VaultLedger.read(
            store,
            of: known.document.archiveID,
            trusting: verifiers.union([publicKey]),
            keepingRuns: true,
            at: Timestamp(microseconds: clock.now())
        )
        var history = VaultHistory()
        if try await SegmentPart.list(store).isEmpty {
            history.arrivals = Self.arrivals(
                arrivals,
                snapshots.map { ($0.id, $0.time) }
            )
        }
        history.coverage = Self.coverage(known, arrivals, ledger.runs, span)
        return history
    }

    private static func arrivals(
        _ arrivals: [String: Int64],
        _ snapshots: [(id: String, time: Int64)]
    ) -> [Arrival] {
        var found: [Arrival] = []
        for (place, snapshot) in snapshots.enumerated() {
            guard let arrival = arrivals[snapshot.id] else { continue }
            // One that is gone from the vault had come in its turn, before a prune took it.
            let before = snapshots.prefix(place).last { earlier in
                arrivals[earlier.id].map { $0 < arrival } ?? true
            }
            guard let before, found.last?.time != arrival else { continue }
            let window = Duration.microseconds(max(0, arrival - before.time))
            found.append(Arrival(time: arrival, lossWindow: window))
        }
        return found.sorted { $0.time < $1.time }.suffix(limit)
    }

    private static func coverage(
        _ known: VerifiedSegments,
        _ arrivals: [String: Int64],
        _ runs: [LedgerRun],
        _ span: Duration
    ) -> [Coverage] {
        // Since when each segment is there: since the first snapshot that lists it.
        var since: [SegmentMark: Int64] = [:]
        var byteCounts: [SegmentMark: UInt64] = [:]
        for stored in known.manifests {
            let arrival = arrivals[stored.manifest.id] ?? stored.manifest.time.microseconds
            for segment in stored.manifest.segments {
                let mark = SegmentMark(segment)
                since[mark] = min(since[mark] ?? arrival, arrival)
                byteCounts[mark] = segment.byteCount
            }
        }
        var checks: [SegmentMark: Int64] = [:]
        var found: [Coverage] = []
        let sorted = runs.sorted { $0.time < $1.time }
        for (place, run) in sorted.enumerated() {
            let now = run.time.microseconds
            for mark in run.sound { checks[mark] = now }
            for mark in run.damaged { checks[mark] = nil }
            guard sorted.count - place <= limit else { continue }
            var (all, checked): (UInt64, UInt64) = (0, 0)
            for (mark, byteCount) in byteCounts {
                let check = checks[mark]
                // What was checked was there, whatever the clocks say.
                guard check != nil || since[mark].map({ $0 <= now }) == true else { continue }
                all += byteCount
                if let check, check >= now - span.microseconds { checked += byteCount }
            }
            guard all > 0 else { continue }
            found.append(
                Coverage(
                    time: now,
                    fraction: Double(checked) / Double(all),
                    foundDamage: !run.damaged.isEmpty
                )
            )
        }
        return found
    }
}
