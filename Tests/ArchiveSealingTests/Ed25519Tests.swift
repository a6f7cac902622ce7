import ArchiveBytes
import ArchiveSealing
import Testing

@Suite struct `Ed25519 signatures` {
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            """
            e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
            5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
            """
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            """
            92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
            085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
            """
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            """
            6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
            18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
            """
        ),
    ])
    func `the examples of RFC 8032 sign and verify`(
        seed: String,
        publicKey: String,
        message: String,
        signature: String
    ) throws {
        let pair = try Ed25519.KeyPair(seed: key(hex(seed)))
        #expect(try pair.publicKey == hex(publicKey))
        let message = try hex(message)
        let signed = try pair.sign(message.span)
        #expect(try signed == hex(signature))
        #expect(isValid(signed, of: message, publicKey: pair.publicKey))
    }

    private func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        Ed25519.isValid(signature.span, of: message.span, publicKey: publicKey.span)
    }

    @Test func `one flipped bit anywhere is not valid`() throws {
        let pair = try Ed25519.KeyPair(seed: .random())
        let message = Array("manifest".utf8)
        let fields = try [pair.sign(message.span), message, pair.publicKey]
        for field in fields.indices {
            for bit in 0..<fields[field].count * 8 {
                var changed = fields
                changed[field][bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(!isValid(changed[0], of: changed[1], publicKey: changed[2]))
            }
        }
    }

    @Test(arguments: [(0, 32), (63, 32), (65, 32), (64, 0), (64, 31), (64, 33)])
    func `other lengths are not valid`(signatureCount: Int, keyCount: Int) {
        let signature = [UInt8](repeating: 0, count: signatureCount)
        let publicKey = [UInt8](repeating: 0, count: keyCount)
        #expect(!isValid(signature, of: [], publicKey: publicKey))
    }
}
