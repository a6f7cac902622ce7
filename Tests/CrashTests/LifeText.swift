import Strongroom
import Support

/// The records of a life: few names, so that they are replaced, and every text of its own.
enum LifeText {
    static func record(_ seed: UInt64) -> NewRecord {
        var generator = SeededGenerator(seed: seed)
        let number = generator.next() % 9
        let collection = ["records", "records", "letters", "images"][Int(number % 4)]
        let length = [0, 20, 200, 1_500, 4_000][Int(generator.next() % 5)]
        let text = (0..<length / 20).map { _ in "\(generator.next() % 1_000_000_000)" }
        return NewRecord(
            name: "\(WriteLedger.canary)/\(number)",
            body: Array((WriteLedger.canary + " \(seed) " + text.joined(separator: " ")).utf8),
            collection: collection,
            subject: number % 3 == 0 ? nil : "\(WriteLedger.canary)-\(number % 3)",
            mediaType: number % 2 == 0 ? "application/fhir+json" : nil,
            terms: ["type:\(WriteLedger.canary)"]
        )
    }

    /// Records with names that are all different.
    static func records(_ seeds: [UInt64]) -> [NewRecord] {
        var names: Set<String> = []
        return seeds.map(record).filter { names.insert($0.collection + "/" + $0.name).inserted }
    }

    /// Just long enough to be cut into chunks; the same few for all seeds, so that chunks are shared.
    static func largeBody(_ seed: UInt64) -> [UInt8] { large[Int(seed % 2)] }

    private static let large: [[UInt8]] = (0..<2).map { kind in
        let line = Array("\(WriteLedger.canary) scan \(kind) ................".utf8)
        var bytes: [UInt8] = []
        while bytes.count <= 1 << 20 { bytes += line }
        return bytes
    }
}
