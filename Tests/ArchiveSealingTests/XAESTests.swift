import ArchiveBytes
import ArchiveSealing
import Testing

@Suite struct `XAES-256-GCM` {
    @Test func `the published messages seal to the published bytes`() throws {
        let cipher = XAES256GCM()
        let nonce = Array("ABCDEFGHIJKLMNOPQRSTUVWX".utf8)
        let plain = Array("XAES-256-GCM".utf8)
        for (fill, associated, expected) in [
            (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (
                3, "c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"
            ),
        ] as [(UInt8, String, String)] {
            let keyBytes = [UInt8](repeating: fill, count: 32)
            let key = try SecretKey(copying: keyBytes.span)
            let extra = Array(associated.utf8)
            var sealed = [UInt8](repeating: 0, count: plain.count + XAES256GCM.overhead)
            var target = sealed.mutableSpan
            try cipher.seal(
                plain.span, into: &target, key: key, nonce: nonce.span, associated: extra.span)
            #expect(Hex.encode(sealed) == expected)
        }
    }
}
