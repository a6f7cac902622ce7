import CMachine
import Glibc

/// Prints a figure of this run for the program that compares.
func figure(_ name: String, _ value: Double) {
    print(name, value)
    fflush(nil)
}

/// Nanoseconds of a clock that only goes forward.
func now() -> UInt64 { cm_now() }

/// Things a second.
func rate(_ count: Int, _ nanoseconds: UInt64) -> Double {
    Double(count) * 1e9 / Double(max(nanoseconds, 1))
}

/// Durations of single operations, in nanoseconds.
struct Samples: Sendable {
    private var values: [UInt64] = []

    init(capacity: Int) { values.reserveCapacity(capacity) }

    mutating func add(_ value: UInt64) { values.append(value) }

    /// The value below which `part` of the samples lie, in microseconds.
    func percentile(_ part: Double) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.indices.last else { return 0 }
        return Double(sorted[Int(part * Double(last) + 0.5)]) / 1_000
    }

    /// Prints `NAME.p50_us` and `NAME.p99_us`.
    func figures(_ name: String) {
        figure("\(name).p50_us", percentile(0.5))
        figure("\(name).p99_us", percentile(0.99))
    }
}

/// Heap allocations of this process so far, or nil without the library that counts them.
func countedAllocations() -> UInt64? {
    let count = cm_allocation_count()
    return count == .max ? nil : count
}
