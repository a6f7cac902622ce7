import ArchiveFileIO
import Strongroom
import Support
import SystemPackage
import Testing

@testable import StrongroomHealth

@Suite struct `Batches read ahead` {
    /// Reads a file of several batches of 4 KiB.
    private static func with(
        _ body: (inout ReadAhead, ImportReader, ComingSight) async throws -> Void
    ) async throws {
        try await Intake.with { intake in
            let note = String(repeating: "x", count: 1_000)
            let lines = (0..<20).map {
                #"{"resourceType":"Basic","id":"\#($0)","note":"\#(note)"}"#
            }
            try intake.source("a.ndjson", lines.joined(separator: "\n"))
            try await intake.archive { archive in
                let system = PosixFileSystem()
                let list = SourceList([FilePath(intake.sources)], in: system)
                var options = Importer.Options()
                options.batchByteCount = 4 << 10
                let cancellation = Cancellation()
                let reader = ImportReader(list.files, in: system, options, cancellation)
                let view = await archive.latest()
                var watch = SequenceWatch(view)
                var ahead = ReadAhead(reader, of: archive, cancellation)
                try await body(&ahead, reader, watch.sight(Task { view }))
                await ahead.finish()
            }
        }
    }

    @Test func `come in the order in which they were begun, each with its lists`() async throws {
        try await Self.with { ahead, _, sight in
            let list = NewRecord(name: "list", body: [])
            for place in 0..<4 { ahead.begin(sight, after: place == 2 ? [list] : []) }
            for number in 0..<4 {
                let batch = try #require(try await ahead.next())
                #expect(batch.number == number)
                #expect(batch.listCount == (number == 2 ? 1 : 0))
                if number == 2 { #expect(batch.records.name(at: 0) == "list") }
            }
            let none = try await ahead.next()
            #expect(none == nil)
        }
    }

    @Test func `are small at first, so that writing need not wait for long`() {
        let sizes = (0..<6).map { number in
            var batch = ImportBatch(number: number, byteLimit: ImportBatch.usualByteCount)
            while !batch.isFull { batch.byteCount += 1 << 10 }
            return batch.byteCount >> 10
        }
        #expect(sizes == [256, 512, 1_024, 2_048, 2_048, 2_048])
        var small = ImportBatch(number: 7, byteLimit: 4 << 10)
        small.byteCount = 4 << 10
        #expect(small.isFull)
    }

    @Test func `are filled while nobody takes one`() async throws {
        try await Self.with { ahead, reader, sight in
            for _ in 0..<3 { ahead.begin(sight) }
            await ahead.finish()
            let batch = try reader.nextBatch(await sight.sight)
            #expect(batch?.number == 3)
        }
    }

    @Test func `look no further into the index once they are cancelled`() async throws {
        try await Intake.with { intake in
            try intake.source("a.ndjson", #"{"resourceType":"Basic","id":"1"}"#)
            try await intake.archive { archive in
                try await archive.put([1], name: "there")
                let view = await archive.latest()
                let cancelled = Cancellation()
                cancelled.cancel()
                var names = KnownNames()
                #expect(throws: ArchiveError.self) {
                    try names.look(at: ImportSight(view: view.cancelled(by: cancelled)))
                }
                // The reader itself has heard of nothing.
                let list = SourceList([FilePath(intake.sources)], in: PosixFileSystem())
                let reader = ImportReader(
                    list.files,
                    in: PosixFileSystem(),
                    Importer.Options(),
                    Cancellation()
                )
                var watch = SequenceWatch(view)
                var ahead = ReadAhead(reader, of: archive, cancelled)
                ahead.begin(watch.sight(Task { view }))
                let none = try await ahead.next()
                #expect(none == nil)
                await ahead.finish()
            }
        }
    }

    @Test func `are none behind one that failed, for a part of a file would be missing`()
        async throws
    {
        try await Intake.with { damaged in
            try await damaged.archive { other in
                _ = try await other.put([1], name: "there")
            }
            try await damaged.archive { other in
                let view = await other.latest()
                try damaged.spoilSegment()
                try await Self.with { ahead, _, sight in
                    var watch = SequenceWatch(view)
                    ahead.begin(watch.sight(Task { view }))
                    ahead.begin(sight)
                    await #expect(throws: ArchiveError.self) { _ = try await ahead.next() }
                    let none = try await ahead.next()
                    #expect(none == nil)
                }
            }
        }
    }

    @Test func `behind the end of all files bring lists alone`() async throws {
        try await Self.with { ahead, reader, sight in
            while try reader.nextBatch(await sight.sight) != nil {}
            ahead.begin(sight)
            ahead.begin(sight, after: [NewRecord(name: "list", body: [])])
            ahead.begin(sight)
            let batch = try #require(try await ahead.next())
            #expect(batch.records.count == 1 && batch.listCount == 1)
            let none = try await ahead.next()
            #expect(none == nil)
        }
    }
}
