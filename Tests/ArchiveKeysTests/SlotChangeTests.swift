import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Testing

@testable import ArchiveKeys

@Suite struct `Key slots` {
    @Test func `an added slot opens, and so does the first`() throws {
        let (file, keyring) = try Sample.create()
        let added = try file.adding(
            Sample.keyFile(),
            label: "usb",
            created: Sample.created,
            unlockedBy: keyring
        )
        #expect(added.revision == file.revision + 1)
        #expect(added.generation == file.generation)
        for credential in try [Sample.passphrase(), Sample.keyFile()] {
            let opened = try added.open(credential)
            #expect(try opened.key(.subject("x")) == keyring.key(.subject("x")))
        }
        // The file from before the change stays what it was.
        _ = try file.open(Sample.passphrase())
    }

    @Test func `two slots may have the same passphrase and differ in every byte that matters`()
        throws
    {
        let (file, keyring) = try Sample.create()
        let two = try file.adding(
            Sample.passphrase(),
            label: "again",
            created: Sample.created,
            cost: Sample.cost(),
            unlockedBy: keyring
        )
        #expect(two.slots[0].commitment != two.slots[1].commitment)
        #expect(two.slots[0].sealedKEK != two.slots[1].sealedKEK)
    }

    @Test func `a removed slot opens no more`() throws {
        let (file, keyring) = try Sample.create()
        let two = try file.adding(
            Sample.keyFile(),
            label: "usb",
            created: Sample.created,
            unlockedBy: keyring
        )
        let one = try two.removing(slot: two.slots[0].id, unlockedBy: keyring)
        #expect(one.slots.map(\.label) == ["usb"])
        #expect(code { _ = try one.open(Sample.passphrase()) } == .wrongKey)
        _ = try one.open(Sample.keyFile())
    }

    @Test func `the last slot stays`() throws {
        let (file, keyring) = try Sample.create()
        let id = file.slots[0].id
        #expect(code { _ = try file.removing(slot: id, unlockedBy: keyring) } == .lastSlot)
        #expect(code { _ = try file.removing(slot: "nothing", unlockedBy: keyring) } == .noSuchSlot)
    }

    @Test func `there is room for thirty-two slots and no more`() throws {
        var (file, keyring) = try Sample.create(Sample.keyFile(0))
        for number in 1..<KeyringFile.slotLimit {
            file = try file.adding(
                Sample.keyFile(UInt8(number)),
                label: "\(number)",
                created: Sample.created,
                unlockedBy: keyring
            )
        }
        let bytes = try file.bytes()
        _ = try KeyringFile(decoding: bytes.span).open(Sample.keyFile(31))
        let attempt = code {
            _ = try file.adding(
                Sample.keyFile(99),
                label: "x",
                created: Sample.created,
                unlockedBy: keyring
            )
        }
        #expect(attempt == .tooManySlots)
    }

    @Test func `a keyring of another archive or generation changes nothing`() throws {
        let (file, keyring) = try Sample.create()
        let next = try file.erasing([], carrying: [Sample.passphrase()], unlockedBy: keyring)
        let stranger = try KeyringFile.create(
            archiveID: Sample.archiveID(1),
            credential: Sample.keyFile(),
            label: "",
            created: Sample.created
        ).keyring
        for (file, keyring) in [(file, stranger), (next, keyring)] {
            let id = file.slots[0].id
            #expect(code { _ = try file.removing(slot: id, unlockedBy: keyring) } == .foreign)
        }
        // Same archive id, another KEK: two archives made from one copied identity.
        let twin = try Sample.create().keyring
        let id = file.slots[0].id
        #expect(code { _ = try file.removing(slot: id, unlockedBy: twin) } == .damaged)
    }

    @Test func `the next generation has erased its subjects and opens with the same keys`() throws {
        let (file, keyring) = try Sample.create()
        let both = try file.adding(
            Sample.keyFile(),
            label: "usb",
            created: Sample.created,
            unlockedBy: keyring
        )
        let victim = keyring.tag(of: .subject("victim"))
        let credentials = try [Sample.keyFile(), Sample.passphrase()]
        let next = try both.erasing([victim], carrying: credentials, unlockedBy: keyring)
        #expect(next.generation == 2)
        #expect(next.slots.map(\.id) == both.slots.map(\.id))
        let bytes = try next.bytes()
        for credential in credentials {
            let opened = try KeyringFile(decoding: bytes.span).open(credential)
            #expect(opened.isErased(victim))
            #expect(code { _ = try opened.domainKey(for: victim, epoch: 1) } == .erased)
            #expect(try opened.key(.subject("other")) == keyring.key(.subject("other")))
            #expect(opened.publicKey == keyring.publicKey)
            // What an index page still knows of the erased must not open under the new keyring.
            #expect(!opened.indexKey.constantTimeEquals(keyring.indexKey))
        }
        let old = try both.open(Sample.keyFile())
        #expect(try old.key(.subject("victim")) == keyring.key(.subject("victim")))
    }

    @Test func `a generation that would lock a slot out is refused`() throws {
        let (file, keyring) = try Sample.create()
        let both = try file.adding(
            Sample.keyFile(),
            label: "usb",
            created: Sample.created,
            unlockedBy: keyring
        )
        let attempt = code {
            _ = try both.erasing([], carrying: [Sample.keyFile()], unlockedBy: keyring)
        }
        #expect(attempt == .credentialMissing)
    }

    @Test func `the slot of an older generation does not fit into a newer file`() throws {
        let (file, keyring) = try Sample.create()
        let next = try file.erasing([], carrying: [Sample.passphrase()], unlockedBy: keyring)
        let identity = KeyringIdentity(archiveID: next.archiveID, generation: next.generation)
        let credential = try Sample.passphrase()
        let slot = file.slots[0]
        #expect(code { _ = try slot.kek(for: credential, keyring: identity) } == .damaged)
    }

    @Test func `credentials and labels that cannot be right are refused`() throws {
        #expect(code { _ = try Sample.passphrase("") } == .invalidInput)
        #expect(
            code { _ = try Sample.passphrase(String(repeating: "x", count: 4097)) } == .invalidInput
        )
        #expect(code { _ = try Sample.keyFile(count: 31) } == .invalidInput)
        #expect(code { _ = try Sample.keyFile(count: 65_537) } == .invalidInput)
        for label in [String(repeating: "x", count: 129), "a\u{1b}[2J", "a\nb", "\u{85}"] {
            let attempt = code {
                _ = try KeyringFile.create(
                    archiveID: Sample.archiveID(),
                    credential: Sample.keyFile(),
                    label: label,
                    created: Sample.created
                )
            }
            #expect(attempt == .invalidInput)
        }
    }

    @Test func `the default cost is the designed one`() throws {
        #expect(Scrypt.Parameters.standard == (try Scrypt.Parameters(logN: 17, r: 8, p: 1)))
    }
}

@Suite struct `Keyring secrets` {
    @Test func `they come back from their plaintext`() throws {
        let secrets = try Sample.fixed(erasing: ["a", "b"]).secrets
        let copy = try secrets.encoded().withSpan { try KeyringSecrets(decoding: $0) }
        let first = secrets.encoded()
        let isSame = first.constantTimeEquals(copy.encoded())
        #expect(isSame)
        #expect(copy.currentEpoch == 2)
        #expect(copy.tree.nodes.count == secrets.tree.nodes.count)
    }

    @Test func `a plaintext cut anywhere or with bytes behind it is refused`() throws {
        let bytes = try Sample.fixed().secrets.encoded().withSpan { [UInt8](copying: $0) }
        for count in bytes.indices {
            let part = Array(bytes[..<count])
            #expect(code { _ = try KeyringSecrets(decoding: part.span) } == .damaged)
        }
        let longer = bytes + [0]
        #expect(code { _ = try KeyringSecrets(decoding: longer.span) } == .damaged)
    }

    @Test func `epochs out of order and counts beyond the limits are refused`() throws {
        let bytes = try Sample.fixed().secrets.encoded().withSpan { [UInt8](copying: $0) }
        // 96 bytes of keys, the count of epochs, then the first epoch's number.
        for (offset, value) in [(96, 0), (97, 2), (97, 0)] as [(Int, UInt8)] {
            var changed = bytes
            changed[offset] = value
            #expect(code { _ = try KeyringSecrets(decoding: changed.span) } == .damaged)
        }
        let endless = Array(bytes[..<96]) + [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
        #expect(code { _ = try KeyringSecrets(decoding: endless.span) } == .damaged)
    }
}
