import ArchiveFileIO
import Support
import Synchronization
import SystemPackage
import Testing

@testable import Strongroom

@Suite struct `Tasks on an archive's own threads` {
    /// The body is asked for by whoever writes it.
    private func isWrittenHere(_ archive: Archive, _ name: String) async throws -> Bool {
        let core = archive.core
        let isHere = Atomic(false)
        let isAsked = Atomic(false)
        try await archive.put(NewRecord(name: name, body: [])) {
            isHere.store(core.executor.isHere, ordering: .relaxed)
            return isAsked.exchange(true, ordering: .relaxed) ? nil : [1, 2, 3]
        }
        return isHere.load(ordering: .relaxed)
    }

    @Test func `commit and read where they are, and others do not`() async throws {
        try await Archive.withSimulated { archive, _ in
            let core = archive.core
            let isElsewhere = try await !isWrittenHere(archive, "elsewhere")
            let isHere = try await withTaskExecutorPreference(archive.executor) {
                try await isWrittenHere(archive, "here")
            }
            let isRead = try await withTaskExecutorPreference(archive.executor) {
                try await archive.read { _ throws(ArchiveError) in core.executor.isHere }
            }
            #expect(isElsewhere && isHere && isRead)
        }
    }

    @Test func `lose nothing when many of them put beside tasks of other threads`() async throws {
        let callerCount = 12
        let each = 25
        try await Archive.withSimulated { archive, _ in
            try await withThrowingTaskGroup { group in
                for caller in 0..<callerCount {
                    let executor = caller.isMultiple(of: 3) ? nil : archive.executor
                    group.addTask(executorPreference: executor) {
                        for number in 0..<each {
                            let name = "\(caller)/\(number)"
                            try await archive.put([1], name: name)
                            #expect(try await archive.get(name) != nil)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let found = try await archive.read { view throws(ArchiveError) in
                var names: Set<String> = []
                try view.forEach(from: "") { record, _ in
                    names.insert(record.name)
                    return true
                }
                return names
            }
            #expect(found.count == callerCount * each)
        }
    }

    @Test func `hear of a commit that failed, and so does everybody after them`() async throws {
        try await Archive.withSimulated { archive, files in
            try await archive.put([1], name: "first")
            files.inject(SimulatedFault(.synchronize, on: ".open", errno: .ioError))
            await #expect(throws: ArchiveError.self) {
                try await withTaskExecutorPreference(archive.executor) {
                    try await archive.put([1], name: "lost")
                }
            }
            await #expect(throws: ArchiveError.self) {
                try await archive.put([1], name: "after")
            }
        }
    }
}
