import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

/// The tree against a dictionary, checked in full after every step.
@Suite struct TreeModelTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `random batches leave what a dictionary holds`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bench = try Workbench()
        let index = try bench.create()
        var model = Model()
        for step in 0..<20 {
            let count = [1, 3, 20, 150].randomElement(using: &generator) ?? 1
            let run = model.addBatch(count, &generator)
            try index.checkpoint(applying: [run], covering: [UInt8(step)])
            try index.expectSound()
            #expect(index.entryCount == UInt64(model.entries.count), "seed \(seed)")
            #expect(try index.view().all() == model.sorted, "seed \(seed)")
        }
        #expect(try index.verifyAllPages().levelCount > 2)
        let reopened = try bench.open()
        #expect(try reopened.view().all() == model.sorted)
        #expect(reopened.coverage == [19])
    }
}
