import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import Strongroom
import StrongroomVaults
import Synchronization
import SystemPackage

extension Repair {
    /// Reads everything that snapshots list and finds what is damaged; changes nothing.
    ///
    /// - Throws: `notFound` if nothing is there, `foreign` if a source is another archive's,
    ///   `conflict` if the archive went on in two places, `invalid` if nothing says which public key
    ///   to trust, `unreachable` if a place does not answer.
    public func plan(progress: ProgressHandler? = nil) async throws(RecoveryError) -> RepairPlan {
        var target = try await RepairPlace.read(store)
        var places: [RepairPlace] = []
        for source in sources { places.append(try await RepairPlace.read(source)) }
        let (document, documentBytes) = try trusted(target, places)
        try await target.readManifests(document)
        for index in places.indices { try await places[index].readManifests(document) }

        var plan = RepairPlan(archive: document.archiveID.hex)
        planDocument(documentBytes, target, &plan)
        planKeyring(document, target, places, &plan)
        let manifests = planManifests(target, places, &plan)
        let all = try Self.segments(of: manifests)
        var segments: [SnapshotManifest.Segment] = []
        for segment in all {
            if try await target.isElsewhere(segment, document) {
                plan.remoteSegmentCount += 1
            } else {
                segments.append(segment)
            }
        }
        try await planSegments(segments, document, target, places, progress, &plan)
        planMarker(target, &plan)
        return plan
    }

    /// The identity that everything is held against.
    private func trusted(
        _ target: RepairPlace,
        _ places: [RepairPlace]
    ) throws(RecoveryError) -> (ArchiveDocument, [UInt8]) {
        guard !target.contents.isEmpty else {
            throw RecoveryError(
                .notFound,
                "there is neither archive nor vault to mend; fill a new vault with `strongroom vault "
                    + "sync`, bring an archive back with `strongroom recover`"
            )
        }
        // Whom to trust is never learnt from a source.
        let candidates = publicKey == nil ? [target] : [target] + places
        var found: (ArchiveDocument, [UInt8])?
        for place in candidates where found == nil {
            if let document = place.document(publicKey), let bytes = place.contents.documentBytes {
                found = (document, bytes)
            }
        }
        guard let found else {
            throw RecoveryError(
                .invalid,
                publicKey == nil
                    ? "archive.json is missing or damaged: give the archive's public key, by which a "
                        + "source's can be trusted (`--public-key`)"
                    : "no archive.json here or in a source is of that public key: compare it with what "
                        + "`strongroom status` of the archive or its recovery kit says, or name other "
                        + "sources (`--from`)"
            )
        }
        for place in places {
            guard let other = place.document(nil), other.archiveID == found.0.archiveID,
                other.publicKey == found.0.publicKey
            else {
                throw RecoveryError(
                    .foreign,
                    "a source is no copy of archive \(found.0.archiveID.hex), or its archive.json is "
                        + "damaged: mend that first"
                )
            }
        }
        return found
    }

    private func planDocument(
        _ bytes: [UInt8],
        _ target: RepairPlace,
        _ plan: inout RepairPlan
    ) {
        guard target.contents.documentBytes != bytes else { return }
        plan.add(.document, target, .bytes(bytes))
    }

    /// A vault's own note is made, not fetched.
    private func planMarker(_ target: RepairPlace, _ plan: inout RepairPlan) {
        guard target.contents.markerBytes != nil, (try? target.contents.marker()) == nil else {
            return
        }
        plan.hopeless.append(
            VaultFinding(
                .damaged,
                .marker,
                "no source can know where this vault's keyring belongs; remove it and ship again, "
                    + "saying where (`--keyring`)"
            )
        )
    }

    private func planKeyring(
        _ document: ArchiveDocument,
        _ target: RepairPlace,
        _ places: [RepairPlace],
        _ plan: inout RepairPlan
    ) {
        let marker = try? target.contents.marker()
        if marker?.keyring == .apart { return }
        guard target.keyring(of: document) == nil else { return }
        // A vault without its note may be one that is to have no keyring.
        let isArchiveOrVault = target.contents.objects[.marker] == nil || marker != nil
        guard isArchiveOrVault else { return }
        let copies = places.compactMap { place in
            place.keyring(of: document).flatMap { file in
                place.contents.keyringBytes.map { (file, $0) }
            }
        }
        let newest = copies.max {
            ($0.0.generation, $0.0.revision) < ($1.0.generation, $1.0.revision)
        }
        if let newest {
            plan.add(.keyring, target, .bytes(newest.1))
        } else {
            let kind: VaultFinding.Kind =
                target.contents.objects[.keyring] == nil ? .missing : .damaged
            plan.hopeless.append(
                VaultFinding(kind, .keyring, "put a copy back: without it nothing can be opened")
            )
        }
    }

    /// Plans manifests that are damaged, or missing though a newer one is there; answers with all
    /// that count.
    private func planManifests(
        _ target: RepairPlace,
        _ places: [RepairPlace],
        _ plan: inout RepairPlan
    ) -> [StoredManifest] {
        let whole = Set(target.manifests.map(\.manifest.id))
        let named = Set(target.contents.manifestIDs)
        let size = target.manifests.last?.manifest.treeSize
        var manifests = target.manifests
        var known = whole
        for stored in places.flatMap(\.manifests) where !known.contains(stored.manifest.id) {
            let id = stored.manifest.id
            guard named.contains(id) || stored.manifest.treeSize <= size ?? .max else { continue }
            known.insert(id)
            manifests.append(stored)
            plan.add(.manifest(id), target, .bytes(stored.bytes))
        }
        for id in named.subtracting(known).sorted() {
            plan.hopeless.append(
                VaultFinding(.damaged, .manifest(id), "its signature or form is not right")
            )
        }
        return manifests.sorted(by: StoredManifest.isBefore)
    }

    private static func segments(
        of manifests: [StoredManifest]
    ) throws(RecoveryError) -> [SnapshotManifest.Segment] {
        var segments: [SegmentNumber: SnapshotManifest.Segment] = [:]
        for stored in manifests {
            if let number = stored.contradiction(to: segments) {
                throw RecoveryError(
                    .conflict,
                    "snapshots disagree about segment \(number.value): the archive went on in two "
                        + "places; repair each from copies of its own"
                )
            }
            for segment in stored.manifest.segments { segments[segment.number] = segment }
        }
        return segments.values.sorted { $0.number < $1.number }
    }

    private func planSegments(
        _ segments: [SnapshotManifest.Segment],
        _ document: ArchiveDocument,
        _ target: RepairPlace,
        _ places: [RepairPlace],
        _ progress: ProgressHandler?,
        _ plan: inout RepairPlan
    ) async throws(RecoveryError) {
        let examiner = SegmentExaminer(
            document: document,
            target: target,
            sources: places,
            meter: ProgressMeter(
                .verifying,
                byteCount: segments.reduce(0) { $0 + $1.byteCount },
                objectCount: segments.count,
                progress
            )
        )
        let outcomes = Mutex<[SegmentNumber: SegmentExaminer.Outcome]>([:])
        let collect: @Sendable (SegmentNumber, SegmentExaminer.Outcome) -> Void = { number, found in
            outcomes.withLock { $0[number] = found }
        }
        try await forEach(segments, atATime: parallelism, "verifying") { segment in
            collect(segment.number, try await examiner.examine(segment))
        }
        let found = outcomes.withLock { $0 }
        for segment in segments {
            plan.checkedSegmentCount += 1
            plan.checkedByteCount += segment.byteCount
            switch found[segment.number] {
            case .damaged(let step): plan.steps.append(step)
            case .hopeless(let finding): plan.hopeless.append(finding)
            case .right, nil: break
            }
        }
    }
}

extension RepairPlan {
    fileprivate mutating func add(
        _ object: VaultObject,
        _ target: RepairPlace,
        _ content: Content
    ) {
        let kind: VaultFinding.Kind =
            target.contents.objects[object] == nil ? .missing : .damaged
        steps.append(Step(kind: kind, ranges: nil, object: object, content: content))
    }
}
