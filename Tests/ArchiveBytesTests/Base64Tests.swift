import ArchiveBytes
import Testing

@Suite struct `Base64 text` {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of RFC 4648 go both ways`(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test func `every byte value at every place comes back`() {
        for byte in UInt8.min...UInt8.max {
            for count in 1...6 {
                let bytes = [UInt8](repeating: byte, count: count)
                #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            }
        }
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Z", "=", "==", "====", "Z===", "Zg==Zg==", "Zm=v", "Zm8=\n",
        " Zm8=", "Zm\n9v", "Zm9-", "Zm9_", "Zm9é", "Zh==", "Zm9=",
    ])
    func `only the one right spelling is accepted`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
