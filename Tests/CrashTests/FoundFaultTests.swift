import ArchiveFileIO
import Strongroom
import Support
import SystemPackage
import Testing

/// Faults that were found by failing calls and stopping machines, each with its story.
@Suite struct `A fault that was found` {
    private func withLife(_ body: (Life) throws -> Void) throws {
        let life = try Life(on: try Life.machine())
        try body(life)
        try life.end()
    }

    /// The first batch of a new collection was refused because the disk was full.
    ///
    /// The collection then counted as known, the next batch did not register it, and after
    /// reopening nobody had the key to its acknowledged records.
    @Test func `was a collection that was forgotten with a refused batch`() throws {
        try withLife { life in
            for seed in 0..<20 as Range<UInt64> {
                try life.perform(.fill(byteCount: 0))
                try life.perform(.put(seed))
                try life.perform(.heal)
                try life.perform(.put(seed))
            }
            try life.perform(.kill)
            try life.perform(.rebuild)
            try life.check()
        }
    }

    /// Syncing the header of a new segment failed, and the next commit took another number.
    ///
    /// Once that one was sealed, the unused file before it was taken for the log's end, and opening
    /// refused the archive as damaged.
    @Test(arguments: [LifeStep.Fault.synchronize, .directory, .write])
    func `was a segment that was made and never used`(_ fault: LifeStep.Fault) throws {
        try withLife { life in
            for _ in 0..<2 {
                try life.perform(.put(1))
                try life.perform(.seal)
                try life.perform(.fault(fault, call: 1, errno: 5, isForever: false))
                try life.perform(.put(2))
                try life.perform(.heal)
                try life.perform(.put(3))
                try life.perform(.seal)
                try life.perform(.reopen)
            }
            try life.check()
        }
    }

    /// Recovery was killed between renaming the closed segment and syncing the directory.
    ///
    /// The next one removed the old file first, and a loss of power kept the removal and not the
    /// rename: the acknowledged commits stood under a name that nobody reads.
    @Test func `was an old segment removed before the new one's name was durable`() throws {
        let life = try Life(on: try Life.machine())
        try life.perform(.put(1))
        life.engine = nil
        let stopped = life.machine.clone()
        for change in 1...40 {
            // The kill: what was written stays in the system's memory.
            let recovering = stopped.clone()
            recovering.crash(atChange: recovering.changeCount + change)
            _ = try? Life(on: recovering, model: life.model)
            guard recovering.hasCrashed else { break }
            let killed = recovering.clone()
            for second in 1...6 {
                let machine = killed.clone()
                machine.crash(atChange: machine.changeCount + second)
                _ = try? Life(on: machine, model: life.model)
                guard machine.hasCrashed else { break }
                // Each name by itself, the rest as the seed has it.
                for seed in 0..<3 as Range<UInt64> {
                    try Life(on: machine.afterCrash(.seeded(seed)), model: life.model).end()
                }
            }
        }
    }

    /// A batch was written and the process killed before its sync.
    ///
    /// Opening made the index anew, with that batch, and synced it; then the power went, and the
    /// batch with it. The index now knew of a commit that the log had never had, and opening
    /// refused the archive as put back.
    @Test func `was an index that knew more than was durable`() throws {
        let life = try Life(on: try Life.machine())
        try life.perform(.put(1))
        // The next sync never comes.
        life.machine.inject(SimulatedFault(.synchronize, on: "segments", duration: .forever))
        _ = try? life.engine?.commit(LifeText.records([2]))
        life.engine = nil
        var model = life.model
        model.uncertain = ["records/x": nil]
        let killed = life.machine.clone()
        for change in 1...40 {
            let machine = killed.clone()
            machine.crash(atChange: machine.changeCount + change)
            _ = try? Engine.open(try life.address(on: machine), rebuildingIndex: true)
            guard machine.hasCrashed else { break }
            var left = model
            left.uncertain = Dictionary(
                uniqueKeysWithValues: LifeText.records([2]).map {
                    ($0.collection + "/" + $0.name, .some($0.body))
                }
            )
            try Life(on: machine.afterCrash(.dropAllUnsynced), model: left).end()
            try Life(on: machine.afterCrash(.seeded(UInt64(change))), model: left).end()
        }
    }

    /// The machine stopped while an archive was made, and what it left of a file's replacement was
    /// taken for somebody's data: making it again was refused.
    @Test func `was an archive half made that could not be made again`() throws {
        let blank = SimulatedFileSystem()
        try blank.makeDirectories("/srv")
        for change in 1...60 {
            let machine = blank.clone()
            machine.crash(atChange: machine.changeCount + change)
            _ = try? Engine.create(try Life.address(on: machine))
            guard machine.hasCrashed else { return }
            // Killed, made by another process, put to, and then the power goes.
            let killed = machine.clone()
            _ = try? Engine.create(try Life.address(on: killed)).close()
            let life = try Life(on: killed)
            try life.perform(.put(1))
            life.engine = nil
            try Life(on: killed.afterCrash(.dropAllUnsynced), model: life.model).end()
            for mode in [CrashMode.keepAll, .dropAllUnsynced, .seeded(UInt64(change))] {
                let after = machine.afterCrash(mode)
                do {
                    try Engine.create(try Life.address(on: after)).close()
                } catch let error as ArchiveError where error.code == .alreadyExists {
                    // Then it is whole.
                }
                try Life(on: after).end()
            }
        }
    }
}
