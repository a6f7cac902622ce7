import ArchiveBytes
import ArchiveSealing
import Testing

/// Every case of the published files runs; the count at the end fails a file that has gone empty.
@Suite struct `Wycheproof vectors` {
    @Test func `AES-256-GCM agrees`() throws {
        let cipher = AES256GCM()
        var count = 0
        for vector in try VectorFile("aes_gcm_test.json").cases {
            let key = try key(vector.bytes("key"))
            let nonce = try vector.bytes("iv")
            let extra = try vector.bytes("aad")
            let message = try vector.bytes("msg")
            let expected = try vector.bytes("ct") + vector.bytes("tag")
            var opened = [UInt8](repeating: 0xa5, count: message.count)
            var target = opened.mutableSpan
            if vector.isValid {
                try cipher.open(
                    expected.span,
                    into: &target,
                    key: key,
                    nonce: nonce.span,
                    associated: extra.span
                )
                #expect(opened == message, "case \(vector.id)")
                var sealed = [UInt8](repeating: 0, count: expected.count)
                var sealedSpan = sealed.mutableSpan
                try cipher.seal(
                    message.span,
                    into: &sealedSpan,
                    key: key,
                    nonce: nonce.span,
                    associated: extra.span
                )
                #expect(sealed == expected, "case \(vector.id)")
            } else {
                var failure: SealingError?
                do throws(SealingError) {
                    try cipher.open(
                        expected.span,
                        into: &target,
                        key: key,
                        nonce: nonce.span,
                        associated: extra.span
                    )
                } catch { failure = error }
                #expect(failure == .authenticationFailed, "case \(vector.id)")
                #expect(opened.allSatisfy { $0 == 0 }, "case \(vector.id)")
            }
            count += 1
        }
        #expect(count == 66)
    }

    @Test func `AES-256-CMAC over our block cipher agrees`() throws {
        var count = 0
        for vector in try VectorFile("aes_cmac_test.json").cases {
            let mac = try cmac(vector.bytes("msg"), key: key(vector.bytes("key")))
            #expect(try (mac == vector.bytes("tag")) == vector.isValid, "case \(vector.id)")
            count += 1
        }
        #expect(count == 102)
    }

    @Test func `HKDF-SHA-256 agrees`() throws {
        var count = 0
        for vector in try VectorFile("hkdf_sha256_test.json").cases {
            let secret = try vector.bytes("ikm")
            let salt = try vector.bytes("salt")
            let info = try vector.bytes("info")
            let size = try Int(#require(vector.test["size"]?.asInteger))
            if vector.isValid {
                let derived = try HKDF.derive(
                    secret: secret.span,
                    salt: salt.span,
                    info: info.span,
                    count: size
                )
                #expect(try revealed(derived) == vector.bytes("okm"), "case \(vector.id)")
            } else {
                var failure: SealingError?
                do throws(SealingError) {
                    _ = try HKDF.derive(
                        secret: secret.span,
                        salt: salt.span,
                        info: info.span,
                        count: size
                    )
                } catch { failure = error }
                #expect(failure == .invalidParameter, "case \(vector.id)")
            }
            count += 1
        }
        #expect(count == 86)
    }

    @Test func `HMAC-SHA-256 agrees, whole and truncated to 16 bytes`() throws {
        let none: [UInt8] = []
        let reused = HMACSHA256(key: none.span)
        var counts = [16: 0, 32: 0]
        for vector in try VectorFile("hmac_sha256_test.json").cases {
            let key = try vector.bytes("key")
            let message = try vector.bytes("msg")
            let tag = try vector.bytes("tag")
            reused.rekey(key.span)
            let mac = reused.authenticate(message.span)
            #expect((mac.bytes.prefix(tag.count) == tag[...]) == vector.isValid)
            #expect(HMACSHA256(key: key.span).authenticate(message.span) == mac)
            counts[tag.count, default: 0] += 1
        }
        #expect(counts == [16: 87, 32: 87])
    }

    @Test func `Ed25519 accepts and refuses as published`() throws {
        var count = 0
        for vector in try VectorFile("ed25519_test.json").cases {
            let publicKey = try hex(#require(vector.group["publicKey"]?["pk"]?.asText))
            let message = try vector.bytes("msg")
            let signature = try vector.bytes("sig")
            let isValid = Ed25519.isValid(
                signature.span,
                of: message.span,
                publicKey: publicKey.span
            )
            #expect(isValid == vector.isValid, "case \(vector.id)")
            count += 1
        }
        #expect(count == 151)
    }
}
