import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import StrongroomVaults

/// What a vault holds, as far as it can be told without reading segments.
struct VaultContents: Sendable {
    /// The objects that are part of a vault, with their lengths.
    var objects: [VaultObject: UInt64] = [:]
    /// Segments of which a thin archive's directory has stubs; a vault has none.
    var stubs: Set<SegmentNumber> = []
    var markerBytes: [UInt8]?
    var documentBytes: [UInt8]?
    var keyringBytes: [UInt8]?

    /// A small object's limits, so that a foreign file is not read into memory.
    static func limit(of object: VaultObject) -> UInt64 {
        switch object {
        case .marker: UInt64(VaultMarker.byteCountLimit)
        case .document: UInt64(LocalArchive.documentByteCountLimit)
        case .keyring: UInt64(KeyringFile.byteCountLimit)
        case .manifest, .prune, .sweep: UInt64(SignedDocument.byteCountLimit)
        case .arrival: UInt64(VaultMarker.byteCountLimit)
        case .segment: 0
        }
    }

    /// What `vault.json` says; nil if it is not there.
    func marker() throws(RecoveryError) -> VaultMarker? {
        guard let markerBytes else { return nil }
        return try VaultMarker(decoding: markerBytes)
    }

    /// Whether it is the directory of an archive: without a vault's note, and with a head.
    func isArchive(_ store: any ObjectStore) async throws(RecoveryError) -> Bool {
        guard !isEmpty, markerBytes == nil else { return false }
        do {
            return try await store.status(ObjectName("head")) != nil
        } catch {
            throw RecoveryError.wrapping(error, in: "head")
        }
    }

    /// Whether nothing of a vault is there.
    var isEmpty: Bool { objects.isEmpty }

    var manifestIDs: [String] {
        objects.keys.compactMap { if case .manifest(let id) = $0 { id } else { nil } }.sorted()
    }

    var segmentNumbers: [SegmentNumber] {
        objects.keys.compactMap { if case .segment(let number) = $0 { number } else { nil } }
            .sorted()
    }

    /// Bytes and number of the segments.
    func segmentTotals(without hidden: Set<VaultObject>) -> (byteCount: UInt64, count: Int) {
        var byteCount: UInt64 = 0
        var count = 0
        for number in segmentNumbers where !hidden.contains(.segment(number)) {
            byteCount += objects[.segment(number)] ?? 0
            count += 1
        }
        return (byteCount, count)
    }

    /// Reads a vault's names, lengths and small documents.
    static func read(_ store: any ObjectStore) async throws(RecoveryError) -> VaultContents {
        var contents = VaultContents()
        contents.documentBytes = try await contents.find(.document, in: store)
        contents.keyringBytes = try await contents.find(.keyring, in: store)
        contents.markerBytes = try await contents.find(.marker, in: store)
        // Somebody may be shipping: what a manifest needs was there before it.
        for prefix in [VaultObject.manifestPrefix, VaultObject.segmentPrefix] {
            for status in try await listing(store, prefix: prefix) {
                guard let object = VaultObject(status.name.text) else {
                    let name = String(status.name.text.dropFirst(prefix.utf8.count))
                    if let number = SegmentStub.number(name) { contents.stubs.insert(number) }
                    continue
                }
                contents.objects[object] = status.byteCount
            }
        }
        return contents
    }

    private mutating func find(
        _ object: VaultObject,
        in store: any ObjectStore
    ) async throws(RecoveryError) -> [UInt8]? {
        let name = try object.name
        do {
            guard let status = try await store.status(name) else { return nil }
            objects[object] = status.byteCount
            guard status.byteCount <= Self.limit(of: object) else {
                return try await store.readAll(name, limit: Self.limit(of: object))
            }
            return try await store.read(name, range: 0..<status.byteCount)
        } catch {
            throw RecoveryError(error)
        }
    }

    /// Reads a small object whole.
    static func load(
        _ object: VaultObject,
        from store: any ObjectStore
    ) async throws(RecoveryError) -> [UInt8] {
        do {
            return try await store.readAll(object.name, limit: limit(of: object))
        } catch {
            throw RecoveryError.wrapping(error, in: object.text)
        }
    }

    static func listing(
        _ store: any ObjectStore,
        prefix: String
    ) async throws(RecoveryError) -> [ObjectStatus] {
        do {
            return try await store.list(prefix: prefix)
        } catch {
            throw RecoveryError(error)
        }
    }
}

extension VaultContents {
    /// The description of the archive whose vault this is, which must bear its signature.
    ///
    /// - Throws: `notFound` if nothing was ever shipped, else what is wrong with the description.
    func document(publicKey: [UInt8]) throws(RecoveryError) -> ArchiveDocument {
        guard !isEmpty else {
            throw RecoveryError(
                .notFound,
                "the vault is empty: nothing was ever shipped to it, or it is another one"
            )
        }
        let bytes = documentBytes ?? []
        do {
            return try ArchiveDocument(decoding: bytes.span, publicKey: publicKey)
        } catch {
            throw RecoveryError(error, in: "archive.json in the vault")
        }
    }
}
