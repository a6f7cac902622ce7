import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Support
import SystemPackage
import Testing

@testable import ArchiveIndex

/// An index with tiny pages on a simulated disk, so that every few entries split a page.
struct Workbench {
    static let archive = [UInt8](1...16)
    /// The stem of a key, if it is as long.
    static let stemByteCount = 5
    static let path: FilePath = "/index/records.btree"

    let fileSystem: SimulatedFileSystem
    let key: SecretKey
    var options: IndexOptions

    init(pageByteCount: Int = 512, cacheByteLimit: Int = 64 * 1_024) throws {
        fileSystem = SimulatedFileSystem()
        try fileSystem.makeDirectory("/index")
        try fileSystem.synchronizeDirectory("/")
        key = try Self.key(1)
        options = IndexOptions()
        options.pageByteCount = pageByteCount
        options.cacheByteLimit = cacheByteLimit
        // A few entries make a forest of several trees.
        options.smallTreeEntryCount = 4
        options.stemByteCount = { $0.count < Self.stemByteCount ? 0 : Self.stemByteCount }
    }

    /// The same archive on another disk.
    init(_ other: Workbench, on fileSystem: SimulatedFileSystem) {
        self.fileSystem = fileSystem
        key = other.key
        options = other.options
    }

    static func key(_ byte: UInt8) throws -> SecretKey {
        let bytes = [UInt8](repeating: byte, count: SecretKey.byteCount)
        return try SecretKey(copying: bytes.span)
    }

    var place: IndexPlace { place(archive: Self.archive) }

    func place(archive: [UInt8]) -> IndexPlace {
        IndexPlace(fileSystem: fileSystem, path: Self.path, archive: archive, key: key)
    }

    func create(covering coverage: [UInt8] = []) throws -> Index {
        try Index.create(place, options, covering: coverage)
    }

    func open() throws -> Index { try Index.open(place, options) }

    /// Makes the index anew, of that many keys in order.
    @discardableResult
    func rebuild(
        entryCount: Int,
        memoryByteCount: Int = IndexBuilder.defaultMemoryByteCount,
        covering coverage: [UInt8] = []
    ) throws(IndexError) -> Index {
        var builder = IndexBuilder(place, options, memoryByteCount: memoryByteCount)
        for number in 0..<entryCount {
            let digits = [UInt8(number >> 8), UInt8(number & 0xff)]
            try builder.append { $0.append([1] + digits, digits) }
        }
        return try builder.finish(covering: coverage)
    }

    /// The index file as it is now.
    var bytes: [UInt8] { fileSystem.bytes(of: Self.path) ?? [] }
}

/// What an index must hold: a dictionary beside it.
struct Model {
    private(set) var entries: [[UInt8]: [UInt8]] = [:]

    var sorted: [IndexEntry] {
        entries.map { IndexEntry(key: $0.key, value: $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Adds random entries, new and old keys mixed, and returns them as a run.
    mutating func addBatch(
        _ count: Int,
        _ generator: inout SeededGenerator,
        keyByteCount: ClosedRange<Int> = 1...20
    ) -> SortedRun {
        var builder = RunBuilder()
        for _ in 0..<count {
            // Few different bytes make long shared beginnings and many keys that come again.
            let length = Int.random(in: keyByteCount, using: &generator)
            let key = (0..<length).map { _ in UInt8.random(in: 1...3, using: &generator) }
            let value = generator.bytes(Int.random(in: 0...64, using: &generator))
            builder.append(key: key.span, value: value.span)
            entries[key] = value
        }
        return builder.finish()
    }

    /// Whether a key begins with `stem`.
    func holds(_ stem: [UInt8]) -> Bool { entries.keys.contains { $0.starts(with: stem) } }

    mutating func add(_ key: [UInt8], _ value: [UInt8]) { entries[key] = value }
}

extension SortedRun {
    static func of(_ entries: [([UInt8], [UInt8])]) -> SortedRun {
        var builder = RunBuilder()
        for (key, value) in entries { builder.append(key: key.span, value: value.span) }
        return builder.finish()
    }

    var all: [IndexEntry] {
        (0..<count).map { index in
            withEntry(index) { IndexEntry(key: Array(copying: $0), value: Array(copying: $1)) }
        }
    }
}

extension IndexView {
    func all() throws -> [IndexEntry] {
        var entries: [IndexEntry] = []
        var cursor = IndexSnapshot(runs: [], view: self).cursor()
        var isFound = try cursor.seekFirst()
        while isFound {
            entries.append(cursor.entry)
            isFound = try cursor.next()
        }
        return entries
    }
}

extension MergedCursor {
    var entry: IndexEntry {
        withEntry { IndexEntry(key: Array(copying: $0), value: Array(copying: $1)) }
    }
}

extension Index {
    /// Fails the test unless everything in the file is as it should be.
    func expectSound(_ location: SourceLocation = #_sourceLocation) throws {
        let report = try verifyAllPages()
        #expect(report.damages == [], sourceLocation: location)
        #expect(report.entryCount == entryCount, sourceLocation: location)
    }
}

// Keys that are written out in a test, where a span would outlive its array.

extension IndexView {
    /// Whether a key begins with `stem`, as a search with the filters finds.
    func holds(_ stem: [UInt8]) throws -> Bool {
        var entry = IndexEntry()
        return try newest(atOrAfter: stem.span, beginningWith: stem.count, into: &entry)
    }

    func value(of key: [UInt8]) throws -> [UInt8]? { try value(for: key.span) }
}

extension RunBuilder {
    mutating func append(_ key: [UInt8], _ value: [UInt8]) {
        append(key: key.span, value: value.span)
    }
}

extension IndexBuilder {
    mutating func append(_ key: [UInt8], _ value: [UInt8]) throws {
        try append { $0.append(key, value) }
    }
}
