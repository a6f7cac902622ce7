import StrongroomVaults
import Testing

@Suite struct `An object name` {
    @Test(arguments: [
        "a", "segments/0000000000000001.seg", "A-Z_0.9", "a..b", "a./b",
        String(repeating: "n", count: 200),
    ])
    func `is kept if it is safe everywhere`(text: String) throws {
        #expect(try ObjectName(text).description == text)
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", ".hidden", "a/.put-1",
        "a b",
        "a\0", "a\n", "ä", "a\\b", "a:b", "~", String(repeating: "n", count: 201),
    ])
    func `is refused if it could leave the vault or be lost in one`(text: String) {
        #expect(throws: VaultError(.invalidName, "")) { try ObjectName(text) }
    }

    @Test func `orders by bytes`() throws {
        let names = try ["b", "a/x", "a-x", "B"].map { try ObjectName($0) }
        #expect(names.sorted().map(\.text) == ["B", "a-x", "a/x", "b"])
    }

    @Test func `says in its error what it may be`() {
        let error = #expect(throws: VaultError.self) { try ObjectName("a b") }
        #expect(error?.message.contains("\"a b\" is no object name; use 1 to 200 bytes") == true)
    }
}
