import StrongroomVaults

/// Parts of objects in a vault whose sender was stopped for good.
struct Leftovers: Sendable {
    /// An upload that is so old belongs to nobody: a ship that is slower begins another.
    static let age: Int64 = 7 * 86_400 * 1_000_000

    /// Uploads of this vault's own objects that are old enough to go.
    static func read(
        _ store: any ObjectStore,
        now: Int64
    ) async throws(RecoveryError) -> [UnfinishedUpload] {
        guard let store = store as? any PartsStore else { return [] }
        do {
            return try await store.unfinishedUploads().filter { upload in
                upload.begun < now - age && isOurs(upload.name)
            }
        } catch {
            throw RecoveryError(error)
        }
    }

    /// Gives the old ones up; answers how many.
    ///
    /// That a server does not list or remove them keeps nobody from shipping.
    static func clear(_ store: any ObjectStore, now: Int64) async -> Int {
        guard let parts = store as? any PartsStore,
            let old = try? await read(store, now: now)
        else { return 0 }
        var count = 0
        for upload in old where (try? await parts.giveUp(upload)) != nil { count += 1 }
        return count
    }

    private static func isOurs(_ name: ObjectName) -> Bool {
        VaultObject(name.text) != nil || name.text.hasPrefix(SegmentPart.prefix)
            || name.text.hasPrefix(LedgerEntry.prefix)
    }
}
