import Foundation
import Strongroom

/// The records of a run: the lines of a file under shuffled 32-byte names.
struct Corpus {
    let records: [NewRecord]
    let byteCount: Int

    init(linesOf path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        var generator = SplitMix(state: 42)
        var records: [NewRecord] = []
        var byteCount = 0
        for line in data.split(separator: UInt8(ascii: "\n")) {
            let name = (0..<2).map { _ in
                String(generator.next(), radix: 16, uppercase: false).leftPadded(to: 16)
            }.joined()
            // Neighbours in an export belong together: some hundred lines are one patient's.
            records.append(
                NewRecord(
                    name: name,
                    body: Array(line),
                    subject: "Patient/\(records.count / 100)",
                    mediaType: "application/fhir+json"
                )
            )
            byteCount += line.count
        }
        self.records = records
        self.byteCount = byteCount
    }
}

/// A small seeded generator, so that every run has the same names.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension String {
    fileprivate func leftPadded(to count: Int) -> String {
        String(repeating: "0", count: count - self.count) + self
    }
}
