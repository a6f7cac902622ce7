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

    /// The power went while the head was written, within a sector.
    ///
    /// Its other slot held, the archive opened, and the torn one stayed: every verification from then
    /// on called the archive damaged. (Random life 11257.)
    @Test func `was a torn slot of the head that nobody mended`() throws {
        for change in 1...12 {
            for seed in [212_296, 4, 8, 12] as [UInt64] {
                try withLife { life in
                    try life.perform(.put(1))
                    try life.perform(.powerCutAhead(changes: change, seed: seed))
                    try life.perform(.reopen)
                }
            }
        }
    }

    /// A segment was made and the disk was full, so it held nothing.
    ///
    /// Making the index anew wrote down that segment as the log's end, recovery removed it, and its
    /// number and the one before came again. The next opening read only what stands behind the place
    /// that the index named: a record that had been acknowledged was not found. (Random life 10037.)
    @Test func `was an index that ended in a segment that was removed`() throws {
        try withLife { life in
            let steps: [LifeStep] = [
                .put(492_102), .powerCut(seed: 617_122), .fill(byteCount: 11_596), .put(880_379),
                .kill, .batch(441_190), .heal, .rebuild, .put(232_758), .kill,
            ]
            for step in steps { try life.perform(step) }
            try life.check()
        }
    }
}
