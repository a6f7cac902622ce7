import Dispatch
import Support
import Synchronization
import SystemPackage
import Testing

@testable import Strongroom

@Suite struct `A cancelled task` {
    private func expectCancelled(
        _ work: @escaping @Sendable () async throws -> Void
    ) async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await work()
        }
        task.cancel()
        await #expect(throws: ArchiveError(.cancelled, "")) { try await task.value }
    }

    @Test func `writes nothing`() async throws {
        try await Archive.withSimulated { archive, _ in
            try await archive.put([1], name: "there")
            await expectCancelled { try await archive.put([2], name: "new") }
            await expectCancelled {
                try await archive.put(NewRecord(name: "new", body: [])) { [3] }
            }
            await expectCancelled {
                try await archive.write { $0.put(NewRecord(name: "new", body: [4])) }
            }
            await expectCancelled { try await archive.delete("there") }
            #expect(try await archive.get("new") == nil)
            #expect(try await archive.get("there")?.body == [1])
        }
    }

    @Test func `puts no record whose body had not ended`() async throws {
        try await Archive.withSimulated { archive, _ in
            let began = AsyncStream<Void>.makeStream()
            let mayGoOn = DispatchSemaphore(value: 0)
            let task = Task {
                let isFirst = Atomic(true)
                return try await archive.put(NewRecord(name: "endless", body: [])) {
                    if isFirst.exchange(false, ordering: .relaxed) {
                        began.continuation.finish()
                        mayGoOn.wait()
                    }
                    return [UInt8](repeating: 1, count: 100_000)
                }
            }
            for await _ in began.stream {}
            task.cancel()
            mayGoOn.signal()
            await #expect(throws: ArchiveError(.cancelled, "")) { try await task.value }
            #expect(try await archive.get("endless") == nil)
            try await archive.put([1], name: "next")
            #expect(try await archive.verify().isSound)
        }
    }

    /// A receipt means that the record is there, and `cancelled` that it is not: there is no third.
    @Test func `has a receipt or no record, whenever it was cancelled`() async throws {
        try await Archive.withSimulated { archive, _ in
            var generator = SeededGenerator(seed: 3)
            for number in 0..<300 {
                let name = "\(number)"
                let task = Task { try await archive.put([7], name: name) }
                for _ in 0..<Int.random(in: 0..<20, using: &generator) { await Task.yield() }
                task.cancel()
                let isThere: Bool
                do {
                    _ = try await task.value
                    isThere = true
                } catch let error as ArchiveError where error.code == .cancelled {
                    isThere = false
                }
                #expect((try await archive.get(name) != nil) == isThere)
            }
        }
    }

    @Test func `ends a walk between two records`() async throws {
        try await Archive.withSimulated { archive, _ in
            try await archive.write { batch in
                for number in 0..<500 { batch.put(NewRecord(name: "\(number)", body: [1])) }
            }
            let began = AsyncStream<Void>.makeStream()
            let mayGoOn = DispatchSemaphore(value: 0)
            let seenCount = Mutex(0)
            let task = Task {
                try await archive.read { view throws(ArchiveError) in
                    try view.forEach(RecordQuery()) { _ in
                        let isFirst = seenCount.withLock { count in
                            count += 1
                            return count == 1
                        }
                        if isFirst {
                            began.continuation.finish()
                            mayGoOn.wait()
                        }
                        return true
                    }
                }
            }
            for await _ in began.stream {}
            task.cancel()
            mayGoOn.signal()
            await #expect(throws: ArchiveError(.cancelled, "")) { try await task.value }
            #expect(seenCount.withLock { $0 } < 500)
        }
    }
}
