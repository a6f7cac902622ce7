import ArchiveBytes
import ArchiveFileIO
import Synchronization
import SystemPackage

/// An open file of a simulated file system.
final class SimulatedFile: File {
    let path: FilePath
    private let fileSystem: SimulatedFileSystem
    private let handle: SimulatedWorld.Handle
    private let isClosed = Atomic(false)

    init(_ fileSystem: SimulatedFileSystem, handle: SimulatedWorld.Handle, path: FilePath) {
        self.fileSystem = fileSystem
        self.handle = handle
        self.path = path
    }

    deinit { fileSystem.release(handle) }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
        let count = target.count
        let bytes = try perform(.read) { world, file throws(Errno) in
            let content = world.disk.files[file.inode]?.cached ?? []
            guard let start = Int(exactly: offset), start < content.count else { return [UInt8]() }
            let range = start..<min(content.count, start + count)
            if world.disk.isUnreadable(file.inode, range) { throw .ioError }
            return Array(content[range])
        }
        target.copy(bytes.span)
        return bytes.count
    }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(SystemError) {
        let bytes = [UInt8](copying: bytes)
        guard !bytes.isEmpty else { return }
        try change(.write) { [path] world, file throws(Errno) in
            let (end, overflow) = offset.addingReportingOverflow(UInt64(bytes.count))
            let start = try Self.position(offset)
            if overflow { throw .fileTooLarge }
            let fitting = try world.growth(of: file.inode, to: end)
            let count = Int(min(end, max(fitting, offset)) - offset)
            if count > 0 {
                world.observer?(path, Array(bytes[..<count]))
                world.disk.files[file.inode]?.write(Array(bytes[..<count]), at: start)
                world.touch(file.inode)
            }
            if count < bytes.count { throw .noSpace }
        }
    }

    func synchronizeData() throws(SystemError) { try synchronize() }

    func synchronize() throws(SystemError) {
        do {
            try change(.synchronize) { world, file throws(Errno) in
                world.synchronize(file.inode)
            }
        } catch {
            fileSystem.synchronizationFailed(handle)
            throw error
        }
    }

    func byteCount() throws(SystemError) -> UInt64 {
        try perform(.status) { world, file throws(Errno) in
            UInt64(world.disk.files[file.inode]?.cached.count ?? 0)
        }
    }

    func resize(to byteCount: UInt64) throws(SystemError) {
        try change(.resize) { world, file throws(Errno) in
            world.disk.files[file.inode]?.resize(to: try Self.position(byteCount))
            world.touch(file.inode)
        }
    }

    func allocate(from offset: UInt64, byteCount: UInt64) throws(SystemError) {
        guard byteCount > 0 else { return }
        try change(.allocate) { world, file throws(Errno) in
            let (end, overflow) = offset.addingReportingOverflow(byteCount)
            if overflow { throw .fileTooLarge }
            let position = try Self.position(end)
            guard try world.growth(of: file.inode, to: end) == end else { throw .noSpace }
            if position > world.disk.files[file.inode]?.cached.count ?? 0 {
                world.disk.files[file.inode]?.resize(to: position)
            }
        }
    }

    func tryLock(byte: UInt64, exclusively: Bool) throws(SystemError) -> Bool {
        try perform(.lock) { [handle] world, file throws(Errno) in
            if exclusively && !file.isWritable { throw .badFileDescriptor }
            let isTaken = world.locks.contains { lock in
                lock.inode == file.inode && lock.byte == byte && lock.handle != handle
                    && (lock.isExclusive || exclusively)
            }
            guard !isTaken else { return false }
            world.locks.removeAll { $0.handle == handle && $0.byte == byte }
            world.locks.append(
                SimulatedWorld.Lock(
                    handle: handle,
                    inode: file.inode,
                    byte: byte,
                    isExclusive: exclusively
                )
            )
            return true
        }
    }

    func unlock(byte: UInt64) throws(SystemError) {
        try perform(.lock) { [handle] world, file throws(Errno) in
            world.locks.removeAll { $0.handle == handle && $0.byte == byte }
        }
    }

    func firstLocked(in range: Range<UInt64>) throws(SystemError) -> UInt64? {
        try perform(.lock) { [handle] world, file throws(Errno) in
            world.locks.filter {
                $0.inode == file.inode && $0.handle != handle && range.contains($0.byte)
            }.map(\.byte).min()
        }
    }

    func adviseSequential() {}

    func beginWriting(_ range: Range<UInt64>) {}

    func close() throws(SystemError) {
        let wasClosed = isClosed.exchange(true, ordering: .acquiringAndReleasing)
        precondition(!wasClosed, "a file is closed once")
        // Like the kernel, a close that fails closes all the same.
        defer { fileSystem.release(handle) }
        try fileSystem.perform(.close, path) { _ throws(Errno) in }
    }

    private func perform<Result: Sendable>(
        _ operation: SystemError.Operation,
        isChange: Bool = false,
        _ body: (inout SimulatedWorld, SimulatedWorld.OpenFile) throws(Errno) -> Result
    ) throws(SystemError) -> Result {
        precondition(!isClosed.load(ordering: .relaxed), "a closed file is not used")
        return try fileSystem.perform(operation, path, isChange: isChange) {
            [handle] world throws(Errno) in
            guard let file = world.openFiles[handle] else { throw .badFileDescriptor }
            if isChange && !file.isWritable && operation != .synchronize {
                throw operation == .resize ? .invalidArgument : .badFileDescriptor
            }
            return try body(&world, file)
        }
    }

    private func change(
        _ operation: SystemError.Operation,
        _ body: (inout SimulatedWorld, SimulatedWorld.OpenFile) throws(Errno) -> Void
    ) throws(SystemError) {
        try perform(operation, isChange: true, body)
    }

    /// Memory is the simulation's limit; the kernel's, 2^63, has the same answer.
    private static func position(_ offset: UInt64) throws(Errno) -> Int {
        guard let position = Int(exactly: offset), position <= 1 << 32 else { throw .fileTooLarge }
        return position
    }
}

extension SimulatedWorld {
    /// How far a file may grow towards `end` before the disk is full.
    func growth(of inode: SimulatedDisk.Inode, to end: UInt64) throws(Errno) -> UInt64 {
        let current = UInt64(disk.files[inode]?.cached.count ?? 0)
        guard end > current else { return end }
        return min(end, current + availableByteCount)
    }

    /// Sets the time of a file's last change: a count, so that runs repeat exactly.
    mutating func touch(_ inode: SimulatedDisk.Inode) {
        disk.modified[inode] = Int64(operationCount)
    }
}
