import ArchiveBytes
import ArchiveSealing
import Testing

@Suite struct `XAES-256-GCM` {
    static let nonce = Array("ABCDEFGHIJKLMNOPQRSTUVWX".utf8)

    static func seal(
        _ plain: [UInt8],
        _ cipher: XAES256GCM = XAES256GCM(),
        key: SecretKey,
        nonce: [UInt8] = nonce,
        associated: [UInt8] = []
    ) throws(SealingError) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plain.count + XAES256GCM.overhead)
        var span = sealed.mutableSpan
        try cipher.seal(
            plain.span,
            into: &span,
            key: key,
            nonce: nonce.span,
            associated: associated.span
        )
        return sealed
    }

    static func open(
        _ sealed: [UInt8],
        _ cipher: XAES256GCM = XAES256GCM(),
        key: SecretKey,
        nonce: [UInt8] = nonce,
        associated: [UInt8] = []
    ) throws(SealingError) -> [UInt8] {
        var plain = [UInt8](repeating: 0, count: sealed.count - XAES256GCM.overhead)
        var span = plain.mutableSpan
        try cipher.open(
            sealed.span,
            into: &span,
            key: key,
            nonce: nonce.span,
            associated: associated.span
        )
        return plain
    }

    @Test(
        arguments: [
            (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (
                3, "c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"
            ),
        ] as [(UInt8, String, String)]
    )
    func `the published messages seal to the published bytes`(
        fill: UInt8,
        associated: String,
        expected: String
    ) throws {
        let key = try key([UInt8](repeating: fill, count: 32))
        let extra = Array(associated.utf8)
        let plain = Array("XAES-256-GCM".utf8)
        let sealed = try Self.seal(plain, key: key, associated: extra)
        #expect(Hex.encode(sealed) == expected)
        #expect(try Self.open(sealed, key: key, associated: extra) == plain)
    }

    @Test func `ten thousand random messages accumulate to the published hash`() throws {
        var source = SHAKE128()
        var accumulator = SHAKE128()
        let cipher = XAES256GCM()
        for round in 0..<10_000 {
            let key = try key(source.squeeze(32))
            let nonce = source.squeeze(24)
            let plain = source.squeeze(Int(source.squeeze(1)[0]))
            let extra = source.squeeze(Int(source.squeeze(1)[0]))
            let sealed = try Self.seal(plain, cipher, key: key, nonce: nonce, associated: extra)
            accumulator.absorb(sealed)
            if round.isMultiple(of: 100) {
                let opened = try Self.open(
                    sealed,
                    cipher,
                    key: key,
                    nonce: nonce,
                    associated: extra
                )
                #expect(opened == plain)
            }
        }
        #expect(
            Hex.encode(accumulator.squeeze(32))
                == "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
        )
    }

    @Test func `the derived key is two CMACs, as the specification says`() throws {
        let key = try key([UInt8](0..<32))
        let half = Array(Self.nonce[..<12])
        let derived =
            try cmac([0, 1, UInt8(ascii: "X"), 0] + half, key: key)
            + cmac([0, 2, UInt8(ascii: "X"), 0] + half, key: key)
        let plain = Array("frame".utf8)
        var expected = [UInt8](repeating: 0, count: plain.count + AES256GCM.overhead)
        var span = expected.mutableSpan
        let rest = Array(Self.nonce[12...])
        try AES256GCM().seal(
            plain.span,
            into: &span,
            key: ArchiveSealingTests.key(derived),
            nonce: rest.span,
            associated: half.span
        )
        #expect(try Self.seal(plain, key: key, associated: half) == expected)
    }

    @Test func `what a cipher remembers never changes what it makes`() throws {
        let cipher = XAES256GCM()
        let keys = try [SecretKey.random(), SecretKey.random()]
        var nonces = try [Randomness.bytes(24), Randomness.bytes(24)]
        // The third shares its first half with the first, as the frames of one batch do.
        nonces.append(Array(nonces[0][..<12] + nonces[1][12...]))
        for step in 0..<200 {
            let key = keys[step * 7 / 3 % 2]
            let nonce = nonces[step * 5 / 2 % 3]
            let plain = [UInt8](repeating: UInt8(step), count: step)
            let sealed = try Self.seal(plain, key: key, nonce: nonce)
            if step % 3 != 0 {
                #expect(try Self.seal(plain, cipher, key: key, nonce: nonce) == sealed)
            }
            if step % 5 == 0 {
                let wrong = keys[(step * 7 / 3 + 1) % 2]
                #expect(throws: SealingError.authenticationFailed) {
                    try Self.open(sealed, cipher, key: wrong, nonce: nonce)
                }
            }
            #expect(try Self.open(sealed, cipher, key: key, nonce: nonce) == plain)
        }
    }

    @Test(arguments: [0, 1, 15, 16, 17, 1024, 1 << 20])
    func `every length opens to what was sealed`(count: Int) throws {
        let key = try SecretKey.random()
        let plain = try Randomness.bytes(count)
        #expect(try Self.open(Self.seal(plain, key: key), key: key) == plain)
    }

    @Test func `one flipped bit anywhere is refused and leaves zeros`() throws {
        let cipher = XAES256GCM()
        let keyBytes = [UInt8](0..<32)
        let fields = try [
            Self.seal(
                Array("a record".utf8),
                key: key(keyBytes),
                associated: Array("header".utf8)
            ),
            keyBytes, Self.nonce, Array("header".utf8),
        ]
        for field in fields.indices {
            for bit in 0..<fields[field].count * 8 {
                var changed = fields
                changed[field][bit / 8] ^= 1 << UInt8(bit % 8)
                let (sealed, nonce, extra) = (changed[0], changed[2], changed[3])
                var plain = [UInt8](repeating: 0xa5, count: 8)
                var span = plain.mutableSpan
                let key = try key(changed[1])
                var failure: SealingError?
                do throws(SealingError) {
                    try cipher.open(
                        sealed.span,
                        into: &span,
                        key: key,
                        nonce: nonce.span,
                        associated: extra.span
                    )
                } catch { failure = error }
                #expect(failure == .authenticationFailed)
                #expect(plain == [UInt8](repeating: 0, count: 8))
            }
        }
    }

    @Test func `a nonce of another length is our own mistake and traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = try `XAES-256-GCM`.seal([1], key: .random(), nonce: [UInt8](0..<12))
        }
    }
}
