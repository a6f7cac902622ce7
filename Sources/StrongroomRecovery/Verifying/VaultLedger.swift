import ArchiveBytes
import ArchiveFormat
import StrongroomVaults

/// The vault's ledger: what was verified in it, when, how, and by whom.
///
/// It is shared. Everyone who verifies adds objects of their own below `checks/`, so that no two ever
/// write the same one, and signs them. Counted is what the archive's own key has signed, and what
/// verifiers have whose public keys the reader trusts: whoever keeps the vault can take entries
/// away, which only costs checking again, and can add none.
struct VaultLedger: Sendable {
    /// What is known last of a segment.
    struct Check: Equatable, Sendable {
        var time: Timestamp
        var isSound: Bool
    }

    /// Objects that are read, newest first: at one a day and machine, years.
    static let readLimit = 1_024
    /// As many own objects are made into one.
    static let mergeLimit = 32
    /// A hundred thousand segments have 3 MB.
    static let entryByteCountLimit: UInt64 = 16 << 20

    /// Last checks of every kind, by segment.
    private(set) var checks: [SegmentMark: Check] = [:]
    /// Last checks in which the contents were opened.
    private(set) var openings: [SegmentMark: Check] = [:]
    /// Objects whose signer is not trusted.
    private(set) var strangerCount = 0
    /// Objects that are no entries, or are damaged.
    private(set) var unreadableCount = 0
    /// Objects that one signer has added, oldest first.
    private(set) var own: [(name: ObjectName, runs: [LedgerRun])] = []
    /// The runs that count, if the reader asked for them.
    private(set) var runs: [LedgerRun] = []

    /// Reads the ledger; what is damaged or of strangers is only counted.
    static func read(
        _ store: any ObjectStore,
        of archive: ArchiveID,
        trusting verifiers: Set<String>,
        own signer: String? = nil,
        keepingRuns: Bool = false,
        at now: Timestamp
    ) async throws(RecoveryError) -> VaultLedger {
        var ledger = VaultLedger()
        let listed = try await VaultContents.listing(store, prefix: LedgerEntry.prefix)
        for status in listed.suffix(readLimit) {
            guard let entry = try await load(status, from: store, of: archive) else {
                ledger.unreadableCount += 1
                continue
            }
            guard verifiers.contains(entry.verifier) else {
                ledger.strangerCount += 1
                continue
            }
            if entry.verifier == signer { ledger.own.append((status.name, entry.runs)) }
            // A clock that was wrong then must not keep a segment from being checked for years.
            for run in entry.runs where run.time < now || run.time == now {
                ledger.take(run)
                if keepingRuns { ledger.runs.append(run) }
            }
        }
        return ledger
    }

    private static func load(
        _ status: ObjectStatus,
        from store: any ObjectStore,
        of archive: ArchiveID
    ) async throws(RecoveryError) -> LedgerEntry? {
        guard status.byteCount <= entryByteCountLimit else { return nil }
        let bytes: [UInt8]
        do throws(VaultError) {
            bytes = try await store.read(status.name, range: 0..<status.byteCount)
        } catch {
            // Another verifier may have made several into one meanwhile.
            if error.code == .notFound || error.code == .outOfRange { return nil }
            throw RecoveryError(error)
        }
        return LedgerEntry(decoding: bytes, of: archive)
    }

    mutating func take(_ run: LedgerRun) {
        for (marks, isSound) in [(run.sound, true), (run.damaged, false)] {
            for mark in marks {
                let check = Check(time: run.time, isSound: isSound)
                if Self.isNewer(check, than: checks[mark]) { checks[mark] = check }
                guard run.way == .contents, Self.isNewer(check, than: openings[mark]) else {
                    continue
                }
                openings[mark] = check
            }
        }
    }

    /// Of two checks at the same moment the one that found damage counts.
    private static func isNewer(_ check: Check, than other: Check?) -> Bool {
        guard let other else { return true }
        if other.time < check.time { return true }
        return other.time == check.time && !check.isSound
    }

    /// The last check of a segment that was as thorough as `way`.
    func last(_ mark: SegmentMark, _ way: LedgerRun.Way) -> Check? {
        way == .contents ? openings[mark] : checks[mark]
    }
}

extension VaultLedger {
    /// Adds a run, and makes one object of many; the old ones go only when the new one is there.
    static func add(
        _ run: LedgerRun,
        to store: any ObjectStore,
        of archive: ArchiveID,
        signedBy signer: LedgerSigner
    ) async throws(RecoveryError) {
        let verifier = signer.publicKey
        let known = try await read(
            store,
            of: archive,
            trusting: [verifier],
            own: verifier,
            at: run.time
        )
        var merged = LedgerEntry(archiveID: archive, verifier: verifier, runs: [run])
        var superseded: [ObjectName] = []
        if known.own.count + 1 >= mergeLimit {
            merged.runs = merge(known.own.flatMap(\.runs) + [run], at: run.time)
            superseded = known.own.map(\.name)
        }
        do {
            let name = try ObjectName(try LedgerEntry.newName(at: run.time))
            try await store.put(name, try merged.bytes(signedBy: signer))
        } catch {
            throw RecoveryError.wrapping(error, in: "the vault's ledger")
        }
        // A vault that forbids removing keeps them, and nothing is wrong.
        for name in superseded { try? await store.remove(name) }
    }

    /// Runs of the last quarter of a year stay as they are, for people who look back, unless they name
    /// more segments than this.
    private static let wholeMarkLimit = 100_000
    private static let wholeSpan: Int64 = 92 * 86_400 * 1_000_000

    /// What of several runs is still the last word on a segment, and the newest runs whole.
    static func merge(_ runs: [LedgerRun], at now: Timestamp) -> [LedgerRun] {
        var ledger = VaultLedger()
        for run in runs { ledger.take(run) }
        var room = wholeMarkLimit
        let start = now.microseconds - wholeSpan
        let merged = runs.sorted { $1.time < $0.time }.compactMap { run -> LedgerRun? in
            room -= run.sound.count + run.damaged.count
            if room >= 0, run.time.microseconds >= start { return run }
            let known = run.way == .contents ? ledger.openings : ledger.checks
            func isLast(_ mark: SegmentMark, _ isSound: Bool) -> Bool {
                known[mark] == Check(time: run.time, isSound: isSound)
            }
            var rest = run
            rest.sound.removeAll { !isLast($0, true) }
            rest.damaged.removeAll { !isLast($0, false) }
            return rest.sound.isEmpty && rest.damaged.isEmpty ? nil : rest
        }
        return merged.reversed()
    }
}
