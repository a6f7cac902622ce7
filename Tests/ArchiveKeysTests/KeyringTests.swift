import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

@testable import ArchiveKeys

@Suite struct `Opened keyring` {
    /// Archives of version 1 depend on every one of these values; none may ever change.
    @Test func `every derivation gives the value it has always given`() throws {
        let keyring = try Sample.fixed()
        keyring.learn(collection: "labs")
        let subject = keyring.tag(of: .subject("MRN-000123"))
        let mask = TagMask(key: keyring.maskKey)
        let stream = try keyring.chunkerKeyStream(for: subject, epoch: 1)
        let values: [(String, [UInt8], String)] = [
            (
                "index", keyring.indexKey.revealed,
                "895cbdefa6dc3ddec4c64137720d4ecec2047ed52c564c5790206df5da9a0d98"
            ),
            (
                "log", keyring.logKey.revealed,
                "2866a40178b68f582b829ca09c8b3699b5b329e6e03122e56c4fce2a0aa2ddf0"
            ),
            (
                "public key", keyring.publicKey,
                "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
            ),
            ("subject tag", subject.bytes, "9eb9ba5298a976daef5f7ee0"),
            (
                "collection tag", keyring.tag(of: .collection("labs")).bytes,
                "67e850c9e3a9dec0739f13df"
            ),
            (
                "masked tag", mask.applied(to: MaskedTag(subject), nonce: Sample.nonce()).bytes,
                "01d2f560a0fda03fb95909c9"
            ),
            (
                "subject key", try keyring.key(.subject("MRN-000123")),
                "fa5a17df1df504f0aa50110b946ef4df26438de1a66db58aac7a59e5e51a4a57"
            ),
            (
                "collection key", try keyring.key(.collection("labs"), epoch: 2),
                "3ec440bc04ae14cc3812b7ede584637ad56f8bf5df2a7f1060f785d3b54b3d4a"
            ),
            (
                "content key", try keyring.contentKey(for: subject, epoch: 1).revealed,
                "efbb9f00aedf9b2b80053fedaa9acd484b8fe259fd5a00cb94a54c1f0c4ab3fb"
            ),
            (
                "chunker", stream.withSpan { SHA256.hash($0).bytes },
                "35bd0332f70b896ea3eeab5a7d8b21b8ced9c765c89c1d35b2a8bd7e4cc98207"
            ),
        ]
        for (name, bytes, expected) in values { #expect(Hex.encode(bytes) == expected, "\(name)") }
    }

    @Test func `no two domains, epochs or purposes share a key`() throws {
        let keyring = try Sample.fixed()
        var seen: Set<[UInt8]> = [keyring.indexKey.revealed, keyring.logKey.revealed]
        var count = 2
        for name in ["a", "b", "system", "", "ab", "\u{0}"] {
            keyring.learn(collection: name)
            for domain in [KeyDomain.subject(name), .collection(name)] {
                for epoch in [1, 2] as [UInt32] {
                    let tag = keyring.tag(of: domain)
                    seen.insert(try keyring.domainKey(for: tag, epoch: epoch).revealed)
                    seen.insert(try keyring.contentKey(for: tag, epoch: epoch).revealed)
                    count += 2
                }
            }
        }
        #expect(seen.count == count)
    }

    @Test func `another archive has other keys for the same names`() throws {
        let first = try Sample.create().keyring
        let second = try Sample.create().keyring
        #expect(first.tag(of: .subject("x")) != second.tag(of: .subject("x")))
        #expect(try first.key(.subject("x")) != second.key(.subject("x")))
        #expect(!first.indexKey.constantTimeEquals(second.indexKey))
        #expect(first.publicKey != second.publicKey)
    }

    @Test func `masking hides a tag, differs from frame to frame, and is undone`() throws {
        let keyring = try Sample.fixed()
        let tag = keyring.tag(of: .subject("x"))
        let mask = TagMask(key: keyring.maskKey)
        var seen: Set<MaskedTag> = []
        for index in 0..<100 as Range<UInt8> {
            let masked = mask.applied(to: MaskedTag(tag), nonce: Sample.nonce(index))
            #expect(masked.bytes != tag.bytes)
            #expect(DomainTag(mask.applied(to: masked, nonce: Sample.nonce(index))) == tag)
            seen.insert(masked)
        }
        #expect(seen.count == 100)
    }

    @Test func `a collection's tag leads to its key once it is learnt`() throws {
        let keyring = try Sample.fixed()
        let tag = keyring.tag(of: .collection("labs"))
        let before = try keyring.domainKey(for: tag, epoch: 1).revealed
        keyring.learn(collection: "labs")
        let after = try keyring.domainKey(for: tag, epoch: 1).revealed
        #expect(before != after)
        #expect(try Sample.key(4).derived(.common, suffix: "labs").revealed == after)
    }

    @Test func `the system collection is always known`() throws {
        let expected = try Sample.key(4).derived(.common, suffix: "system").revealed
        #expect(try Sample.fixed().key(.collection("system")) == expected)
    }

    @Test func `an epoch that the keyring does not have is named`() throws {
        let keyring = try Sample.fixed()
        let tag = keyring.tag(of: .subject("x"))
        for epoch in [0, 3, UInt32.max] {
            #expect(code { _ = try keyring.domainKey(for: tag, epoch: epoch) } == .unknownEpoch)
        }
    }

    @Test func `signatures verify under the public key`() throws {
        let keyring = try Sample.fixed()
        let message = Array("manifest".utf8)
        let signature = try keyring.sign(message)
        let isValid = Ed25519.isValid(
            signature.span,
            of: message.span,
            publicKey: keyring.publicKey.span
        )
        #expect(isValid)
    }

    @Test func `threads that share a keyring agree on every key`() async throws {
        let keyring = try Sample.fixed()
        let expected = try (0..<50).map { try keyring.key(.subject("s\($0)")) }
        let shared = try Sample.fixed()
        await withTaskGroup(of: Bool.self) { group in
            for offset in 0..<4 {
                group.addTask {
                    (0..<200).allSatisfy { step in
                        let number = (step * 7 + offset) % 50
                        return (try? shared.key(.subject("s\(number)"))) == expected[number]
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}

@Suite struct `The keys of many subjects` {
    /// What a directory of a gigabyte meets again and again.
    private static let subjectCount = KeyCache.limit * 5 / 16

    @Test func `are derived once, whichever shard they fall into`() throws {
        let keyring = try Sample.fixed()
        let tags = (0..<Self.subjectCount).map { keyring.tag(of: .subject("s\($0)")) }
        let first = try tags.map { try keyring.domainKey(for: $0, epoch: 1) }
        for _ in 0..<2 {
            let again = try tags.map { try keyring.domainKey(for: $0, epoch: 1) }
            #expect(zip(first, again).allSatisfy { $0 === $1 })
        }
        #expect(Set(first.map(\.revealed)).count == first.count)
    }

    @Test func `are right also when far more are asked for than are kept`() throws {
        let keyring = try Sample.fixed()
        let fresh = try Sample.fixed()
        let tags = (0..<KeyCache.limit + 500).map { keyring.tag(of: .subject("s\($0)")) }
        for tag in tags { _ = try keyring.domainKey(for: tag, epoch: 1) }
        for number in stride(from: 0, to: tags.count, by: 997) {
            let key = try keyring.domainKey(for: tags[number], epoch: 1)
            let expected = try fresh.domainKey(for: tags[number], epoch: 1)
            #expect(key.constantTimeEquals(expected))
        }
    }
}

@Suite struct `Key cache` {
    @Test func `it stays within its bound and keeps what is used`() throws {
        var cache = KeyCache()
        let favourite = KeyCache.Place(tag: DomainTag(head: 0, tail: 0), epoch: 1)
        let key = try SecretKey.random()
        cache.insert(key, at: favourite)
        for number in 1...40_000 as ClosedRange<UInt64> {
            cache.insert(key, at: .init(tag: DomainTag(head: number, tail: 0), epoch: 1))
            #expect(cache.count <= KeyCache.limit)
            if number.isMultiple(of: 1000) {
                let isKept = cache.key(at: favourite) != nil
                #expect(isKept)
            }
        }
        let first = cache.key(at: .init(tag: DomainTag(head: 1, tail: 0), epoch: 1))
        #expect(first == nil)
    }

    @Test func `what was derived for a tag can be forgotten`() throws {
        var cache = KeyCache()
        let tag = DomainTag(head: 1, tail: 1)
        for epoch in 1...3 as ClosedRange<UInt32> {
            cache.insert(try .random(), at: .init(tag: tag, epoch: epoch))
        }
        cache.removeAll(of: tag)
        #expect(cache.count == 0)
    }
}
