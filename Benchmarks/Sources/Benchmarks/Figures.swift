import Glibc

/// Prints a figure of this run for the program that compares.
func figure(_ name: String, _ value: Double) {
    print(name, value)
    fflush(nil)
}

/// Nanoseconds of a clock that only goes forward.
func now() -> UInt64 { clock_gettime_nsec(CLOCK_MONOTONIC) }

private func clock_gettime_nsec(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Things a second.
func rate(_ count: Int, _ nanoseconds: UInt64) -> Double {
    Double(count) * 1e9 / Double(max(nanoseconds, 1))
}

/// Prints peak memory of the process so far, in MB.
///
/// Not from getrusage: its peak begins with that of the program that started this one.
func figureMemory(_ name: String) {
    guard let status = unsafe fopen("/proc/self/status", "r") else { return }
    defer { unsafe fclose(status) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { unsafe free(line) }
    while unsafe getline(&line, &capacity, status) > 0, let start = unsafe line {
        let words = unsafe String(cString: start).split { $0 == " " || $0 == "\t" }
        guard words.first == "VmHWM:", words.count > 1 else { continue }
        figure(name, (Double(words[1]) ?? 0) * 1_024 / 1e6)
        return
    }
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
    guard let symbol = unsafe dlsym(nil, "counted_allocations") else { return nil }
    typealias Counter = @convention(c) () -> UInt64
    return unsafe unsafeBitCast(symbol, to: Counter.self)()
}
