import StrongroomVaults

/// A store that passes on to another what it does not do itself.
protocol PassingStore: ObjectStore {
    var base: any ObjectStore { get }
}

extension PassingStore {
    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        try await base.put(name, from: source, mode: mode, expectedDigest: expectedDigest)
    }

    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8] {
        try await base.read(name, range: range)
    }

    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        try await base.status(name)
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        try await base.list(prefix: prefix)
    }

    func remove(_ name: ObjectName) async throws(VaultError) { try await base.remove(name) }
}
