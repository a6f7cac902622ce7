import ArchiveBytes
import ArchiveFormat
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import Synchronization
import SystemPackage
import Testing

/// Two hundred commits whose every state is known.
struct History: Sendable {
    let archive: TestArchive
    /// The state after each commit: time, last sequence, current records.
    let states: [State]

    struct State: Sendable {
        let time: Int64
        let sequence: UInt64
        let records: [String: [UInt8]]
    }

    static let commitCount = 200
    static let shared = Result { try make() }

    private static func make() throws -> History {
        let files = SimulatedFileSystem()
        let now = Mutex<Int64>(1_000_000)
        var address = try TestArchive.address(files)
        address.clock = { Timestamp(microseconds: now.withLock { $0 }) }
        let engine = try Engine.create(address)
        var generator = SeededGenerator(seed: 5)
        var records: [String: [UInt8]] = [:]
        var states: [State] = []
        var snapshots: [String] = []
        for number in 0..<commitCount {
            // Some commits share their time.
            now.withLock { $0 += Int64(generator.next() % 3) * 1_000 }
            let name = "record/\(generator.next() % 60)"
            if records[name] != nil, generator.next() % 5 == 0 {
                var batch = WriteBatch()
                batch.delete(name)
                _ = try engine.commit(batch)
                records[name] = nil
            } else {
                let body = generator.bytes(Int(generator.next() % 3_000))
                _ = try engine.commit([NewRecord(name: name, body: body, subject: name)])
                records[name] = body
            }
            let link = engine.readState.link
            states.append(
                State(
                    time: link.time.microseconds,
                    sequence: link.lastSequence,
                    records: records
                )
            )
            if number % 37 == 36 || number == commitCount - 1 {
                snapshots.append(try engine.snapshot(label: "").id)
            }
        }
        try engine.close()
        return History(
            archive: TestArchive(
                files: files,
                snapshots: snapshots,
                publicKey: Hex.encode(engine.document.publicKey),
                records: [:]
            ),
            states: states
        )
    }

    /// The records as of a time.
    func records(at time: Int64) -> [String: [UInt8]] {
        states.last { $0.time <= time }?.records ?? [:]
    }
}

@Suite struct `Recovering as of a moment` {
    @Test func `equals the model at twenty random times of two hundred commits`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let host = SimulatedFileSystem()
        var generator = SeededGenerator(seed: 77)
        let last = try #require(history.states.last).time
        for number in 0..<20 {
            let time = 1_000_000 + Int64(generator.next() % UInt64(last - 1_000_000))
            let path = FilePath("/b\(number)")
            let recovery = try recovery(from: vault, on: host)
            let result = try await recovery.run(to: path, at: .time(time))
            #expect(result.isComplete)
            let expected = history.records(at: time)
            #expect(try records(of: host, at: path) == expected, "at \(time)")
            guard number % 5 == 0 else { continue }
            let engine = try Engine.openForReading(try TestArchive.address(host, path))
            #expect(try engine.verify().isSound)
        }
    }

    @Test func `takes whole commits up to a record`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let host = SimulatedFileSystem()
        let state = history.states[123]
        let result = try await recovery(from: vault, on: host).run(
            to: "/b",
            at: .sequence(state.sequence)
        )
        #expect(result.isCut && result.lastSequence == state.sequence)
        #expect(result.recordCount == state.sequence)
        #expect(result.newestRecordTime == state.time)
        #expect(try records(of: host, at: "/b") == state.records)
    }

    @Test func `fetches no segment behind the moment`() async throws {
        let history = try History.shared.get()
        let vault = WatchedStore(try await history.archive.vault())
        let host = SimulatedFileSystem()
        let result = try await recovery(from: vault, on: host).run(
            to: "/b",
            at: .time(history.states[10].time)
        )
        #expect(result.fetchedSegmentCount == 1)
        #expect(try records(of: host, at: "/b") == history.records(at: history.states[10].time))
    }

    @Test func `is the newest snapshot for a time behind it`() async throws {
        let history = try History.shared.get()
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: try await history.archive.vault(), on: host)
        let result = try await recovery.run(to: "/b", at: .time(.max))
        #expect(!result.isCut && result.snapshot == history.archive.snapshots.last)
        #expect(try records(of: host, at: "/b") == history.states.last?.records)
    }

    @Test func `is empty for a time before everything`() async throws {
        let history = try History.shared.get()
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: try await history.archive.vault(), on: host)
        let result = try await recovery.run(to: "/b", at: .time(1))
        #expect(result.isComplete && result.lastSequence == 0)
        #expect(try records(of: host, at: "/b").isEmpty)
    }

    @Test func `refuses a record that the vault does not have`() async throws {
        let history = try History.shared.get()
        let host = SimulatedFileSystem()
        let recovery = try recovery(from: try await history.archive.vault(), on: host)
        #expect(
            await code { _ = try await recovery.run(to: "/b", at: .sequence(9_999)) }
                == .noSnapshot
        )
        #expect(host.filePaths.isEmpty)
    }

    @Test func `goes on after a stop only as of the same moment`() async throws {
        let history = try History.shared.get()
        let vault = WatchedStore(try await history.archive.vault())
        let moment = RecoveryMoment.time(history.states[150].time)
        let trial = SimulatedFileSystem()
        _ = try await recovery(from: vault, on: trial).run(to: "/b", at: moment)
        let expected = try records(of: trial, at: "/b")
        let readCount = vault.reads.count
        for number in stride(from: 4, through: readCount, by: 9) {
            let host = SimulatedFileSystem()
            let recovery = try recovery(from: vault, on: host)
            vault.fail(atRead: number)
            #expect(await code { _ = try await recovery.run(to: "/b", at: moment) } != nil)
            vault.fail(nil)
            if host.filePaths.contains("/b/recovery.json") {
                let other = RecoveryMoment.sequence(7)
                #expect(
                    await code { _ = try await recovery.run(to: "/b", at: other) }
                        == .alreadyExists
                )
            }
            #expect(try await recovery.run(to: "/b", at: moment).isComplete)
            #expect(try records(of: host, at: "/b") == expected)
        }
    }

    @Test func `can be written to, and is then refused by the vault it came from`() async throws {
        let history = try History.shared.get()
        let vault = try await history.archive.vault()
        let host = SimulatedFileSystem()
        let moment = RecoveryMoment.time(history.states[60].time)
        _ = try await recovery(from: vault, on: host).run(to: "/b", at: moment)
        let engine = try Engine.open(try TestArchive.address(host, "/b"))
        _ = try engine.commit([NewRecord(name: "new", body: [1])])
        _ = try engine.snapshot(label: "")
        try engine.close()
        let ship = Ship(archiveAt: "/b", on: host, to: vault)
        #expect(await code { _ = try await ship.plan() } == .conflict)
        let other = MemoryStore()
        let fresh = Ship(archiveAt: "/b", on: host, to: other)
        try await fresh.carryOut(try await fresh.plan())
        let verification = try VaultVerification(of: other, publicKey: history.archive.publicKey)
        #expect(try await verification.run().isSound)
    }

    @Test func `leaves other files alone where that is said`() async throws {
        let archive = try TestArchive.tiny()
        let vault = try await archive.vault()
        let host = SimulatedFileSystem()
        try host.makeDirectory("/b")
        host.replaceBytes(of: "/b/letter", with: [1])
        let recovery = try recovery(from: vault, on: host)
        let result = try await recovery.run(to: "/b", at: .newest, besideOthers: true)
        #expect(result.isComplete)
        #expect(host.bytes(of: "/b/letter") == [1])
        #expect(
            await code { _ = try await recovery.run(to: "/b", at: .newest, besideOthers: true) }
                == .alreadyExists
        )
    }
}
