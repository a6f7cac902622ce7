import ArchiveBytes
import ArchiveSealing
import Testing

@Suite struct `SHA-256` {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the published messages have the published hashes`(text: String, expected: String) {
        let bytes = Array(text.utf8)
        #expect(SHA256.hash(bytes.span).hex == expected)
    }

    @Test func `pieces hash as the whole, message after message`() {
        let bytes = [UInt8](0..<200)
        let hasher = SHA256()
        for cut in bytes.indices {
            let (front, back) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            hasher.update(front.span)
            hasher.update(back.span)
            #expect(hasher.finish() == SHA256.hash(bytes.span))
        }
        let none: [UInt8] = []
        #expect(hasher.finish() == SHA256.hash(none.span))
    }

    /// Where FIPS is demanded, or a provider configured, that is asked, which no test machine does.
    @Test func `the provider hashes as libcrypto's own functions do`() {
        let own = SHA256()
        let asked = SHA256(asksProvider: true)
        let bytes = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for count in bytes.indices {
            let part = bytes.span.extracting(..<count)
            let hash = own.hash(part)
            #expect(asked.hash(part) == hash)
            #expect(asked.hash(prefix: 0, part) == own.hash(prefix: 0, part))
            #expect(asked.hash(prefix: 1, hash, hash) == own.hash(prefix: 1, hash, hash))
            for hasher in [own, asked] {
                hasher.update(part)
                hasher.update(bytes.span)
            }
            #expect(asked.finish() == own.finish())
        }
        let starts = Array(stride(from: 0, to: 400, by: 37))
        #expect(root(asked, bytes, starts) == root(own, bytes, starts))
        var keys = [[UInt8]](repeating: Array(bytes[..<32]), count: 2)
        for (index, hasher) in [own, asked].enumerated() {
            var key = keys[index].mutableSpan
            hasher.chain(&key, over: bytes.span)
        }
        #expect(keys[0] == keys[1] && keys[0] != Array(bytes[..<32]))
    }

    @Test func `hashing at once drops a message that was begun`() {
        let bytes = Array("abc".utf8)
        let hasher = SHA256()
        hasher.update(bytes.span)
        #expect(hasher.hash(bytes.span) == SHA256.hash(bytes.span))
        #expect(hasher.finish() != hasher.hash(bytes.span))
    }

    @Test func `a prefix counts as the first byte`() {
        let bytes = [UInt8](0..<64)
        let joined = [7] + bytes
        let hasher = SHA256()
        #expect(hasher.hash(prefix: 7, bytes.span) == hasher.hash(joined.span))
        let left = Digest(reading: bytes.span, at: 0)
        let right = Digest(reading: bytes.span, at: 32)
        #expect(hasher.hash(prefix: 7, left, right) == hasher.hash(joined.span))
    }
}

@Suite struct `HMAC-SHA-256` {
    // RFC 4231, test case 2.
    static let key = Array("Jefe".utf8)
    static let message = Array("what do ya want for nothing?".utf8)
    static let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    @Test func `the published message has the published code, again and again`() {
        let mac = HMACSHA256(key: Self.key.span)
        for _ in 0..<3 { #expect(mac.authenticate(Self.message.span).hex == Self.expected) }
    }

    @Test func `pieces authenticate as the whole`() {
        let mac = HMACSHA256(key: Self.key.span)
        for byte in Self.message { mac.update([byte].span) }
        var bytes = [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        mac.finish(into: &span)
        #expect(Hex.encode(bytes) == Self.expected)
    }

    @Test func `a new key drops the message that was begun`() throws {
        let shared = try SecretKey.random()
        let mac = HMACSHA256(key: shared)
        mac.update(Self.message.span)
        mac.rekey(Self.key.span)
        #expect(mac.authenticate(Self.message.span).hex == Self.expected)
        #expect(HMACSHA256(key: shared).authenticate(Self.message.span).hex != Self.expected)
    }
}

extension `HMAC-SHA-256` {
    @Test func `a chain is one message under each key after the other`() throws {
        let messages: [UInt8] = [3, 0, 255, 7]
        var expected = try SecretKey.random()
        var key = expected.withSpan { [UInt8](copying: $0) }
        for message in messages {
            let mac = HMACSHA256(key: expected).authenticate([message].span)
            expected = try SecretKey(copying: mac.bytes.span)
        }
        var bytes = key.mutableSpan
        SHA256().chain(&bytes, over: messages.span)
        #expect(expected.withSpan { [UInt8](copying: $0) } == key)
    }
}

@Suite struct `Digests` {
    @Test func `bytes come back as they were read`() {
        let bytes = [UInt8](100..<140)
        let digest = Digest(reading: bytes.span, at: 5)
        #expect(digest.bytes == Array(bytes[5..<37]))
        #expect(digest.hex == Hex.encode(digest.bytes))
        var copy: [UInt8] = [1]
        copy.append(digest: digest)
        #expect(copy == [1] + digest.bytes)
        var tag = [UInt8](repeating: 0, count: 20)
        var span = tag.mutableSpan
        digest.write(to: &span, at: 4, count: 16)
        #expect(tag == [0, 0, 0, 0] + digest.bytes.prefix(16))
    }

    @Test(arguments: [0, 31, 33])
    func `only 32 bytes are a digest`(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(Digest(bytes.span) == nil)
    }

    @Test func `order is that of the bytes`() {
        for place in 0..<32 {
            var low = [UInt8](repeating: 0x7f, count: 32)
            var high = low
            low[place] = 0x01
            high[place] = 0x80
            if place < 31 { low[place + 1] = 0xff }
            let left = Digest(reading: low.span, at: 0)
            let right = Digest(reading: high.span, at: 0)
            #expect(left < right)
            #expect(!(right < left))
            #expect(!(left < left))
            #expect(!left.constantTimeEquals(right))
            #expect(left.constantTimeEquals(left))
        }
        #expect(Digest.zero.bytes == [UInt8](repeating: 0, count: 32))
    }
}
