import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

@testable import ArchiveKeys

@Suite struct `Keyring file` {
    private func decoded(_ bytes: [UInt8]) throws -> KeyringFile {
        try KeyringFile(decoding: bytes.span)
    }

    /// The file with `change` made to its document and the digest set right again, as an attacker
    /// without keys would.
    private func forged(
        _ file: KeyringFile,
        _ change: (inout JSONObject) -> Void
    ) throws -> [UInt8] {
        let bytes = try file.bytes()
        var document = try #require(JSONValue(parsing: bytes.span).asObject)
        change(&document)
        document["digest"] = nil
        let covered = try JSONValue.object(document).canonicalBytes()
        document["digest"] = .text(SHA256.hash(covered.span).hex)
        return try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
    }

    private func forgedSlot(
        _ file: KeyringFile,
        _ change: (inout JSONObject) -> Void
    ) throws -> [UInt8] {
        try forged(file) { document in
            var slots = document["slots"]?.asArray ?? []
            var slot = slots[0].asObject ?? [:]
            change(&slot)
            slots[0] = .object(slot)
            document["slots"] = .array(slots)
        }
    }

    @Test func `what is written opens to the same keys`() throws {
        let (file, keyring) = try Sample.create()
        let opened = try decoded(file.bytes()).open(Sample.passphrase())
        #expect(opened.archiveID == keyring.archiveID)
        #expect(opened.generation == 1)
        #expect(opened.currentEpoch == 1)
        #expect(opened.publicKey == keyring.publicKey)
        #expect(opened.indexKey.constantTimeEquals(keyring.indexKey))
        #expect(opened.logKey.constantTimeEquals(keyring.logKey))
        #expect(try opened.key(.subject("x")) == keyring.key(.subject("x")))
        #expect(try opened.key(.collection("system")) == keyring.key(.collection("system")))
    }

    @Test func `a key file of any allowed size opens`() throws {
        for count in [32, 33, 65_536] {
            let credential = try Sample.keyFile(count: count)
            let file = try Sample.create(credential).file
            #expect(file.slots.map(\.kind) == ["key-file"])
            _ = try decoded(file.bytes()).open(credential)
        }
    }

    @Test func `the slots are listed without any secret`() throws {
        let (file, keyring) = try Sample.create()
        let two = try file.adding(
            Sample.keyFile(),
            label: "safe, second floor",
            created: Sample.created,
            unlockedBy: keyring
        )
        #expect(two.slots.map(\.kind) == ["passphrase", "key-file"])
        #expect(two.slots.map(\.label) == ["first", "safe, second floor"])
        #expect(two.slots.allSatisfy { $0.created == Sample.created && $0.role == .owner })
        #expect(Set(two.slots.map(\.id)).count == 2)
    }

    @Test func `the wrong key is told from a damaged file`() throws {
        let bytes = try Sample.create().file.bytes()
        for wrong in try [
            Sample.passphrase("correct horsf"), Sample.passphrase("correct horse "),
            Sample.keyFile(),
        ] {
            #expect(code { _ = try decoded(bytes).open(wrong) } == .wrongKey)
        }
        var damaged = bytes
        damaged[bytes.count / 2] ^= 1
        #expect(code { _ = try decoded(damaged).open(Sample.passphrase()) } == .damaged)
    }

    @Test func `one flipped bit at every byte is refused`() throws {
        let (file, keyring) = try Sample.create(Sample.keyFile())
        let both = try file.adding(
            Sample.passphrase(),
            label: "p",
            created: Sample.created,
            cost: Sample.cost(),
            unlockedBy: keyring
        )
        let bytes = try both.bytes()
        _ = try decoded(bytes).open(Sample.keyFile())
        for index in bytes.indices {
            for bit in [0, 5, Int(index % 8)] {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                let found = code { _ = try decoded(changed).open(Sample.keyFile()) }
                #expect(found == .damaged || found == .unsupported, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func `a file cut short or with more behind it is refused`() throws {
        let bytes = try Sample.create().file.bytes()
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(code { _ = try decoded(Array(bytes[..<count])) } == .damaged)
        }
        for tail in ["\n", " ", "{}", "\u{0}"] {
            #expect(code { _ = try decoded(bytes + Array(tail.utf8)) } == .damaged)
        }
    }

    @Test func `a forger who mends the digest is found when the keyring is opened`() throws {
        let (file, keyring) = try Sample.create(Sample.keyFile())
        let credential = try Sample.keyFile()
        let stranger = try Sample.create(Sample.keyFile(3)).file
        let both = try file.adding(
            Sample.keyFile(1),
            label: "b",
            created: Sample.created,
            unlockedBy: keyring
        )
        let strangeSlot = try #require(stranger.slots.first).document
        let forgeries = try [
            forged(file) { $0["archive_id"] = .text(String(repeating: "aa", count: 16)) },
            forged(file) { $0["generation"] = 2 },
            forged(file) { $0["revision"] = 2 },
            forged(file) { $0["keyring"] = .text(String(repeating: "00", count: 300)) },
            forged(file) { $0["keyring"] = .text("") },
            forged(file) { document in
                let slots = document["slots"]?.asArray ?? []
                document["slots"] = .array(slots + [.object(strangeSlot)])
            },
            forged(both) { document in
                document["slots"] = .array((document["slots"]?.asArray ?? []).dropLast())
            },
            forged(both) { document in
                document["slots"] = .array((document["slots"]?.asArray ?? []).reversed())
            },
            forgedSlot(file) { $0["label"] = "other" },
            forgedSlot(file) { $0["id"] = "00000000" },
            forgedSlot(file) { $0["created"] = "2020-01-01T00:00:00Z" },
            forgedSlot(file) { $0["sealed_kek"] = .text(String(repeating: "00", count: 72)) },
            forgedSlot(file) { $0["sealed_kek"] = .text("") },
        ]
        for (number, forgery) in forgeries.enumerated() {
            let found = code { _ = try decoded(forgery).open(credential) }
            #expect(found == .damaged, "forgery \(number)")
        }
        // A changed salt or commitment makes the right key look wrong, and opens nothing either.
        let salt = JSONValue.text(String(repeating: "11", count: 32))
        for forgery in try [
            forgedSlot(file) { $0["parameters"] = ["salt": salt] },
            forgedSlot(file) { $0["commitment"] = salt },
        ] {
            #expect(code { _ = try decoded(forgery).open(credential) } == .wrongKey)
        }
    }

    @Test func `a forged slot list cannot be extended either`() throws {
        let (file, keyring) = try Sample.create()
        let forgery = try decoded(forgedSlot(file) { $0["label"] = "other" })
        let attempt = code {
            _ = try forgery.adding(
                Sample.keyFile(),
                label: "x",
                created: Sample.created,
                unlockedBy: keyring
            )
        }
        #expect(attempt == .damaged)
    }

    @Test func `a cost that would exhaust the machine is refused before it is paid`() throws {
        let file = try Sample.create().file
        let salt = JSONValue.text(String(repeating: "11", count: 32))
        for (logN, r, p) in [
            (30, 8, 1), (63, 8, 1), (9, 8, 1), (20, 16, 1), (17, 1 << 40, 1), (17, 8, 1 << 40),
            (17, 0, 1), (-1, 8, 1),
        ] as [(Int64, Int64, Int64)] {
            let bomb = try forgedSlot(file) {
                $0["parameters"] = [
                    "log_n": .integer(logN), "r": .integer(r), "p": .integer(p), "salt": salt,
                ]
            }
            #expect(code { _ = try decoded(bomb) } == .damaged)
        }
    }

    @Test func `what a newer release wrote is named as such`() throws {
        let file = try Sample.create().file
        for future in try [
            forged(file) { $0["format_version"] = 2 },
            forgedSlot(file) { $0["kind"] = "recipient" },
            forgedSlot(file) { $0["role"] = "reader" },
        ] {
            #expect(code { _ = try decoded(future) } == .unsupported)
        }
    }

    @Test func `a missing, foreign or superfluous field is refused`() throws {
        let file = try Sample.create().file
        for name in [
            "archive_id", "format", "format_version", "generation", "revision", "slots", "keyring",
        ] {
            #expect(code { _ = try decoded(forged(file) { $0[name] = nil }) } == .damaged)
        }
        for name in [
            "commitment", "created", "id", "kind", "label", "parameters", "role", "sealed_kek",
        ] {
            #expect(code { _ = try decoded(forgedSlot(file) { $0[name] = nil }) } == .damaged)
        }
        for odd in try [
            forged(file) { $0["extra"] = 1 }, forgedSlot(file) { $0["extra"] = 1 },
            forged(file) { $0["slots"] = [] }, forged(file) { $0["generation"] = 0 },
            forged(file) { $0["format"] = "another" },
            forged(file) { $0["archive_id"] = .text(String(repeating: "AA", count: 16)) },
            Array("[]\n".utf8), Array("{}\n".utf8), [],
        ] {
            #expect(code { _ = try decoded(odd) } == .damaged)
        }
    }
}
