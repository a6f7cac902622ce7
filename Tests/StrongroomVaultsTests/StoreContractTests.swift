import ArchiveBytes
import Support
import Testing

@testable import StrongroomVaults

/// What every store promises; a new store joins by a case of ``StoreKind``.
@Suite struct `The contract of a store` {
    @Test(arguments: StoreKind.available)
    func `what is put is read back, whole and in parts`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("segments/0001.seg")
            var generator = SeededGenerator(seed: 1)
            // More than one chunk of a transfer.
            let bytes = generator.bytes(1_100_000)
            try await store.put(name, bytes)
            #expect(try await store.status(name)?.byteCount == 1_100_000)
            #expect(try await store.readAll(name, limit: 1_100_000) == bytes)
            #expect(try await store.read(name, range: 10..<20) == Array(bytes[10..<20]))
            #expect(try await store.read(name, range: 1_099_999..<1_100_000) == [bytes[1_099_999]])
            #expect(try await store.read(name, range: 7..<7) == [])
        }
    }

    @Test(arguments: StoreKind.available)
    func `an empty object is an object`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("empty")
            try await store.put(name, [])
            #expect(try await store.status(name) == ObjectStatus(name: name, byteCount: 0))
            #expect(try await store.readAll(name, limit: 0) == [])
        }
    }

    @Test(arguments: StoreKind.available)
    func `an object written once stays as it is`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a/b")
            try await store.put(name, [1], mode: .writeOnce)
            #expect(await code { try await store.put(name, [2]) } == .alreadyExists)
            #expect(try await store.readAll(name, limit: 9) == [1])
        }
    }

    @Test(arguments: StoreKind.available)
    func `of many puts of one name at the same time one wins`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("contested")
            let wins = await withTaskGroup { group in
                for value in 0..<16 as Range<UInt8> {
                    group.addTask {
                        await code { try await store.put(name, [value, value]) } == nil ? 1 : 0
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wins == 1)
            let bytes = try await store.readAll(name, limit: 2)
            #expect(bytes.count == 2 && bytes[0] == bytes[1])
            #expect(try await store.list(prefix: "").count == 1)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a replacement takes the place of what was there`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("keyring.json")
            try await store.put(name, [1, 1], mode: .replace)
            try await store.put(name, [2], mode: .replace)
            #expect(try await store.readAll(name, limit: 9) == [2])
            #expect(try await store.list(prefix: "").map(\.byteCount) == [1])
        }
    }

    @Test(arguments: StoreKind.available)
    func `only the expected bytes are stored`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a")
            let digest = try #require(
                Hex.decode("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            )
            let other = MemorySource(Array("abd".utf8))
            let right = MemorySource(Array("abc".utf8))
            let put = { (source: any ByteSource, digest: [UInt8]) async -> VaultError.Code? in
                await code {
                    try await store.put(
                        name,
                        from: source,
                        mode: .writeOnce,
                        expectedDigest: digest
                    )
                }
            }
            #expect(await put(other, digest) == .damaged)
            #expect(await put(right, Array(digest.dropLast())) == .failed)
            #expect(try await store.list(prefix: "").isEmpty)
            #expect(await put(right, digest) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a source that ends early or fails leaves nothing`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a")
            let sources = [
                FalseSource(byteCount: 3, bytes: [1, 2]),
                FalseSource(byteCount: 3, bytes: [1, 2, 3], fails: true),
            ]
            for source in sources {
                let found = await code {
                    try await store.put(name, from: source, mode: .replace, expectedDigest: nil)
                }
                #expect(found == .sourceFailed)
            }
            #expect(try await store.status(name) == nil)
            #expect(try await store.list(prefix: "").isEmpty)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a cancelled put stores nothing`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a")
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return await code { try await store.put(name, [1]) }
            }
            task.cancel()
            #expect(await task.value == .cancelled)
            #expect(try await store.status(name) == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `what is not there is not found`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a/b")
            #expect(try await store.status(name) == nil)
            #expect(await code { _ = try await store.read(name, range: 0..<1) } == .notFound)
            #expect(await code { _ = try await store.readAll(name, limit: 1) } == .notFound)
            #expect(await code { try await store.remove(name) } == .notFound)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a range behind the end is refused`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a")
            try await store.put(name, [1, 2, 3])
            #expect(await code { _ = try await store.read(name, range: 2..<4) } == .outOfRange)
            #expect(await code { _ = try await store.read(name, range: 4..<4) } == .outOfRange)
            let huge: Range<UInt64> = 0 ..< .max
            #expect(await code { _ = try await store.read(name, range: huge) } == .outOfRange)
            #expect(await code { _ = try await store.readAll(name, limit: 2) } == .outOfRange)
        }
    }

    @Test(arguments: StoreKind.available)
    func `names are listed by prefix and in order`(kind: StoreKind) async throws {
        try await kind.with { store in
            for text in ["b", "a/2", "a/10", "a/1/x", "ab", "A", "a-b"] {
                try await store.put(try ObjectName(text), [1])
            }
            func listed(_ prefix: String) async throws -> [String] {
                try await store.list(prefix: prefix).map(\.name.text)
            }
            #expect(try await listed("") == ["A", "a-b", "a/1/x", "a/10", "a/2", "ab", "b"])
            #expect(try await listed("a") == ["a-b", "a/1/x", "a/10", "a/2", "ab"])
            #expect(try await listed("a/") == ["a/1/x", "a/10", "a/2"])
            #expect(try await listed("a/1") == ["a/1/x", "a/10"])
            #expect(try await listed("a/1/") == ["a/1/x"])
            #expect(try await listed("a/2/") == [])
            #expect(try await listed("c") == [])
            #expect(try await listed("../") == [])
            #expect(try await listed("/") == [])
        }
    }

    @Test(arguments: StoreKind.available)
    func `what is removed is gone and may be put again`(kind: StoreKind) async throws {
        try await kind.with { store in
            let name = try ObjectName("a/b")
            try await store.put(name, [1])
            try await store.remove(name)
            #expect(try await store.status(name) == nil)
            #expect(try await store.list(prefix: "").isEmpty)
            try await store.put(name, [2])
            #expect(try await store.readAll(name, limit: 9) == [2])
        }
    }

    @Test(arguments: StoreKind.available)
    func `a name never begins another`(kind: StoreKind) async throws {
        try await kind.with { store in
            try await store.put(try ObjectName("a/b"), [1])
            for mode in [PutMode.writeOnce, .replace] {
                for text in ["a", "a/b/c", "a/b/c/d"] {
                    let name = try ObjectName(text)
                    let found = await code { try await store.put(name, [2], mode: mode) }
                    #expect(found == .invalidName, "\(text)")
                    #expect(try await store.status(name) == nil)
                }
            }
            #expect(try await store.list(prefix: "").map(\.name.text) == ["a/b"])
        }
    }
}
