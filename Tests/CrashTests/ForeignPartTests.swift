import Foundation
import Strongroom
import Support
import SystemPackage
import Testing

/// Whole frames, pages and files of another archive, which its own keys opened, or of another place of
/// the same archive.
///
/// They are well-formed, and so nothing but what binds them to their place tells that they are wrong.
/// `STRONGROOM_EVERY_BYTE=1` exchanges each with several others; else with one.
@Suite struct `A part of another archive` {
    private static let isFull =
        ProcessInfo.processInfo.environment["STRONGROOM_EVERY_BYTE"] != nil
    private static let pageByteCount = 512

    /// Two archives of the same key file, and of records that differ in their texts only.
    private static func archive(_ first: UInt64) throws -> (SimulatedFileSystem, LifeModel) {
        let life = try Life(on: try Life.machine())
        for step in [
            LifeStep.put(first), .batch(5), .largePut(first), .snapshot, .batch(9), .delete(1),
            .checkpoint, .put(11), .put(first + 20),
        ] { try life.perform(step) }
        let model = life.model
        try life.end()
        return (life.machine, model)
    }

    private static func check(_ counts: (tries: Int, noticed: Int), _ what: String) {
        if isFull { print("\(what): \(counts.tries) exchanges, \(counts.noticed) noticed") }
        #expect(counts.tries > 10)
        #expect(counts.noticed > counts.tries * 3 / 4)
    }

    @Test(arguments: [false, true])
    func `never opens in place of a frame`(isOfTwin: Bool) throws {
        let (machine, model) = try Self.archive(1)
        let source = isOfTwin ? try Self.archive(2).0 : machine
        var counts = (tries: 0, noticed: 0)
        for path in machine.filePaths where path.string.contains("segments/") {
            guard let bytes = machine.bytes(of: path) else { continue }
            let own = try SegmentFrame.all(in: bytes)
            let givers = source.filePaths.filter { $0.string.contains("segments/") }
            let others = try givers.flatMap { giver in
                let bytes = source.bytes(of: giver) ?? []
                return try SegmentFrame.all(in: bytes).map {
                    (kind: $0.kind, bytes: Array(bytes[$0.range]))
                }
            }
            for (number, frame) in own.enumerated() {
                let alike = others.filter { $0.kind == frame.kind }
                for other in alike.dropFirst(number % 3).prefix(Self.isFull ? 6 : 1) {
                    guard other.bytes != Array(bytes[frame.range]) else { continue }
                    counts.tries += 1
                    let copy = machine.clone()
                    var spliced = bytes
                    spliced.replaceSubrange(frame.range, with: other.bytes)
                    copy.replaceBytes(of: path, with: spliced)
                    do {
                        if try DamageExamination.run(copy, model) { counts.noticed += 1 }
                    } catch {
                        Issue.record("\(path) at \(frame.range): \(error)")
                    }
                }
            }
        }
        Self.check(counts, "frames, twin \(isOfTwin)")
    }

    @Test(arguments: [false, true])
    func `never opens in place of a page`(isOfTwin: Bool) throws {
        let (machine, model) = try Self.archive(1)
        let source = isOfTwin ? try Self.archive(2).0 : machine
        let path = Life.path.appending("index/records.btree")
        let bytes = try #require(machine.bytes(of: path))
        let theirs = try #require(source.bytes(of: path))
        let pages = stride(from: 0, to: bytes.count, by: Self.pageByteCount)
        var counts = (tries: 0, noticed: 0)
        for (number, offset) in pages.enumerated() {
            let range = offset..<min(offset + Self.pageByteCount, bytes.count)
            for step in 0..<(Self.isFull ? 6 : 1) {
                // With a twin the page of the same number first, then others.
                let shift = (isOfTwin ? step : step + 1) * (number % 2 == 0 ? 1 : 3)
                let start = (offset + shift * Self.pageByteCount) % (theirs.count & ~511)
                let page = theirs[start..<min(start + range.count, theirs.count)]
                guard page.count == range.count, page != bytes[range],
                    bytes[range].contains(where: { $0 != 0 })
                else { continue }
                counts.tries += 1
                let copy = machine.clone()
                copy.replaceBytes(of: path, at: offset, with: Array(page))
                do {
                    if try DamageExamination.run(copy, model) { counts.noticed += 1 }
                } catch {
                    Issue.record("page at \(offset): \(error)")
                }
            }
        }
        if Self.isFull { print("pages, twin \(isOfTwin): \(counts)") }
        #expect(counts.tries > 5 && counts.noticed > 0)
    }

    @Test(arguments: [false, true])
    func `never opens in place of a file`(isOfTwin: Bool) throws {
        let (machine, model) = try Self.archive(1)
        let (twin, _) = try Self.archive(2)
        var counts = (tries: 0, noticed: 0)
        for path in machine.filePaths {
            let givers = isOfTwin ? [path] : machine.filePaths
            for giver in givers {
                guard let theirs = (isOfTwin ? twin : machine).bytes(of: giver),
                    let bytes = machine.bytes(of: path), theirs != bytes
                else { continue }
                counts.tries += 1
                let copy = machine.clone()
                copy.replaceBytes(of: path, with: theirs)
                do {
                    if try DamageExamination.run(copy, model) { counts.noticed += 1 }
                } catch {
                    Issue.record("\(path) from \(giver): \(error)")
                }
            }
        }
        if Self.isFull { print("files, twin \(isOfTwin): \(counts)") }
        #expect(counts.tries > 3 && counts.noticed > 3)
    }
}
