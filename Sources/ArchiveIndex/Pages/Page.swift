internal import ArchiveBytes

/// One opened page: never changed, shared by reference between the cache and any number of readers,
/// and wiped when the last of them lets go.
final class Page: Sendable {
    let reference: PageReference
    let level: UInt8
    private let body: PageBody

    init(_ body: consuming PageBody, reference: PageReference, level: UInt8) {
        self.reference = reference
        self.level = level
        self.body = body
    }

    /// Whether it names no other pages.
    var isLowest: Bool { PageLevel.isLowest(level) }
    var isLeaf: Bool { level == PageLevel.leaf }
    var count: Int { body.count }
    var usedByteCount: Int { body.usedByteCount }

    /// Whether a page of a filter has the bits of a stem's hash.
    func contains(_ hash: UInt64) -> Bool { body.contains(hash) }

    /// The first entry whose key is not before `key`.
    func lowerBound(_ key: Span<UInt8>) -> PageBody.Position { body.lowerBound(key) }

    /// Copies the entry that a search for `wanted` found in place of what `entry` holds.
    func copy(_ found: PageBody.Position, near wanted: Span<UInt8>, into entry: inout IndexEntry) {
        body.copy(found, near: wanted, key: &entry.key, value: &entry.value)
    }

    /// Whether the entry that a search for `wanted` found begins with its first `count` bytes.
    func begins(_ found: PageBody.Position, with wanted: Span<UInt8>, count: Int) -> Bool {
        body.begins(found, with: wanted, count: count)
    }

    /// The value of the entry at a place.
    func value(at position: PageBody.Position) -> [UInt8] {
        body.withPayload(at: position.offset) { Array(copying: $0) }
    }

    /// Copies an entry in place of what `key` and `value` hold; the offset behind it.
    func copy(_ slot: Int, key: inout [UInt8], value: inout [UInt8]) -> Int {
        body.copy(slot, key: &key, value: &value)
    }

    /// The same for an entry whose offset is known, while `key` holds that of the entry before.
    @inline(__always)
    func copyNext(
        _ slot: Int,
        at offset: Int,
        key: inout [UInt8],
        value: inout [UInt8]
    ) -> Int {
        body.copyNext(slot, at: offset, key: &key, value: &value)
    }

    /// Lends all entries in order; see ``PageBody/forEachEntry(_:_:)``.
    @inline(__always)
    func forEachEntry<Failure: Error>(
        _ room: inout [UInt8],
        _ visit: (_ isAbove: Bool, _ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Bool
    ) throws(Failure) {
        try body.forEachEntry(&room, visit)
    }

    /// The keys of all entries, in order.
    var keys: [[UInt8]] {
        var (key, value): ([UInt8], [UInt8]) = ([], [])
        var end = copy(0, key: &key, value: &value)
        var keys = [key]
        keys.reserveCapacity(count)
        for slot in 1..<max(1, count) {
            end = copyNext(slot, at: end, key: &key, value: &value)
            keys.append(key)
        }
        return keys
    }

    /// The entry of a branch whose child holds `key` if any does.
    func child(for key: Span<UInt8>) -> (slot: Int, reference: PageReference) {
        let found = body.lowerBound(key)
        if found.isEqual || found.slot == 0 { return (found.slot, child(at: found.offset)) }
        return (found.slot &- 1, child(at: found.previous))
    }

    /// The child of one entry of a branch.
    func child(_ slot: Int) -> PageReference { child(at: body.position(of: slot).offset) }

    private func child(at offset: Int) -> PageReference {
        body.withPayload(at: offset) { PageReference(decoding: $0, at: 0) }
    }
}
