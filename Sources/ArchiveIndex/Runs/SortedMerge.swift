/// The entries of several sorted inputs in key order, each key once.
///
/// The inputs stand in a heap, the one with the lowest key on top and the newest of equal ones above
/// the others, so an entry costs a few comparisons however many inputs there are.
struct SortedMerge: EntrySource {
    /// Inputs are numbered oldest first, trees before runs: of equal keys the highest number counts.
    private var trees: [TreeCursor]
    private let runs: [SortedRun]
    private var positions: [Int]
    /// How the key begins that each input stands at: most comparisons need no more.
    private var heads: [UInt128]
    /// The inputs that are not at their end.
    private var heap: [Int]
    /// The first key that is left out, and how it begins.
    private let end: [UInt8]?
    private let endHead: UInt128
    /// Whether two keys were equal.
    ///
    /// Those of a key's inputs that are above each other in the heap were
    /// compared, by way of keys between the two if not with each other, which then are equal as well.
    private var hasTies = false

    /// Takes trees oldest first, then runs, which are newer than all of them.
    init(
        _ trees: [TreeCursor],
        _ runs: [SortedRun],
        in range: KeyRange = KeyRange()
    ) throws(IndexError) {
        end = range.end
        endHead = range.end.map { KeyOrder.head($0.span) } ?? .max
        self.trees = trees
        self.runs = runs
        positions = runs.map { $0.lowerBound(range.start.span) }
        heads = Array(repeating: 0, count: trees.count + runs.count)
        heap = []
        for tree in trees.indices where try self.trees[tree].seek(atOrAfter: range.start.span) {
            heap.append(tree)
        }
        for run in runs.indices where positions[run] < runs[run].count {
            heap.append(trees.count + run)
        }
        for input in heap { look(at: input) }
        order()
    }

    var isAtEnd: Bool {
        guard !heap.isEmpty else { return true }
        guard heads[heap[0]] >= endHead, let end else { return false }
        return withEntry(of: heap[0]) { key, _ in KeyOrder.compare(key, end.span) >= 0 }
    }

    mutating func advance() throws(IndexError) {
        // Whatever has the same key as the top stands right below it.
        while hasTies, let place = equalPlace() { try step(place) }
        try step(0)
    }

    func withEntry<Result, Failure: Error>(
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withEntry(of: heap[0], use)
    }

    @inline(__always)
    private func withEntry<Result, Failure: Error>(
        of input: Int,
        _ use: (_ key: Span<UInt8>, _ value: Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if input < trees.count {
            // Lent by the span, and not by the array, the cursor is not copied.
            let trees = trees.span
            return try use(trees[input].key.span, trees[input].value.span)
        }
        let run = input &- trees.count
        let runs = runs.span
        return try runs[run].text.withEntry(positions[run], use)
    }

    /// A place below the top whose key is the top's.
    private func equalPlace() -> Int? {
        for place in 1..<3 where place < heap.count {
            let isEqual = withEntry(of: heap[place]) { key, _ in
                withEntry(of: heap[0]) { other, _ in KeyOrder.areEqual(key, other) }
            }
            if isEqual { return place }
        }
        return nil
    }

    /// Moves the input at a place of the heap on, and the place to where it belongs.
    private mutating func step(_ place: Int) throws(IndexError) {
        let input = heap[place]
        let isThere: Bool
        if input < trees.count {
            isThere = try trees[input].next()
        } else {
            let run = input &- trees.count
            positions[run] &+= 1
            isThere = positions[run] < runs[run].count
        }
        if !isThere {
            let last = heap.removeLast()
            guard place < heap.count else { return }
            heap[place] = last
        } else {
            look(at: input)
        }
        siftDown(place)
    }

    private mutating func look(at input: Int) {
        heads[input] = withEntry(of: input) { key, _ in KeyOrder.head(key) }
    }

    private mutating func order() {
        for place in (0..<heap.count / 2).reversed() { siftDown(place) }
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        while true {
            var lowest = place
            let first = 2 &* place &+ 1
            if first < heap.count, precedes(heap[first], heap[lowest]) { lowest = first }
            if first &+ 1 < heap.count, precedes(heap[first &+ 1], heap[lowest]) {
                lowest = first &+ 1
            }
            guard lowest != place else { return }
            heap.swapAt(place, lowest)
            place = lowest
        }
    }

    private mutating func precedes(_ left: Int, _ right: Int) -> Bool {
        guard heads[left] == heads[right] else { return heads[left] < heads[right] }
        let order = withEntry(of: left) { key, _ in
            withEntry(of: right) { other, _ in KeyOrder.compare(key, other) }
        }
        guard order == 0 else { return order < 0 }
        hasTies = true
        return left > right
    }
}
