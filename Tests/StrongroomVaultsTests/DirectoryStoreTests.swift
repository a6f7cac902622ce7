import ArchiveFileIO
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `A directory store` {
    private let name: ObjectName

    init() throws { name = try ObjectName("segments/1.seg") }

    // Otherwise a ship to a disk that is not mounted would fill the disk below, and a recovery
    // would find an empty vault where there is none.
    @Test func `says that the vault is not there`() async throws {
        let files = SimulatedFileSystem()
        let missing = DirectoryStore(at: "/vault", on: files)
        #expect(await code { try await missing.put(self.name, [1]) } == .unreachable)
        #expect(await code { _ = try await missing.list(prefix: "") } == .unreachable)
        #expect(await code { _ = try await missing.status(self.name) } == .unreachable)
        #expect(await code { _ = try await missing.read(self.name, range: 0..<1) } == .unreachable)
        #expect(await code { try await missing.remove(self.name) } == .unreachable)
        #expect(files.filePaths.isEmpty)
        files.replaceBytes(of: "/file", with: [1])
        let file = DirectoryStore(at: "/file", on: files)
        #expect(await code { try await file.put(self.name, [1]) } == .unreachable)
    }

    @Test func `fills memory on the caller's own thread, or says why not`() async throws {
        let (store, _) = try await simulatedStore()
        try await store.put(name, [1, 2, 3, 4])
        var bytes: [UInt8] = [0, 0, 0]
        do {
            var target = bytes.mutableSpan
            try store.read(name, at: 1, into: &target)
        }
        #expect(bytes == [2, 3, 4])
        for (name, offset, expected) in [
            (name, 2, VaultError.Code.outOfRange), (try ObjectName("other"), 0, .notFound),
        ] {
            let found = await code {
                var other: [UInt8] = [0, 0, 0]
                var target = other.mutableSpan
                try store.read(name, at: UInt64(offset), into: &target)
            }
            #expect(found == expected)
        }
    }

    @Test func `removes what a killed put left, and nothing that is in use`() async throws {
        let (store, files) = try await simulatedStore()
        try files.makeDirectory("/vault/segments")
        files.replaceBytes(of: "/vault/segments/.put-1", with: [9])
        files.replaceBytes(of: "/vault/segments/.other", with: [9])
        let used = try files.open("/vault/segments/.put-2", .createNew)
        #expect(try used.tryLock(byte: 0, exclusively: true))
        #expect(try await store.list(prefix: "").isEmpty)
        try await store.put(name, [1])
        #expect(
            files.filePaths == [
                "/vault/segments/.other", "/vault/segments/.put-2", "/vault/segments/1.seg",
            ]
        )
    }

    @Test func `follows no link out of the vault`() async throws {
        try await TemporaryDirectory.withAsync { directory in
            let store = DirectoryStore(at: directory)
            try PosixFileSystem().replace(directory.appending("target"), with: [1])
            for link in ["link", "other"] {
                try makeLink(at: directory.appending(link), to: directory.appending("target"))
            }
            let link = try ObjectName("link")
            #expect(try await store.status(link) == nil)
            #expect(await code { _ = try await store.read(link, range: 0..<1) } == .notFound)
            #expect(await code { try await store.put(link, [2]) } == .refused)
            #expect(await code { try await store.put(link, [2], mode: .replace) } == .refused)
            #expect(try await store.list(prefix: "").map(\.name.text) == ["target"])
        }
    }

    @Test func `survives a crash at every change of a put`() async throws {
        let (rehearsal, rehearsed) = try await simulatedStore()
        let before = rehearsed.changeCount
        try await rehearsal.put(name, [1, 2, 3])
        let survivor = rehearsed.afterCrash(.dropAllUnsynced)
        #expect(survivor.bytes(of: "/vault/segments/1.seg") == [1, 2, 3])
        for change in before + 1...rehearsed.changeCount {
            let (store, files) = try await simulatedStore()
            files.crash(atChange: change)
            #expect(await code { try await store.put(self.name, [1, 2, 3]) } == .unreachable)
            var oracle = ExhaustiveOracle()
            repeat {
                let survivor = files.afterCrash(&oracle)
                let next = DirectoryStore(at: "/vault", on: survivor)
                if try await next.status(name) != nil {
                    #expect(try await next.readAll(name, limit: 9) == [1, 2, 3], "at \(change)")
                    try await next.put(name, [4], mode: .replace)
                } else {
                    try await next.put(name, [4])
                }
                #expect(survivor.filePaths == ["/vault/segments/1.seg"])
            } while oracle.advance()
        }
    }

    @Test func `survives every failing call of a put, once and for ever`() async throws {
        for duration in [SimulatedFault.Duration.once, .forever] {
            var call = 0
            var wasStruck = true
            while wasStruck {
                call += 1
                let (store, files) = try await simulatedStore()
                try await store.put(name, [1])
                let other = try ObjectName("segments/2.seg")
                let before = files.operationCount
                files.inject(SimulatedFault(call: call, errno: .noMemory, duration: duration))
                let failure = await code { try await store.put(other, [2]) }
                wasStruck = files.operationCount >= before + call
                files.removeFaults()
                #expect(try await store.readAll(name, limit: 9) == [1])
                let isThere = try await store.status(other) != nil
                if failure == nil || isThere {
                    #expect(try await store.readAll(other, limit: 9) == [2])
                }
            }
            #expect(call > 8)
        }
    }

    @Test(arguments: [
        (Errno.noSpace, VaultError.Code.capacity), (.diskQuotaExceeded, .capacity),
        (.permissionDenied, .refused), (.readOnlyFileSystem, .refused), (.ioError, .unreachable),
        (.staleNFSFileHandle, .unreachable), (.fileNameTooLong, .invalidName), (.noMemory, .failed),
    ])
    func `says what a failure means`(reason: Errno, code expected: VaultError.Code) async throws {
        let (store, files) = try await simulatedStore()
        files.inject(SimulatedFault(.write, errno: reason))
        let error = await #expect(throws: VaultError.self) { try await store.put(self.name, [1]) }
        #expect(error?.code == expected)
        #expect(error?.underlying as? SystemError != nil)
        #expect(error?.message.hasPrefix("cannot put segments/1.seg in the vault /vault: ") == true)
        #expect(files.filePaths.isEmpty)
    }

    @Test func `refuses what does not fit before it is sent`() async throws {
        let (store, files) = try await simulatedStore()
        files.limitGrowth(to: 10)
        let before = files.changeCount
        let source = FalseSource(byteCount: 11, bytes: [], fails: true)
        let error = await #expect(throws: VaultError.self) {
            try await store.put(self.name, from: source, mode: .writeOnce, expectedDigest: nil)
        }
        #expect(error?.code == .capacity)
        #expect(error?.message.contains("it has 11 bytes and 10 are free") == true)
        #expect(files.changeCount == before + 2, "only the directory was made")
    }

    @Test func `reads a file as it was when the source was made`() async throws {
        let (store, files) = try await simulatedStore()
        files.replaceBytes(of: "/a", with: [1, 2, 3])
        let file = try files.open("/a", .readWrite)
        let source = try FileSource(file)
        try file.write([4], at: 3)
        try await store.put(name, from: source, mode: .writeOnce, expectedDigest: nil)
        #expect(try await store.readAll(name, limit: 9) == [1, 2, 3])
    }
}
