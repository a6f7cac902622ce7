import ArchiveFileIO
package import SystemPackage

// What a test does to the world: crash it, make calls fail, look at its disk and spoil it.

extension SimulatedFileSystem {
    // MARK: Counting and crashing

    /// All calls so far, failed ones included.
    package var operationCount: Int { withWorld { $0.operationCount } }

    /// The calls so far that change something or synchronize: the crash points.
    package var changeCount: Int { withWorld { $0.changeCount } }

    /// The calls so far, to print with a failure.
    ///
    /// An asterisk marks a crash point.
    package var steps: [SimulatedStep] { withWorld { $0.steps } }

    /// Whether the power is gone: nothing takes effect any more.
    package var hasCrashed: Bool { withWorld { $0.hasCrashed } }

    /// Unsynchronized sectors of all files: what an exhaustive test has to choose from.
    package var pendingSectorCount: Int {
        withWorld { $0.disk.files.values.reduce(0) { $0 + $1.dirtySectorCount } }
    }

    /// Takes the power away at a change, counted from 1 over the whole life of this world.
    ///
    /// That call and all later ones throw `EIO`. It may still have reached the disk, like all that
    /// is not synchronized.
    package func crash(atChange number: Int) { withWorld { $0.crashChange = number } }

    /// Takes the power away now.
    package func crash() { withWorld { $0.hasCrashed = true } }

    /// The world when power is back, as an oracle decides; this one is left as it is.
    package func afterCrash(_ oracle: inout some CrashOracle) -> SimulatedFileSystem {
        SimulatedFileSystem(
            withWorld { world in world.restarted(with: world.disk.afterCrash(&oracle)) }
        )
    }

    /// The world when power is back, as a mode decides; this one is left as it is.
    package func afterCrash(_ mode: CrashMode) -> SimulatedFileSystem {
        switch mode {
        case .dropAllUnsynced:
            var oracle = DroppingOracle()
            return afterCrash(&oracle)
        case .keepAll:
            var oracle = KeepingOracle()
            return afterCrash(&oracle)
        case .seeded(let seed):
            var oracle = SeededOracle(seed: seed)
            return afterCrash(&oracle)
        }
    }

    /// A second world that goes on from the same state, unsynchronized parts included; without open
    /// files and without planned faults.
    package func clone() -> SimulatedFileSystem {
        SimulatedFileSystem(withWorld { $0.restarted(with: $0.disk) })
    }

    // MARK: Failing

    /// Plans a failure.
    package func inject(_ fault: SimulatedFault) { withWorld { $0.faults.append(fault) } }

    /// Withdraws all planned failures.
    package func removeFaults() { withWorld { $0.faults = [] } }

    /// Decides what a failed synchronization leaves behind.
    package func setSynchronizationFailure(_ failure: SynchronizationFailure) {
        withWorld { $0.synchronizationFailure = failure }
    }

    /// Leaves room for that many more bytes in files; `ENOSPC` beyond.
    package func limitGrowth(to byteCount: UInt64) {
        withWorld { $0.byteCapacity = $0.disk.usedByteCount + byteCount }
    }

    /// Lifts the limit on growth.
    package func liftLimit() { withWorld { $0.byteCapacity = nil } }

    /// Plans a lie of the disk.
    package func inject(_ mishap: SilentMishap) { withWorld { $0.mishap = mishap } }

    /// Makes the sector around a byte of a file unreadable: every read that touches it is `EIO`.
    package func spoil(_ path: FilePath, at offset: Int) {
        withWorld { world in
            guard let inode = world.file(at: path) else { preconditionFailure("no such file") }
            let sector = offset / SimulatedContent.sectorByteCount
            world.disk.unreadable[inode, default: []].insert(sector)
        }
    }

    /// Makes all sectors readable again.
    package func mendSectors() { withWorld { $0.disk.unreadable = [:] } }

    /// Whether the planned lie is still to come.
    package var isMishapPending: Bool { withWorld { $0.mishap != nil } }

    // MARK: Looking and spoiling

    /// Hears the path and the bytes of every write that takes effect; a clone and the world after a
    /// crash have the same.
    package typealias WriteObserver = @Sendable (FilePath, [UInt8]) -> Void

    /// Lets every write be heard.
    package func observeWrites(_ observer: @escaping WriteObserver) {
        withWorld { $0.observer = observer }
    }

    /// Is given the world as a loss of power would find it; ``afterCrash(_:)`` tells what is left.
    package typealias CrashObserver = @Sendable (SimulatedFileSystem) -> Void

    /// Shows every point where the power could fail: after each change, and before each
    /// synchronization, while the world goes on.
    ///
    /// So one run is enough for all points. Nil ends it.
    package func observeCrashPoints(_ observer: CrashObserver?) {
        withWorld { $0.crashObserver = observer }
    }

    /// Files that are open now.
    package var openFileCount: Int { withWorld { $0.openFiles.count } }

    /// The paths of all files, sorted.
    package var filePaths: [FilePath] { withWorld { $0.disk.filePaths } }

    /// A file's bytes as reads return them; nil if there is no such file.
    package func bytes(of path: FilePath) -> [UInt8]? {
        withWorld { world in world.file(at: path).flatMap { world.disk.files[$0]?.cached } }
    }

    /// A file's bytes that are on the disk for certain; nil if there is no such file.
    package func durableBytes(of path: FilePath) -> [UInt8]? {
        withWorld { world in world.file(at: path).flatMap { world.disk.files[$0]?.durable } }
    }

    /// Changes bytes of a file on the disk and in the cache, unnoticed by counters and faults.
    package func replaceBytes(of path: FilePath, at offset: Int, with bytes: [UInt8]) {
        withWorld { world in
            guard let inode = world.file(at: path) else { preconditionFailure("no such file") }
            world.disk.files[inode]?.corrupt(at: offset, with: bytes)
        }
    }

    /// Gives a file, new or not, durable content, unnoticed by counters and faults.
    package func replaceBytes(of path: FilePath, with bytes: [UInt8]) {
        withWorld { world in
            if let inode = world.file(at: path) {
                world.disk.files[inode] = SimulatedContent(durable: bytes)
                return
            }
            guard let place = try? world.disk.place(path) else {
                preconditionFailure("the directory must exist")
            }
            let inode = world.disk.makeInode()
            world.disk.files[inode] = SimulatedContent(durable: bytes)
            world.disk.change(.link(place, inode))
            world.disk.synchronizeNames(of: place.directory)
        }
    }
}

/// What a power loss leaves of what was not synchronized.
package enum CrashMode: Sendable {
    case dropAllUnsynced
    case keepAll
    case seeded(UInt64)
}

extension SimulatedWorld {
    func file(at path: FilePath) -> SimulatedDisk.Inode? {
        guard let found = try? disk.find(path), disk.files[found] != nil else { return nil }
        return found
    }
}
