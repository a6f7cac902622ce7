import ArchiveBytes
import ArchiveSealing
import Glibc
import Testing

@Suite struct `Secrets` {
    @Test func `bytes are kept, copied and compared`() throws {
        let bytes = [UInt8](0..<40)
        let secret = SecretBytes(copying: bytes.span)
        #expect(revealed(secret) == bytes)
        var copy = secret.copy()
        let isSame = secret.constantTimeEquals(copy)
        copy.withMutableSpan { $0[39] ^= 1 }
        let isSameAfterChange = secret.constantTimeEquals(copy)
        let isSameAsShorter = secret.constantTimeEquals(SecretBytes(zeroed: 39))
        #expect(isSame && !isSameAfterChange && !isSameAsShorter)
        #expect(revealed(SecretBytes(zeroed: 3)) == [0, 0, 0])
        #expect(revealed(SecretBytes(zeroed: 0)).isEmpty)
    }

    @Test func `the bytes are gone from memory with their owner`() throws {
        let marker = [UInt8](repeating: 0xc3, count: 512)
        func place() -> off_t {
            let secret = SecretBytes(copying: marker.span)
            return secret.withSpan { span in
                unsafe span.withUnsafeBufferPointer { off_t(Int(bitPattern: $0.baseAddress)) }
            }
        }
        let address = place()
        let memory = unsafe open("/proc/self/mem", O_RDONLY)
        try #require(memory >= 0)
        defer { close(memory) }
        var found = [UInt8](repeating: 0, count: 512)
        let count = unsafe pread(memory, &found, 512, address)
        // The allocator may have given the page back; then nothing can be read at all.
        if count == 512 { #expect(found.count { $0 == 0xc3 } < 64) }
    }

    @Test func `a key's room is zero when the next key gets it`() async {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var dirty = 0
                    for _ in 0..<2_000 {
                        var first = SecretBytes(zeroed: 32)
                        let second = SecretBytes(zeroed: 32)
                        let isEmpty = first.constantTimeEquals(second)
                        if !isEmpty || !revealed(second).allSatisfy({ $0 == 0 }) { dirty += 1 }
                        first.withMutableSpan { bytes in
                            for place in 0..<32 { bytes[place] = 0xc3 }
                        }
                        // Nobody else may have been given the same room.
                        if !revealed(second).allSatisfy({ $0 == 0 }) { dirty += 1 }
                    }
                    return dirty
                }
            }
            for await dirty in group { #expect(dirty == 0) }
        }
    }

    @Test func `a key has 32 bytes`() throws {
        for count in [0, 31, 33] {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(throws: SealingError.invalidKey) { try SecretKey(copying: bytes.span) }
        }
        let bytes = [UInt8](0..<32)
        let shared = try key(bytes)
        #expect(shared.withSpan { [UInt8](copying: $0) } == bytes)
        #expect(try shared.constantTimeEquals(key(bytes)))
        #expect(try !shared.constantTimeEquals(.random()))
    }

    @Test func `printing a key shows none of it`() throws {
        let shared = try key([UInt8](repeating: 0xc3, count: 32))
        var text = String(describing: shared) + String(reflecting: shared)
        dump(shared, to: &text)
        #expect(!text.lowercased().contains("c3"))
        #expect(!text.contains("195"))
    }

    @Test func `constant-time comparison is comparison`() {
        func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            ConstantTime.areEqual(left.span, right.span)
        }
        let bytes = [UInt8](0..<33)
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x80
            #expect(!areEqual(bytes, other))
        }
        #expect(areEqual(bytes, bytes))
        #expect(areEqual([], []))
        #expect(!areEqual(bytes, []))
    }

    @Test func `random bytes fill all and never come twice`() throws {
        var seen: Set<[UInt8]> = []
        for _ in 0..<1000 { #expect(try seen.insert(Randomness.bytes(20)).inserted) }
        var touched = [Bool](repeating: false, count: 300)
        for _ in 0..<10 {
            for (place, byte) in try Randomness.bytes(300).enumerated() where byte != 0 {
                touched[place] = true
            }
        }
        #expect(touched.allSatisfy { $0 })
        #expect(try Randomness.bytes(0).isEmpty)
        let isZero = try SecretBytes.random(32).constantTimeEquals(SecretBytes(zeroed: 32))
        #expect(!isZero)
    }
}
