internal import Synchronization

/// Counts what the pages of an index take in memory, for others that share its budget.
package final class CacheMeter: Sendable {
    private let total = Atomic(0)

    package init() {}

    /// Bytes of pages that are kept at the moment.
    package var byteCount: Int { total.load(ordering: .relaxed) }

    func add(_ byteCount: Int) {
        if byteCount != 0 { total.wrappingAdd(byteCount, ordering: .relaxed) }
    }
}
