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

    var isLeaf: Bool { level == 0 }
    var count: Int { body.count }
    var prefixCount: Int { body.prefixCount }
    var usedByteCount: Int { body.usedByteCount }

    /// The child of one entry of a branch.
    func child(_ slot: Int) -> PageReference { body.child(slot) }

    /// Lends an entry: the prefix of all keys, the rest of its key, and its value or child.
    @inline(__always)
    func withEntry<Result, Failure: Error>(
        _ slot: Int,
        _ use: (
            _ prefix: Span<UInt8>, _ suffix: Span<UInt8>, _ payload: Span<UInt8>
        ) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body.withEntry(slot, use)
    }

    /// The whole key of an entry, into `key`, whose first `kept` bytes are known to be right.
    func copyKey(_ slot: Int, into key: inout [UInt8], keeping kept: Int) {
        body.withEntry(slot) { prefix, suffix, _ in
            key.removeLast(key.count &- kept)
            if kept < prefix.count { key.append(copying: prefix.extracting(kept...)) }
            key.append(copying: suffix)
        }
    }

    /// The whole key of an entry.
    func key(_ slot: Int) -> [UInt8] {
        var key: [UInt8] = []
        copyKey(slot, into: &key, keeping: 0)
        return key
    }

    /// The value of an entry of a leaf, in place of what `value` holds.
    func copyValue(_ slot: Int, into value: inout [UInt8]) {
        body.withEntry(slot) { _, _, payload in
            value.removeAll(keepingCapacity: true)
            value.append(copying: payload)
        }
    }

    /// Compares the key of an entry with `key`.
    func compare(_ slot: Int, with key: Span<UInt8>) -> Int { body.compare(slot, with: key) }

    /// The first entry whose key is not before `key`, and whether it is that key.
    func lowerBound(_ key: Span<UInt8>) -> (slot: Int, isEqual: Bool) { body.lowerBound(key) }

    /// The same from `start` on, before which all keys are lower, and fast if it is near.
    func lowerBound(_ key: Span<UInt8>, from start: Int) -> (slot: Int, isEqual: Bool) {
        body.lowerBound(key, from: start)
    }

    /// The entry of a branch whose child holds `key` if any does.
    func childSlot(for key: Span<UInt8>) -> Int {
        let found = body.lowerBound(key)
        return found.isEqual ? found.slot : max(0, found.slot - 1)
    }
}
