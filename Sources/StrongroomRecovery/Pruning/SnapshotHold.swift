import ArchiveBytes
public import Strongroom

/// Why a snapshot may not go, until somebody releases it.
///
/// Holds are records of the engine's own collection: encrypted, never overwritten, shipped with the
/// next snapshot and back with the archive. A release is one more version, so both stay on record.
public struct SnapshotHold: Equatable, Sendable {
    /// The snapshot's id.
    public let snapshot: String
    /// Why, for people: a case's number, a sentence.
    public let reason: String
    /// When it was placed, in microseconds since 1970.
    public let placed: Int64

    private static let prefix = "hold/snapshot/"

    /// Holds a snapshot of the archive; durable when this returns.
    ///
    /// - Throws: `invalid` without a reason; what writing to an archive throws.
    public static func place(
        on snapshot: String,
        reason: String,
        in archive: Archive,
        now: Int64
    ) async throws(RecoveryError) {
        guard !reason.isEmpty, reason.utf8.count <= 1_000 else {
            throw RecoveryError(.invalid, "a hold has a reason of 1 to 1000 bytes")
        }
        let body: JSONObject = ["placed_us": .integer(now), "reason": .text(reason)]
        do {
            try await archive.put(
                NewRecord(
                    name: prefix + snapshot,
                    body: Array(JSONValue.object(body).compactText.utf8),
                    collection: SystemRecords.collection,
                    mediaType: "application/json"
                )
            )
        } catch {
            throw RecoveryError(error)
        }
    }

    /// Releases a snapshot; durable when this returns.
    ///
    /// - Throws: `noSnapshot` if nobody holds it.
    public static func release(
        _ snapshot: String,
        in archive: Archive
    ) async throws(RecoveryError) {
        guard try await read(archive).contains(where: { $0.snapshot == snapshot }) else {
            throw RecoveryError(.noSnapshot, "nobody holds snapshot \(snapshot)")
        }
        do {
            try await archive.delete(prefix + snapshot, in: SystemRecords.collection)
        } catch {
            throw RecoveryError(error)
        }
    }

    /// The holds that stand, in the order of the snapshots' ids.
    public static func read(_ archive: Archive) async throws(RecoveryError) -> [SnapshotHold] {
        do {
            return try await archive.read { view throws(ArchiveError) in
                var query = RecordQuery()
                query.collection = SystemRecords.collection
                query.namePrefix = prefix
                var holds: [SnapshotHold] = []
                try view.forEach(query) { record throws(ArchiveError) in
                    let body = try view.body(of: record)
                    let value = try? JSONValue(parsing: body.span, limits: JSONLimits(depth: 2))
                    holds.append(
                        SnapshotHold(
                            snapshot: String(record.name.dropFirst(prefix.count)),
                            // One that cannot be read holds all the same.
                            reason: value?["reason"]?.asText ?? "unreadable",
                            placed: value?["placed_us"]?.asInteger ?? 0
                        )
                    )
                    return true
                }
                return holds
            }
        } catch {
            throw RecoveryError(error)
        }
    }
}
