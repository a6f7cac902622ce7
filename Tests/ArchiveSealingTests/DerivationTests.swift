import ArchiveBytes
import ArchiveSealing
import Testing

@Suite struct `HKDF with SHA-256` {
    @Test func `the examples of RFC 5869 derive`() throws {
        let secret = [UInt8](repeating: 0x0b, count: 22)
        let salt = [UInt8](0...0x0c)
        let info = [UInt8](0xf0...0xf9)
        let first = try HKDF.derive(
            secret: secret.span,
            salt: salt.span,
            info: info.span,
            count: 42
        )
        #expect(
            try revealed(first)
                == hex(
                    """
                    3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf
                    34007208d5b887185865
                    """
                )
        )

        let longSecret = [UInt8](0...0x4f)
        let longSalt = [UInt8](0x60...0xaf)
        let longInfo = [UInt8](0xb0...0xff)
        let second = try HKDF.derive(
            secret: longSecret.span,
            salt: longSalt.span,
            info: longInfo.span,
            count: 82
        )
        #expect(
            try revealed(second)
                == hex(
                    """
                    b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c
                    59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71
                    cc30c58179ec3e87c14c01d5c1f3434f1d87
                    """
                )
        )

        let none: [UInt8] = []
        let third = try HKDF.derive(
            secret: secret.span,
            salt: none.span,
            info: none.span,
            count: 42
        )
        #expect(
            try revealed(third)
                == hex(
                    """
                    8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d
                    9d201395faa4b61a96c8
                    """
                )
        )
    }

    @Test(arguments: [0, 1, 31, 32, 64, 65, 300])
    func `a key is the beginning of what is longer, whatever the lengths`(count: Int) throws {
        let long = [UInt8]((0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let part = Array(long.prefix(count))
        let few: [UInt8] = [9, 8, 7]
        for (secret, salt, info) in [(part, few, few), (few, part, few), (few, few, part)] {
            let key = try HKDF.derive(secret: secret.span, salt: salt.span, info: info.span)
            let more = try HKDF.derive(
                secret: secret.span,
                salt: salt.span,
                info: info.span,
                count: 33
            )
            #expect(revealed(key) == revealed(more).dropLast())
        }
    }

    @Test func `expanding alone begins at the pseudorandom key`() throws {
        let extracted = try hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
        let info = [UInt8](0xf0...0xf9)
        let derived = try HKDF.expand(secret: extracted.span, info: info.span, count: 42)
        #expect(Hex.encode(revealed(derived)).hasPrefix("3cb25f25faacd57a90434f64d0362f2a"))
    }

    @Test(arguments: [(0, 0), (8161, 0), (32, 1025)])
    func `lengths outside the bounds are refused`(count: Int, infoCount: Int) {
        let bytes = [UInt8](repeating: 1, count: 32)
        let info = [UInt8](repeating: 2, count: infoCount)
        #expect(throws: SealingError.invalidParameter) {
            _ = try revealed(
                HKDF.derive(secret: bytes.span, salt: bytes.span, info: info.span, count: count)
            )
        }
    }

    @Test func `the longest output and info derive`() throws {
        let bytes = [UInt8](repeating: 1, count: 32)
        let info = [UInt8](repeating: 2, count: HKDF.infoLimit)
        let derived = try HKDF.derive(
            secret: bytes.span,
            salt: bytes.span,
            info: info.span,
            count: HKDF.derivedLimit
        )
        #expect(derived.count == HKDF.derivedLimit)
    }
}

@Suite struct `scrypt` {
    // The other examples lie outside our bounds, and are refused below, or take a GiB.
    @Test func `the example of RFC 7914 within our bounds derives`() throws {
        let passphrase = Array("pleaseletmein".utf8)
        let salt = Array("SodiumChloride".utf8)
        let derived = try Scrypt.derive(
            passphrase: passphrase.span,
            salt: salt.span,
            parameters: .init(logN: 14, r: 8, p: 1),
            count: 64
        )
        let expected = try hex(
            """
            7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
            d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887
            """
        )
        #expect(revealed(derived) == expected)
    }

    @Test(arguments: [
        (9, 8, 1), (21, 1, 1), (17, 0, 1), (17, 17, 1), (17, 8, 0), (17, 8, 5), (20, 9, 1),
        (-1, 8, 1), (Int.max, 8, 1), (17, Int.max, 1), (17, 8, Int.max), (4, 1, 1), (10, 8, 16),
    ])
    func `a cost outside the bounds is refused`(logN: Int, r: Int, p: Int) {
        #expect(throws: SealingError.invalidParameter) {
            try Scrypt.Parameters(logN: logN, r: r, p: p)
        }
    }

    @Test(arguments: [(19, 16, 4), (20, 8, 4), (10, 1, 1)])
    func `the corners of the bounds are allowed`(logN: Int, r: Int, p: Int) throws {
        let parameters = try Scrypt.Parameters(logN: logN, r: r, p: p)
        #expect(parameters.logN == logN && parameters.r == r && parameters.p == p)
    }

    @Test func `parallel and wide parameters fit the memory that is allowed for them`() throws {
        let none: [UInt8] = []
        let wide = try Scrypt.derive(
            passphrase: none.span,
            salt: none.span,
            parameters: .init(logN: 10, r: 16, p: 4)
        )
        #expect(wide.count == 32)
    }
}
