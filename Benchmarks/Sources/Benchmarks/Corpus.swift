import ArchiveBytes
import ArchiveFileIO
import Strongroom
import SystemPackage

/// The names of a run's records: 32 hexadecimal digits in no order, the same on every run and for
/// every engine.
enum Names {
    /// The name of a record that nobody puts, which differs from that of one that is put in its last character.
    static func absentName(_ number: Int) -> String { name(number, ending: UInt8(ascii: "x")) }

    /// The name of the record with a number.
    static func name(_ number: Int, ending: UInt8? = nil) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for half in 0..<2 {
            let place = UInt64(2 * number + half + 1)
            let value = SplitMix.mix(42 &+ SplitMix.golden &* place)
            for digit in 0..<16 {
                let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * digit)) & 15
                text.append(nibble < 10 ? 48 + nibble : 87 + nibble)
            }
        }
        if let ending { text[text.count - 1] = ending }
        return String(decoding: text, as: UTF8.self)
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
struct Corpus {
    /// Small enough for memory that the allocator has at hand: the peers read by pages of the library's.
    private static let readByteCount = 128 << 10
    private let file: SequentialFile
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    init(_ path: String) throws { file = try SequentialFile(reading: FilePath(path)) }

    /// The next records, at most `limit`; empty at the end.
    mutating func next(_ limit: Int) throws -> [CorpusRecord] {
        var records: [CorpusRecord] = []
        records.reserveCapacity(limit)
        while records.count < limit, let line = try nextLine() {
            guard let tab = place(of: "\t", in: line) else {
                throw Failure("a line of the corpus has no tab")
            }
            records.append(
                CorpusRecord(
                    subject: String(decoding: buffer[line.lowerBound..<tab], as: UTF8.self),
                    body: Array(buffer[(tab + 1)..<line.upperBound])
                )
            )
        }
        return records
    }

    private mutating func nextLine() throws -> Range<Int>? {
        while true {
            if let end = place(of: "\n", in: start..<buffer.count) {
                defer { start = end + 1 }
                return start..<end
            }
            if isAtEnd { return nil }
            buffer.removeFirst(start)
            start = 0
            let more = try file.readFully(Self.readByteCount)
            isAtEnd = more.count < Self.readByteCount
            buffer += more
        }
    }

    /// As fast as the peers, which use memchr: reading must not take time from what works behind a commit.
    private func place(of character: Unicode.Scalar, in range: Range<Int>) -> Int? {
        buffer.span.extracting(..<range.upperBound)
            .firstIndex(ofByte: UInt8(truncatingIfNeeded: character.value), from: range.lowerBound)
    }
}

/// What ends a benchmark.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
