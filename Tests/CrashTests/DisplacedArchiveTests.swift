import ArchiveFileIO
import ArchiveFormat
import Strongroom
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Somebody moves, removes or replaces files under a writer that has them open.
///
/// What it acknowledges from then on must be found by whoever opens the archive next; where that cannot
/// be promised, nothing is acknowledged.
@Suite struct `Under an open archive` {
    private static let second = FilePath("/srv/second")

    private func withWriter(
        _ body: (Engine, SimulatedFileSystem) throws -> Void
    ) throws -> SimulatedFileSystem {
        let machine = try Life.machine()
        let engine = try Engine.open(try Life.address(on: machine))
        _ = try engine.commit([LifeText.record(1)])
        try body(engine, machine)
        try? engine.close()
        return machine
    }

    /// A writer that was refused says why, and goes on refusing.
    private func requireRefusal(_ engine: Engine) {
        for _ in 0..<2 {
            let error = #expect(throws: ArchiveError.self) {
                try engine.commit([LifeText.record(2)])
            }
            #expect(error?.code == .poisoned)
            #expect(error?.message.contains("while it was open") == true || error == nil)
        }
        #expect(throws: ArchiveError.self) { try engine.snapshot(label: "") }
    }

    private var active: FilePath { Life.path.appending("segments/0000000000000001.open") }

    @Test func `a segment that is removed takes no more records`() throws {
        _ = try withWriter { engine, machine in
            try machine.remove(active)
            requireRefusal(engine)
        }
    }

    @Test func `a segment that is replaced by its copy takes no more records`() throws {
        let machine = try withWriter { engine, machine in
            let bytes = try #require(machine.bytes(of: active))
            try machine.remove(active)
            machine.replaceBytes(of: active, with: bytes)
            requireRefusal(engine)
        }
        let engine = try Engine.open(try Life.address(on: machine))
        #expect(try Life.contents(of: engine).count == 1)
        try engine.close()
    }

    @Test func `a lock file that is removed lets in another writer, and the first one stops`()
        throws
    {
        let machine = try withWriter { engine, machine in
            try machine.remove(Life.path.appending("lock"))
            let other = try Engine.open(try Life.address(on: machine))
            _ = try other.commit([LifeText.record(3)])
            requireRefusal(engine)
            try other.close()
        }
        let engine = try Engine.open(try Life.address(on: machine))
        let wanted = [LifeText.record(1), LifeText.record(3)]
        #expect(
            try Life.contents(of: engine)
                == Dictionary(
                    uniqueKeysWithValues: wanted.map { ($0.collection + "/" + $0.name, $0.body) }
                )
        )
        #expect(try engine.verify().findings == [])
        try engine.close()
    }

    /// The writer would have made its next segment in the other archive's directory.
    @Test func `an archive that is moved, with another in its place, keeps both whole`() throws {
        let machine = try withWriter { engine, machine in
            try machine.rename(Life.path, to: Self.second)
            requireRefusal(engine)
            try Engine.create(try Life.address(on: machine)).close()
            let before = machine.filePaths.filter { $0.starts(with: Life.path) }
                .map { machine.bytes(of: $0) }
            requireRefusal(engine)
            try? engine.checkpoint()
            try? engine.close()
            let after = machine.filePaths.filter { $0.starts(with: Life.path) }
                .map { machine.bytes(of: $0) }
            #expect(before == after)
        }
        for (path, count) in [(Self.second, 1), (Life.path, 0)] {
            var address = try Life.address(on: machine)
            address.path = path
            let engine = try Engine.open(address)
            #expect(try Life.contents(of: engine).count == count)
            #expect(try engine.verify().findings == [])
            try engine.close()
        }
    }

    /// The index and the head are caches and witnesses: their loss costs no record.
    @Test(arguments: ["index/records.btree", "head", "snapshots", "keyring.json", "archive.json"])
    func `anything else that is removed costs no acknowledged record`(name: String) throws {
        var kept: [(FilePath, [UInt8])] = []
        let machine = try withWriter { engine, machine in
            for path in machine.filePaths where path.starts(with: Life.path.appending(name)) {
                kept.append((path, try #require(machine.bytes(of: path))))
                try machine.remove(path)
            }
            for seed in 2...5 as ClosedRange<UInt64> {
                _ = try engine.commit([LifeText.record(seed)])
            }
            _ = try? engine.snapshot(label: "")
            _ = try engine.commit([LifeText.record(6)])
        }
        // Without these two nobody gets in, and there are copies of them in every vault.
        if name.hasSuffix(".json") {
            for (path, bytes) in kept { machine.replaceBytes(of: path, with: bytes) }
        }
        let engine = try Engine.open(try Life.address(on: machine))
        let wanted = LifeText.records((1...6).reversed()).map { $0.collection + "/" + $0.name }
        #expect(try Set(Life.contents(of: engine).keys) == Set(wanted))
        #expect(try engine.verify().findings == [])
        try engine.close()
    }

    /// Rights that are taken away refuse what needs them, and give back nothing else than was there.
    @Test func `rights that are taken away refuse, and everything is there when they are back`()
        throws
    {
        let life = try Life(on: try Life.machine())
        try life.perform(.put(1))
        for fault in [LifeStep.Fault.open, .read, .write, .rename, .directory] {
            let errno = Errno.permissionDenied.rawValue
            try life.perform(.fault(fault, call: 1, errno: errno, isForever: true))
            for step in [LifeStep.put(2), .batch(3), .seal, .snapshot, .put(4), .reopen] {
                try life.perform(step)
            }
            try life.perform(.heal)
            try life.perform(.reopen)
            try life.perform(.put(5))
        }
        try life.end()
    }

    /// A copy is what a loss of power may leave: files of different moments.
    @Test
    func `a copy made file by file opens with a prefix of what was put, or says what is wrong`()
        throws
    {
        let machine = try Life.machine()
        let engine = try Engine.open(try Life.address(on: machine))
        var states: [[String: [UInt8]]] = [try Life.contents(of: engine)]
        func work(_ seed: UInt64) throws {
            _ = try engine.commit([LifeText.record(seed)])
            states.append(try Life.contents(of: engine))
            if seed % 5 == 0 { try engine.checkpoint() }
            // In the first copy no file may get another name meanwhile.
            if seed % 9 == 0, seed < 20 || seed >= 30 { _ = try engine.snapshot(label: "") }
            try engine.advanceHead()
        }
        for seed in 1...12 as ClosedRange<UInt64> { try work(seed) }
        var opened = 0
        for order in 0..<6 as Range<UInt64> {
            var generator = SeededGenerator(seed: order)
            let copy = SimulatedFileSystem()
            for name in ["", "/segments", "/index", "/snapshots", "/quarantine"] {
                try copy.makeDirectories(FilePath(Life.path.string + name))
            }
            var left = machine.filePaths.shuffled(using: &generator)
            if order == 0 { left = machine.filePaths.reversed() }
            while let path = left.popLast() {
                guard let bytes = machine.bytes(of: path) else { continue }
                copy.replaceBytes(of: path, with: bytes)
                try work(20 + order * 10 + UInt64(left.count))
            }
            let address = try Life.address(on: copy)
            do throws(ArchiveError) {
                let other = try Engine.open(address)
                let found = (try? Life.contents(of: other)) ?? [:]
                #expect(states.contains(found), "order \(order)")
                opened += 1
                try? other.close()
            } catch {
                #expect([.corrupt, .rollback].contains(error.code), "\(error)")
            }
        }
        try engine.close()
        #expect(opened > 0)
    }
}
