import ArchiveBytes
import ArchiveFileIO
import Support
import SystemPackage
import Testing

@testable import ArchiveIndex

/// Calls to the system that fail while the machine stays up.
@Suite struct FailureTests {
    private func prepared() throws -> (bench: Workbench, index: Index) {
        var bench = try Workbench(cacheByteLimit: 0)
        bench.options.stemByteCount = { min(2, $0.count) }
        let index = try bench.create()
        let entries = (0..<100 as Range<UInt8>).map { ([1, $0], [$0]) }
        try index.checkpoint(applying: [.of(entries)], covering: [1])
        // Its pages are among those that fail to be written or read.
        try #require(index.meta.trees.last?.filter != nil)
        return (bench, index)
    }

    @Test(arguments: [
        (SystemError.Operation.write, 1), (.write, 2), (.synchronize, 1), (.synchronize, 2),
    ])
    func `a failed write or sync poisons the writer and leaves readers alone`(
        operation: SystemError.Operation,
        call: Int
    ) throws {
        let (bench, index) = try prepared()
        let view = try index.view()
        bench.fileSystem.inject(SimulatedFault(operation, call: call))
        let cause = SystemError(operation, Workbench.path, .ioError)
        #expect(throws: IndexError.system(cause)) {
            try index.checkpoint(applying: [.of([([1, 5], [55])])], covering: [2])
        }
        #expect(throws: IndexError.poisoned(cause)) {
            try index.checkpoint(applying: [], covering: [3])
        }
        #expect(throws: IndexError.poisoned(cause)) { try index.repairFreePages() }
        #expect(try view.value(of: [1, 5]) == [5])
        let reopened = try bench.open()
        #expect([[1], [2]].contains(reopened.coverage))
        #expect(try reopened.view().all().count == 100)
    }

    @Test
    func `a full disk leaves everything as it was, and the writer goes on when there is room`()
        throws
    {
        let (bench, index) = try prepared()
        bench.fileSystem.limitGrowth(to: 0)
        let entries = (0..<200 as Range<UInt8>).map { ([2, $0], [$0]) }
        #expect(
            throws: IndexError.system(SystemError(.write, Workbench.path, .noSpace))
        ) { try index.checkpoint(applying: [.of(entries)], covering: [2]) }
        #expect(index.coverage == [1])
        try index.expectSound()
        bench.fileSystem.limitGrowth(to: 1 << 30)
        try index.checkpoint(applying: [.of(entries)], covering: [2])
        #expect(index.entryCount == 300)
        try index.expectSound()
    }

    @Test
    func `a page that cannot be read stops a checkpoint and poisons nothing`() throws {
        let (bench, index) = try prepared()
        let root = try #require(index.meta.trees.last).root.reference.number
        let offset = Int(root) * 512 + 100
        let byte = bench.bytes[offset]
        bench.fileSystem.replaceBytes(of: Workbench.path, at: offset, with: [byte ^ 1])
        let error = IndexError.corrupt(Workbench.path, page: root, finding: .unauthentic)
        // As many entries as the tree has, so that it is merged with them.
        let run = SortedRun.of((0...255 as ClosedRange<UInt8>).map { ([1, $0], [55]) })
        #expect(throws: error) {
            try bench.open().checkpoint(applying: [run], covering: [2])
        }
        #expect(throws: error) { try index.checkpoint(applying: [run], covering: [2]) }
        bench.fileSystem.replaceBytes(of: Workbench.path, at: offset, with: [byte])
        try index.checkpoint(applying: [run], covering: [2])
        #expect(try index.view().value(of: [1, 5]) == [55])
        try index.expectSound()
    }

    @Test
    func `a disk that cannot be read is no corruption`() throws {
        let (bench, index) = try prepared()
        bench.fileSystem.inject(SimulatedFault(.read, duration: .forever))
        let cause = SystemError(.read, Workbench.path, .ioError)
        #expect(throws: IndexError.system(cause)) { try index.view().all() }
        #expect(throws: IndexError.system(cause)) { try index.verifyAllPages() }
        #expect(throws: IndexError.system(cause)) { try bench.open() }
    }

    @Test
    func `a cursor that could not read stands nowhere`() throws {
        let (bench, index) = try prepared()
        var cursor = IndexSnapshot(runs: [], view: try index.view()).cursor()
        #expect(try cursor.seekFirst())
        bench.fileSystem.inject(SimulatedFault(.read, duration: .forever))
        #expect(throws: IndexError.self) { while try cursor.next() {} }
        #expect(!cursor.isValid)
        bench.fileSystem.removeFaults()
        #expect(try cursor.seekFirst())
    }
}
