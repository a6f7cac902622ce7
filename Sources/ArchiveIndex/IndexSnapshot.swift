internal import ArchiveBytes

/// All entries at one moment: those of the tree and those in memory that are not in it yet.
///
/// Where both have a key, the memory's counts. It stays as it is and may be used by any number of
/// threads.
package struct IndexSnapshot: Sendable {
    /// The runs in memory, oldest first.
    package let runs: [SortedRun]
    package let view: IndexView

    package init(runs: [SortedRun], view: IndexView) {
        self.runs = runs
        self.view = view
    }

    /// The value of a key.
    package func value(for key: Span<UInt8>) throws(IndexError) -> [UInt8]? {
        for run in runs.reversed() {
            let index = run.lowerBound(key)
            guard index < run.count, run.compare(index, with: key) == 0 else { continue }
            return run.withEntry(index) { _, value in Array(copying: value) }
        }
        return try view.value(for: key)
    }

    /// The first entry whose key is not before `key`, copied into `entry`.
    package func first(
        atOrAfter key: Span<UInt8>,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        var isFound = try view.first(atOrAfter: key, into: &entry)
        // Oldest first, so the last of equal keys stays.
        for run in runs {
            let index = run.lowerBound(key)
            guard index < run.count, !isFound || run.compare(index, with: entry.key.span) <= 0
            else { continue }
            run.withEntry(index) { entry.set(key: $0, value: $1) }
            isFound = true
        }
        return isFound
    }

    /// The first entry whose key is not before `key` and begins with its first `count` bytes, in the
    /// newest run or tree that has one, copied into `entry`.
    ///
    /// For keys that begin so where the newer ones sort first: what is older need not be looked into.
    package func newest(
        atOrAfter key: Span<UInt8>,
        beginningWith count: Int,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        let beginning = key.extracting(..<count)
        for run in runs.reversed() {
            let index = run.lowerBound(key)
            guard index < run.count else { continue }
            let isFound = run.withEntry(index) { found, value in
                guard found.count >= count, found.extracting(..<count).isEqual(to: beginning) else {
                    return false
                }
                entry.set(key: found, value: value)
                return true
            }
            if isFound { return true }
        }
        return try view.newest(atOrAfter: key, beginningWith: count, into: &entry)
    }

    /// The last entry whose key is before `key`, copied into `entry`.
    package func last(
        before key: Span<UInt8>,
        into entry: inout IndexEntry
    ) throws(IndexError) -> Bool {
        var isFound = try view.last(before: key, into: &entry)
        for run in runs {
            let index = run.lowerBound(key) - 1
            guard index >= 0, !isFound || run.compare(index, with: entry.key.span) >= 0 else {
                continue
            }
            run.withEntry(index) { entry.set(key: $0, value: $1) }
            isFound = true
        }
        return isFound
    }

    /// A cursor that stands nowhere yet.
    package func cursor() -> MergedCursor { MergedCursor(self) }
}
