import ArchiveBytes
import ArchiveFileIO
import Support
import SystemPackage
import Testing

@Suite struct `The contract of a file` {
    @Test(arguments: FileSystemKind.allCases)
    func `what is written is read back`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let path = directory.appending("a")
            let file = try files.open(path, .createNew)
            try file.write([1, 2, 3, 4], at: 0)
            try file.write([9], at: 6)
            try file.write([], at: 50)
            try file.synchronizeData()
            try file.synchronize()
            file.adviseSequential()
            file.beginWriting(0..<1)
            file.beginWriting(0 ..< .max)
            #expect(try file.byteCount() == 7)
            #expect(try file.read(at: 1, byteCount: 100) == [2, 3, 4, 0, 0, 9])
            #expect(try file.read(at: 7, byteCount: 1).isEmpty)
            #expect(try file.read(at: 1_000_000, byteCount: 1).isEmpty)
            try file.close()
            #expect(try files.readAll(path, limit: 7) == [1, 2, 3, 4, 0, 0, 9])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a part of a buffer is filled when the file ends`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            try files.make(directory.appending("a"), [1, 2])
            let file = try files.open(directory.appending("a"), .read)
            var bytes: [UInt8] = [7, 7, 7]
            var target = bytes.mutableSpan
            #expect(try file.read(at: 0, into: &target) == 2)
            #expect(bytes == [1, 2, 7])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a file opened to read refuses to be changed`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            try files.make(directory.appending("a"), [1])
            let file = try files.open(directory.appending("a"), .read)
            #expect(reason { try file.write([2], at: 0) } == .badFileDescriptor)
            #expect(reason { try file.resize(to: 0) } == .invalidArgument)
            #expect(reason { try file.allocate(from: 0, byteCount: 9) } == .badFileDescriptor)
            #expect(try file.byteCount() == 1)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `resizing cuts, and extends with zeros`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let file = try files.open(directory.appending("a"), .createNew)
            try file.write([1, 2, 3, 4], at: 0)
            try file.resize(to: 2)
            try file.resize(to: 5)
            #expect(try file.read(at: 0, byteCount: 9) == [1, 2, 0, 0, 0])
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `allocating extends with zeros and never cuts`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let file = try files.open(directory.appending("a"), .createNew)
            try file.write([1, 2, 3, 4], at: 0)
            try file.allocate(from: 0, byteCount: 2)
            #expect(try file.byteCount() == 4)
            try file.allocate(from: 4, byteCount: 4096)
            #expect(try file.byteCount() == 4100)
            try file.allocate(from: 9000, byteCount: 0)
            #expect(try file.byteCount() == 4100)
            let expected = [1, 2, 3, 4] + [UInt8](repeating: 0, count: 4096)
            #expect(try file.read(at: 0, byteCount: 5000) == expected)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `an offset that no file can have is refused`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let file = try files.open(directory.appending("a"), .createNew)
            #expect(reason { try file.write([1], at: .max) } == .fileTooLarge)
            #expect(reason { try file.resize(to: .max) } == .fileTooLarge)
            #expect(reason { try file.allocate(from: .max, byteCount: 1) } == .fileTooLarge)
            #expect(reason { try file.allocate(from: 1, byteCount: .max) } == .fileTooLarge)
            #expect(try file.byteCount() == 0)
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a file stays readable when its name is gone`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            try files.make(directory.appending("a"), [1])
            let file = try files.open(directory.appending("a"), .read)
            try files.remove(directory.appending("a"))
            #expect(try file.read(at: 0, byteCount: 5) == [1])
        }
    }

    // MARK: Locks

    @Test(arguments: FileSystemKind.allCases)
    func `two opens of one file conflict even in one process`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let first = try files.open(directory.appending("lock"), .openOrCreate)
            let second = try files.open(directory.appending("lock"), .openOrCreate)
            #expect(try first.tryLock(byte: 7, exclusively: true))
            #expect(try first.tryLock(byte: 7, exclusively: true), "its own lock is no conflict")
            #expect(try !second.tryLock(byte: 7, exclusively: true))
            #expect(try !second.tryLock(byte: 7, exclusively: false))
            #expect(try second.tryLock(byte: 8, exclusively: true))
            try first.unlock(byte: 7)
            #expect(try second.tryLock(byte: 7, exclusively: true))
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `readers share a lock and keep writers out`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let first = try files.open(directory.appending("lock"), .openOrCreate)
            let second = try files.open(directory.appending("lock"), .openOrCreate)
            #expect(try first.tryLock(byte: 0, exclusively: false))
            #expect(try second.tryLock(byte: 0, exclusively: false))
            #expect(try !second.tryLock(byte: 0, exclusively: true))
            try first.close()
            #expect(try second.tryLock(byte: 0, exclusively: true))
        }
    }

    // With POSIX record locks, any close of the file would let a second writer in.
    @Test(arguments: FileSystemKind.allCases)
    func `closing another open of the file keeps the lock`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let holder = try files.open(directory.appending("lock"), .openOrCreate)
            #expect(try holder.tryLock(byte: 0, exclusively: true))
            try files.open(directory.appending("lock"), .read).close()
            let other = try files.open(directory.appending("lock"), .readWrite)
            #expect(try !other.tryLock(byte: 0, exclusively: true))
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `a lock ends with the last reference to its file`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            do {
                let holder = try files.open(directory.appending("lock"), .openOrCreate)
                #expect(try holder.tryLock(byte: 0, exclusively: true))
            }
            let next = try files.open(directory.appending("lock"), .readWrite)
            #expect(try next.tryLock(byte: 0, exclusively: true))
        }
    }

    @Test(arguments: FileSystemKind.allCases)
    func `the lowest byte that another holds is found`(kind: FileSystemKind) throws {
        try kind.with { files, directory in
            let holder = try files.open(directory.appending("lock"), .openOrCreate)
            let asking = try files.open(directory.appending("lock"), .openOrCreate)
            for byte: UInt64 in [90, 20, 55] {
                #expect(try holder.tryLock(byte: byte, exclusively: byte == 20))
            }
            #expect(try asking.tryLock(byte: 10, exclusively: true))
            #expect(try asking.firstLocked(in: 0..<100) == 20)
            #expect(try asking.firstLocked(in: 21..<100) == 55)
            #expect(try asking.firstLocked(in: 56..<90) == nil)
            #expect(try asking.firstLocked(in: 5..<5) == nil)
            #expect(try holder.firstLocked(in: 0..<100) == 10)
        }
    }
}
