import ArchiveFileIO
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// The entries of large batches are made while the log waits for the disk.
@Suite struct `Entries made while a batch is synced` {
    private static func large(_ number: Int, count: Int = 200) -> WriteBatch {
        var batch = WriteBatch()
        for index in 0..<count {
            batch.put(NewRecord(name: "large/\(number)/\(index)", body: [UInt8(number)]))
        }
        return batch
    }

    @Test(arguments: [SystemError.Operation.write, .synchronize])
    func `are seen by nobody and stand in no directory if the batch is lost`(
        operation: SystemError.Operation
    ) async throws {
        try await Archive.withSimulated { archive, files in
            try await archive.put([1], name: "first")
            files.inject(SimulatedFault(operation, on: ".open", errno: .ioError))
            await #expect(throws: ArchiveError.self) {
                _ = try await archive.write(Self.large(0))
            }
            let found = try await archive.read { view throws(ArchiveError) in
                try (
                    view.record(named: "first") != nil, view.record(named: "large/0/7") != nil,
                    view.lastSequence
                )
            }
            #expect(found.0 && !found.1)
            await #expect(throws: ArchiveError.self) { try await archive.put([1], name: "after") }
            try? await archive.close()
            // The log alone tells what the next writer finds: all of the batch or nothing.
            let engine = try Engine.open(try Archive.simulatedAddress(files))
            let view = ArchiveView(
                engine.readState,
                reader: RecordReader(log: engine.reader, keys: engine.keys)
            )
            #expect(try view.record(named: "first") != nil)
            let parts = try (0..<200).map { try view.record(named: "large/0/\($0)") != nil }
            #expect(Set(parts).count == 1)
            #expect(try engine.verify().findings.isEmpty)
            try engine.close()
        }
    }

    /// A batch that found no room is tried again by its caller.
    @Test func `are made once for a batch that found room the second time`() async throws {
        try await Archive.withSimulated { archive, files in
            try await archive.put([1], name: "first")
            files.inject(SimulatedFault(.allocate, on: ".open", errno: .noSpace))
            var generator = SeededGenerator(seed: 3)
            var batch = WriteBatch()
            for number in 0..<100 {
                batch.put(NewRecord(name: "noise/\(number)", body: generator.bytes(20 << 10)))
            }
            let refusal = await #expect(throws: ArchiveError.self) {
                _ = try await archive.write(batch)
            }
            #expect(refusal?.code == .full)
            _ = try await archive.write(batch)
            try await archive.snapshot()
            let report = try await archive.verify()
            #expect(report.isSound)
            #expect(report.recordCount == 101)
        }
    }

    /// Small batches gather, while the entries of a large one are made before it is durable.
    @Test func `are listed and indexed with those of the small batches between`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let place = directory.appending("A").string
            let key = try ArchiveKey.keyFile(GoldenMaker.keyFile)
            let archive = try await Archive.create(
                at: place,
                unlocking: key,
                configuration: .quick
            )
            for round in 0..<12 {
                for number in 0..<(round % 5) {
                    try await archive.put([1], name: "small/\(round)/\(number)")
                }
                _ = try await archive.write(Self.large(round))
                #expect(try await archive.get("large/\(round)/199")?.body == [UInt8(round)])
            }
            try await archive.snapshot()
            #expect(try await archive.verify().isSound)
            try await archive.close()
            try PosixFileSystem().remove(FilePath(place + "/index/records.btree"))
            let reopened = try await Archive.open(at: place, unlocking: key)
            for round in 0..<12 {
                for number in 0..<(round % 5) {
                    #expect(try await reopened.get("small/\(round)/\(number)") != nil)
                }
                #expect(try await reopened.get("large/\(round)/0")?.body == [UInt8(round)])
            }
            #expect(try await reopened.verify().isSound)
            try await reopened.close()
        }
    }
}
