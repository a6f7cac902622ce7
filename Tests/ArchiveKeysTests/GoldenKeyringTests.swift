import ArchiveBytes
import ArchiveSealing
import Foundation
import Testing

@testable import ArchiveKeys

/// `Vectors/keyring-v1.json` was written once by the first release and is never written again.
@Suite struct `Keyring of version 1` {
    private func golden() throws -> [UInt8] {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return try [UInt8](Data(contentsOf: directory.appending(path: "Vectors/keyring-v1.json")))
    }

    @Test func `it opens for ever, by passphrase and by key file`() throws {
        let bytes = try golden()
        let file = try KeyringFile(decoding: bytes.span)
        #expect(file.generation == 2)
        #expect(file.revision == 3)
        #expect(file.slots.map(\.label) == ["golden passphrase", "golden key file"])
        for credential in try [Sample.passphrase("golden"), Sample.keyFile(0xab, count: 48)] {
            let keyring = try file.open(credential)
            #expect(
                Hex.encode(keyring.publicKey)
                    == "0da0ec04122bf8bfb073670d5b8ac74cc6458822a941d0c0deb46325406104fb"
            )
            #expect(
                Hex.encode(keyring.indexKey.revealed)
                    == "c5a8a9b471602a0ae2b29ccdcb9c26153bb0e0219b34a44780a2a91cd956b59c"
            )
            #expect(
                try Hex.encode(keyring.key(.subject("MRN-000123")))
                    == "4396da41efd984ea1d3055e1ca8203072d545f064ec24027dadd937ffe988416"
            )
            #expect(
                try Hex.encode(keyring.key(.collection("system")))
                    == "d7966e48abbd54013104e87f3af988abb5a4d12b763e131ed1bfb6dcc2f4d223"
            )
            #expect(keyring.isErased(keyring.tag(of: .subject("MRN-000666"))))
        }
    }

    @Test func `encoding it again changes no byte`() throws {
        let bytes = try golden()
        #expect(try KeyringFile(decoding: bytes.span).bytes() == bytes)
    }
}
