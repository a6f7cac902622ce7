package import ArchiveFileIO
package import SystemPackage

/// The state behind a simulated file system: its disk, who has what open, and what will fail.
struct SimulatedWorld: Sendable {
    typealias Handle = UInt64

    struct OpenFile: Sendable {
        let inode: SimulatedDisk.Inode
        let isWritable: Bool
    }

    struct Lock: Sendable {
        let handle: Handle
        let inode: SimulatedDisk.Inode
        let byte: UInt64
        let isExclusive: Bool
    }

    var disk = SimulatedDisk()
    var openFiles: [Handle: OpenFile] = [:]
    var locks: [Lock] = []
    var faults: [SimulatedFault] = []
    var synchronizationFailure = SynchronizationFailure.keepsDirty
    /// What all files together may hold; nil for as much as the memory holds.
    var byteCapacity: UInt64?
    /// What a coming synchronization does to a sector without saying so.
    var mishap: SilentMishap?
    /// Hears every write that takes effect, before it does.
    var observer: SimulatedFileSystem.WriteObserver?
    /// Is shown the world at every point where the power could fail.
    var crashObserver: SimulatedFileSystem.CrashObserver?
    var steps: [SimulatedStep] = []
    var operationCount = 0
    var changeCount = 0
    var crashChange: Int?
    var hasCrashed = false
    private var nextHandle: Handle = 1

    mutating func open(_ file: OpenFile) -> Handle {
        defer { nextHandle += 1 }
        openFiles[nextHandle] = file
        return nextHandle
    }

    /// Forgets who has what open, as a restart does, and what was to fail.
    func restarted(with disk: SimulatedDisk) -> SimulatedWorld {
        var world = SimulatedWorld()
        world.disk = disk
        world.synchronizationFailure = synchronizationFailure
        world.byteCapacity = byteCapacity
        world.observer = observer
        return world
    }

    /// Counts one call and decides whether it takes place.
    ///
    /// At the crash, a change still enters the unsynchronized state, where the oracle decides on it,
    /// but its caller hears of no success. Afterwards nothing takes effect.
    mutating func perform<Result>(
        _ operation: SystemError.Operation,
        _ path: FilePath,
        isChange: Bool = false,
        _ body: (inout SimulatedWorld) throws(Errno) -> Result
    ) throws(SystemError) -> Result {
        func failure(_ reason: Errno) -> SystemError { SystemError(operation, path, reason) }
        operationCount += 1
        if hasCrashed { throw failure(.ioError) }
        if isChange { changeCount += 1 }
        steps.append(SimulatedStep(operation: operation, path: path, isChange: isChange))
        for index in faults.indices {
            guard let reason = faults[index].strike(operation, path) else { continue }
            throw failure(reason)
        }
        let crashes = isChange && changeCount == crashChange
        if crashes {
            hasCrashed = true
            // Cut short, a synchronization has promised nothing.
            let isSynchronization = operation == .synchronize || operation == .synchronizeDirectory
            if isSynchronization { throw failure(.ioError) }
        }
        do throws(Errno) {
            let isSynchronization = operation == .synchronize || operation == .synchronizeDirectory
            if isChange, isSynchronization { showCrashPoint() }
            let result = try body(&self)
            if isChange, !isSynchronization { showCrashPoint() }
            if crashes { throw Errno.ioError }
            return result
        } catch {
            throw failure(error)
        }
    }

    private func showCrashPoint() {
        guard let crashObserver else { return }
        crashObserver(SimulatedFileSystem(restarted(with: disk)))
    }

    /// Carries out a synchronization, and the mishap that waits for it.
    mutating func synchronize(_ inode: SimulatedDisk.Inode) {
        guard var mishap, disk.files[inode]?.isDirty == true else {
            disk.files[inode]?.synchronize()
            return
        }
        mishap.callsLeft -= 1
        self.mishap = mishap.callsLeft > 0 ? mishap : nil
        guard mishap.callsLeft == 0 else {
            disk.files[inode]?.synchronize()
            return
        }
        disk.files[inode]?.synchronize(meetingWith: mishap)
    }

    /// The bytes that all files together may still grow by.
    var availableByteCount: UInt64 {
        // Counting at every write would make long histories slow.
        guard let byteCapacity else { return 1 << 40 }
        let used = disk.usedByteCount
        return byteCapacity > used ? byteCapacity - used : 0
    }
}

/// One call that a simulated file system has seen; the list of them is a failure's trace.
package struct SimulatedStep: Sendable, CustomStringConvertible {
    package let operation: SystemError.Operation
    package let path: FilePath
    package let isChange: Bool

    package var description: String {
        (isChange ? "* " : "  ") + operation.rawValue + " " + path.string
    }
}
