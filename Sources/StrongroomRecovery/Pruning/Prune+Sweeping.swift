import ArchiveFormat
import StrongroomVaults

extension Prune {
    /// Condemns what a plan condemns, and removes what is due.
    ///
    /// What somebody else needs by now, has restored, or is about to ship, stays; notes say so.
    public func carryOut(_ plan: PrunePlan) async throws(RecoveryError) -> PruneResult {
        var result = PruneResult()
        try await condemn(plan, &result)
        try await sweep(plan, &result)
        try await merge(plan.document)
        return result
    }

    private func sweep(
        _ plan: PrunePlan,
        _ result: inout PruneResult
    ) async throws(RecoveryError) {
        let due = plan.entries.filter { $0.fate == .goes }
        guard !due.isEmpty || !plan.dueSegments.isEmpty else { return }
        let id = try VaultObject.newIdentity()
        let document = PruneDocument(
            kind: .sweeping,
            archive: plan.archive,
            id: id,
            time: clock.now(),
            snapshots: due.map(\.named),
            segments: plan.dueSegments
        )
        let bytes = try await signed(document, in: VaultObject.sweep(id).text)
        let mark = try await SweepMark.put(.sweep(id), bytes, in: store, clock: clock)
        let renewal = Task { [pause] in await mark.keepRenewing(pause) }
        let failure: RecoveryError?
        do throws(RecoveryError) {
            let now = try await witnessedNow(mark)
            try await sweepSnapshots(plan, due.map(\.snapshot), now, mark, &result)
            try await sweepSegments(plan, now, mark, &result)
            failure = nil
        } catch {
            failure = error
        }
        // Else it could be renewed behind its removal.
        renewal.cancel()
        await renewal.value
        // Even after an error: nothing more is removed by this run.
        try await remove(mark.object)
        if let failure { throw failure }
    }

    private func condemn(
        _ plan: PrunePlan,
        _ result: inout PruneResult
    ) async throws(RecoveryError) {
        let condemned = plan.entries.filter { $0.fate == .isCondemned }
        guard !condemned.isEmpty || !plan.condemnedSegments.isEmpty else { return }
        let id = try VaultObject.newIdentity()
        var document = PruneDocument(
            kind: .condemned,
            archive: plan.archive,
            id: id,
            time: clock.now()
        )
        document.grace = plan.grace.components.seconds * 1_000_000
        document.rules = plan.rules.description
        document.snapshots = condemned.map(\.named)
        document.segments = plan.condemnedSegments
        try await put(.prune(id), document)
        result.condemned = condemned.map(\.snapshot)
    }

    private func sweepSnapshots(
        _ plan: PrunePlan,
        _ due: [String],
        _ now: Int64,
        _ mark: SweepMark,
        _ result: inout PruneResult
    ) async throws(RecoveryError) {
        let ledger = try await PruneLedger.read(store, plan.document)
        for id in due {
            guard let known = ledger.snapshots[id], known.due <= now else {
                result.notes.append(
                    "snapshot \(id) was restored meanwhile, or its grace is not over"
                )
                continue
            }
            if try await removal(.manifest(id), mark, &result) { result.removed.append(id) }
        }
    }

    private func sweepSegments(
        _ plan: PrunePlan,
        _ now: Int64,
        _ mark: SweepMark,
        _ result: inout PruneResult
    ) async throws(RecoveryError) {
        guard !plan.dueSegments.isEmpty else { return }
        // Whoever announced a snapshot before the marker was there may count on any segment.
        guard try await !isAnythingArriving(now) else {
            result.notes.append("a snapshot is being shipped; segments are left for a later run")
            return
        }
        let state = try await PruneState.read(store, authority)
        let unneeded = Set(state.unneededSegments(authority))
        for number in plan.dueSegments {
            guard unneeded.contains(number),
                let known = state.ledger.segments[number], known.due <= now
            else {
                result.notes.append("segment \(number.value) is needed by now, or waits")
                continue
            }
            if try await removal(.segment(number), mark, &result) {
                result.removedSegmentCount += 1
                result.removedByteCount += state.contents.objects[.segment(number)] ?? 0
            }
        }
    }

    /// Removes an object unless the vault keeps it locked; tells whether it is gone.
    private func removal(
        _ object: VaultObject,
        _ mark: SweepMark,
        _ result: inout PruneResult
    ) async throws(RecoveryError) -> Bool {
        try RecoveryError.checkCancellation("pruning")
        try await mark.requireStanding()
        do {
            if let locking = store as? any LockingStore {
                try await locking.purge(object.name)
            } else {
                try await store.remove(object.name)
            }
            return true
        } catch {
            let failure = error as? VaultError
            // Another prune was faster.
            if failure?.code == .notFound { return false }
            if failure?.code == .refused {
                result.notes.append("\(object.text): \(failure?.message ?? "")")
                return false
            }
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }

    func remove(_ object: VaultObject) async throws(RecoveryError) {
        do {
            try await store.remove(object.name)
        } catch {
            if (error as? VaultError)?.code == .notFound { return }
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }

    /// The time, of which the vault has a say too: a clock that is ahead ends no grace.
    private func witnessedNow(_ mark: SweepMark) async throws(RecoveryError) -> Int64 {
        let prefix = VaultObject.sweepPrefix
        let arrival = try await SweepMark.arrival(of: mark.object, in: store, prefix: prefix)
        // What killed runs left behind stands in nobody's way any more.
        if let arrival { try await SweepMark.clear(store, now: arrival) }
        return min(clock.now(), arrival ?? .max)
    }

    /// Whether a ship has announced a snapshot; what ships left that were killed long ago is removed.
    private func isAnythingArriving(_ now: Int64) async throws(RecoveryError) -> Bool {
        var isArriving = false
        let listed = try await VaultContents.listing(store, prefix: VaultObject.arrivalPrefix)
        for status in listed {
            guard let object = VaultObject(status.name.text) else { continue }
            if let age = status.modified, age < now - Self.abandonedAge {
                try await remove(object)
            } else {
                isArriving = true
            }
        }
        return isArriving
    }
}

extension PrunePlan.Entry {
    /// What documents say of a snapshot.
    var named: PruneDocument.Snapshot {
        PruneDocument.Snapshot(id: snapshot, lastSequence: lastSequence, time: time)
    }
}
