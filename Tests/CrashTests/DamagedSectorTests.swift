import Foundation
import Strongroom
import Support
import SystemPackage
import Testing

/// What disks do to sectors at rest: zeros, cuts, swaps, bytes of another archive, latent errors, tails.
///
/// Whatever is damaged, the answer is the right records or an error, from a reader and from a writer,
/// and a verification finds what is not inert. `STRONGROOM_EVERY_BYTE=1` damages every sector and cuts at
/// every eighth length; else every ninth of those.
@Suite struct `A damaged sector` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_BYTE"] != nil
    private static let sector = 512

    enum Harm: CaseIterable, Sendable {
        case zeroed
        case cut
        case swapped
        case foreign
        case unreadable
        case lengthened
    }

    /// A closed archive that has a sealed segment, a snapshot and an active segment.
    private static func archive(_ first: UInt64) throws -> (SimulatedFileSystem, LifeModel) {
        let life = try Life(on: try Life.machine())
        for step in [LifeStep.put(first), .batch(5), .snapshot, .batch(9), .delete(1), .put(11)] {
            try life.perform(step)
        }
        let model = life.model
        try life.end()
        return (life.machine, model)
    }

    @Test(arguments: Harm.allCases)
    func `brings the right records or an error`(by harm: Harm) throws {
        let (machine, model) = try Self.archive(1)
        let (twin, _) = try Self.archive(2)
        var count = 0
        var found = 0
        for path in machine.filePaths {
            guard let bytes = machine.bytes(of: path), !bytes.isEmpty else { continue }
            let step = harm == .cut ? 8 : Self.sector
            for (turn, offset) in stride(from: 0, to: bytes.count, by: step).enumerated()
            where Self.isFull || turn % 9 == 0 {
                let copy = machine.clone()
                guard Self.apply(harm, to: copy, path, at: offset, bytes, twin) else { continue }
                count += 1
                do {
                    if try DamageExamination.run(copy, model) { found += 1 }
                } catch {
                    Issue.record("\(harm) \(path) at \(offset): \(error)")
                }
            }
        }
        if Self.isFull { print("\(harm): \(count) damages, \(found) found, the rest inert") }
        #expect(count > 0 && found > 0)
    }

    /// Spoils one place; false if nothing would differ.
    private static func apply(
        _ harm: Harm,
        to machine: SimulatedFileSystem,
        _ path: FilePath,
        at offset: Int,
        _ bytes: [UInt8],
        _ twin: SimulatedFileSystem
    ) -> Bool {
        var new = bytes
        let range = offset..<min(offset + sector, bytes.count)
        switch harm {
        case .zeroed: new.replaceSubrange(range, with: repeatElement(0, count: range.count))
        case .cut: new.removeLast(bytes.count - offset)
        case .swapped:
            guard offset + 2 * sector <= bytes.count else { return false }
            let other = (offset + sector)..<(offset + 2 * sector)
            new.replaceSubrange(range, with: bytes[other])
            new.replaceSubrange(other, with: bytes[range])
        case .foreign:
            guard let theirs = twin.bytes(of: path), theirs.count >= range.upperBound else {
                return false
            }
            new.replaceSubrange(range, with: theirs[range])
        case .unreadable:
            machine.spoil(path, at: offset)
            return true
        case .lengthened:
            guard offset == 0 else { return false }
            var generator = SeededGenerator(seed: 1)
            new += generator.bytes(700)
        }
        machine.replaceBytes(of: path, with: new)
        return new != bytes
    }
}
