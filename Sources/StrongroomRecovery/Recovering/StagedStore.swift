import StrongroomVaults

/// A vault as it would be after a disaster: another one, seen with changes, and never written to.
struct StagedStore: ObjectStore {
    /// What has become of an object.
    enum Change: Sendable {
        /// It is gone.
        case missing
        /// One bit of the byte at this offset is another.
        case flipped(at: UInt64)
        /// Its last byte is gone.
        case shortened
        /// It has one byte more.
        case lengthened
        /// It is as long as before, and all zeros.
        case zeroed
        /// It holds what another object holds.
        case replaced(by: ObjectName)
        /// It holds other bytes.
        case rewritten([UInt8])
    }

    let base: any ObjectStore
    let changes: [ObjectName: Change]

    init(_ base: any ObjectStore, _ changes: [ObjectName: Change]) {
        self.base = base
        self.changes = changes
    }

    func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        throw VaultError(.refused, "cannot put \(name): a drill never writes to the vault")
    }

    func remove(_ name: ObjectName) async throws(VaultError) {
        throw VaultError(.refused, "cannot remove \(name): a drill never writes to the vault")
    }

    func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        guard let change = changes[name] else { return try await base.status(name) }
        switch change {
        case .missing: return nil
        case .rewritten(let bytes):
            return ObjectStatus(name: name, byteCount: UInt64(bytes.count))
        case .replaced(let other):
            return try await base.status(other).map {
                ObjectStatus(name: name, byteCount: $0.byteCount, modified: $0.modified)
            }
        case .flipped, .zeroed: return try await base.status(name)
        case .shortened, .lengthened:
            let isLonger = if case .lengthened = change { true } else { false }
            return try await base.status(name).map { status in
                let byteCount = status.byteCount
                return ObjectStatus(
                    name: name,
                    byteCount: isLonger ? byteCount + 1 : byteCount - min(1, byteCount)
                )
            }
        }
    }

    func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        var found: [ObjectStatus] = []
        for listed in try await base.list(prefix: prefix) {
            if changes[listed.name] == nil {
                found.append(listed)
            } else if let changed = try await status(listed.name) {
                found.append(changed)
            }
        }
        return found
    }

    func read(_ name: ObjectName, range: Range<UInt64>) async throws(VaultError) -> [UInt8] {
        guard let change = changes[name] else { return try await base.read(name, range: range) }
        guard let status = try await status(name) else {
            throw VaultError(.notFound, "cannot read \(name): the vault has no such object")
        }
        guard range.upperBound <= status.byteCount else {
            throw VaultError(
                .outOfRange,
                "cannot read \(name) to byte \(range.upperBound): it has \(status.byteCount)"
            )
        }
        switch change {
        case .missing, .zeroed: return [UInt8](repeating: 0, count: range.count)
        case .shortened: return try await base.read(name, range: range)
        case .replaced(let other): return try await base.read(other, range: range)
        case .rewritten(let bytes):
            return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        case .flipped(let offset):
            var bytes = try await base.read(name, range: range)
            if range.contains(offset) { bytes[Int(offset - range.lowerBound)] ^= 0x10 }
            return bytes
        case .lengthened:
            let end = min(range.upperBound, status.byteCount - 1)
            let start = min(range.lowerBound, end)
            let bytes = try await base.read(name, range: start..<end)
            return bytes + [UInt8](repeating: 0, count: range.count - bytes.count)
        }
    }
}
