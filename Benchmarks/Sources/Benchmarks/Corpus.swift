import Glibc
import Strongroom

/// The names of a run's records: 32 hexadecimal digits in no order, the same on every run and for
/// every engine.
enum Names {
    /// The name of the record with a number.
    static func name(_ number: Int) -> String {
        let digits: StaticString = "0123456789abcdef"
        return unsafe String(unsafeUninitializedCapacity: 32) { text in
            for half in 0..<2 {
                let place = UInt64(2 * number + half + 1)
                let value = SplitMix.mix(42 &+ SplitMix.golden &* place)
                for digit in 0..<16 {
                    let nibble = Int(value >> UInt64(60 - 4 * digit) & 15)
                    unsafe text[half * 16 + digit] = digits.utf8Start[nibble]
                }
            }
            return 32
        }
    }
}

/// A small seeded generator, so that every run asks for the same.
struct SplitMix {
    static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15
    var state: UInt64

    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func next(below limit: Int) -> Int {
        state &+= Self.golden
        return Int(Self.mix(state) % UInt64(limit))
    }
}

/// One line of a corpus: a subject, a tab and the record.
struct CorpusRecord: Sendable {
    let subject: String
    let body: [UInt8]

    func record(named name: String) -> NewRecord {
        NewRecord(name: name, body: body, subject: subject, mediaType: "application/fhir+json")
    }
}

/// Reads a corpus a batch at a time, so that it adds little to the memory that is measured.
@safe struct Corpus: ~Copyable {
    private let file: UnsafeMutablePointer<FILE>
    private var line: UnsafeMutablePointer<CChar>?
    private var capacity = 0

    init(_ path: String) throws {
        guard let file = unsafe fopen(path, "rb") else { throw Failure("cannot open \(path)") }
        unsafe self.file = file
        unsafe line = nil
    }

    deinit {
        unsafe fclose(file)
        unsafe free(line)
    }

    /// The next records, at most `limit`; empty at the end.
    mutating func next(_ limit: Int) throws -> [CorpusRecord] {
        var records: [CorpusRecord] = []
        records.reserveCapacity(limit)
        while records.count < limit {
            let count = unsafe getline(&line, &capacity, file)
            guard count > 0, let start = unsafe line else { break }
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
            guard let tab = unsafe bytes.firstIndex(of: UInt8(ascii: "\t")) else {
                throw Failure("a line of the corpus has no tab")
            }
            let end = unsafe bytes[count - 1] == UInt8(ascii: "\n") ? count - 1 : count
            records.append(
                unsafe CorpusRecord(
                    subject: String(decoding: bytes[..<tab], as: UTF8.self),
                    body: Array(bytes[(tab + 1)..<end])
                )
            )
        }
        return records
    }
}

/// What ends a benchmark.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
