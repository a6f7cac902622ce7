package import ArchiveBytes
package import ArchiveFormat
package import ArchiveSealing

/// `keyring.json`: the slots, and the keyring sealed under their KEK.
///
/// The file is one JSON object in RFC 8785 form and a newline. Every byte is covered, three times:
/// `digest` is the SHA-256 of the canonical form without it, so that accidental damage is told from
/// a wrong key without any key; the sealed keyring has the canonical form without `digest` and
/// `keyring` as associated data, so that nobody changes a slot, adds or removes one without the KEK;
/// and a file that is not exactly what its content encodes to is refused.
///
/// `keyring` is a random 24-byte nonce ‖ XAES-256-GCM under the KEK with associated data
/// `strongroom/v1/keyring` ‖ 0x00 ‖ that canonical form.
package struct KeyringFile: Equatable, Sendable {
    package static let slotLimit = 32
    /// Some 5,000 erasures; the limit protects memory before anything is authenticated.
    package static let byteCountLimit = 64 << 20
    static let format = "strongroom keyring"

    package let archiveID: ArchiveID
    /// Counts KEKs: an erasure or a rotation begins another.
    package let generation: UInt64
    /// Counts the versions of the file, so that the newer of two copies is known.
    package let revision: UInt64
    package let slots: [KeySlot]
    let sealedKeyring: [UInt8]

    init(
        _ identity: KeyringIdentity,
        revision: UInt64,
        slots: [KeySlot],
        sealedKeyring: [UInt8]
    ) {
        archiveID = identity.archiveID
        generation = identity.generation
        self.revision = revision
        self.slots = slots
        self.sealedKeyring = sealedKeyring
    }

    var identity: KeyringIdentity {
        KeyringIdentity(archiveID: archiveID, generation: generation)
    }
}

// Making and changing.
extension KeyringFile {
    /// Draws the keys of a new archive and gives them to `credential`.
    package static func create(
        archiveID: ArchiveID,
        credential: Credential,
        label: String,
        created: Timestamp,
        cost: Scrypt.Parameters = .standard
    ) throws(KeyError) -> (file: KeyringFile, keyring: Keyring) {
        let keyring = try Keyring(
            archiveID: archiveID,
            generation: 1,
            kek: .drawn(),
            secrets: .drawn()
        )
        let slot = try newSlot(
            for: credential,
            label: label,
            created: created,
            cost: cost,
            keyring: keyring,
            beside: []
        )
        return (try sealing(keyring, slots: [slot], revision: 1), keyring)
    }

    /// This file with one slot more, which opens with `credential`.
    package func adding(
        _ credential: Credential,
        label: String,
        created: Timestamp,
        cost: Scrypt.Parameters = .standard,
        unlockedBy keyring: Keyring
    ) throws(KeyError) -> KeyringFile {
        try check(keyring)
        guard slots.count < Self.slotLimit else {
            throw KeyError(
                .tooManySlots,
                "the keyring has \(Self.slotLimit) slots already; remove one first"
            )
        }
        let slot = try Self.newSlot(
            for: credential,
            label: label,
            created: created,
            cost: cost,
            keyring: keyring,
            beside: slots
        )
        return try Self.sealing(keyring, slots: slots + [slot], revision: revision + 1)
    }

    /// This file without the slot `id`.
    ///
    /// Who had the slot's credential and an older copy of the file can still open that copy; only
    /// rotation takes new data from them.
    ///
    /// - Throws: `lastSlot` if no other slot is left, `noSuchSlot` if there is none of this id.
    package func removing(
        slot id: String,
        unlockedBy keyring: Keyring
    ) throws(KeyError) -> KeyringFile {
        try check(keyring)
        let rest = slots.filter { $0.id != id }
        guard rest.count < slots.count else {
            throw KeyError(.noSuchSlot, "the keyring has no slot \(id); `key list` shows them")
        }
        guard !rest.isEmpty else {
            throw KeyError(
                .lastSlot,
                "slot \(id) is the last that opens the archive; add another first"
            )
        }
        return try Self.sealing(keyring, slots: rest, revision: revision + 1)
    }

    /// The next generation of this keyring, in which the subjects of `tags` are erased.
    ///
    /// It has a new KEK, so every slot is sealed again, and that needs the credential of every slot.
    /// The erasure is done when the file that this one was read from is destroyed, and every copy.
    ///
    /// - Throws: `credentialMissing` if none of `credentials` opens one of the slots.
    package func erasing(
        _ tags: [DomainTag],
        carrying credentials: [Credential],
        unlockedBy keyring: Keyring
    ) throws(KeyError) -> KeyringFile {
        try check(keyring)
        let next = try Keyring(
            archiveID: archiveID,
            generation: generation + 1,
            kek: .drawn(),
            secrets: keyring.secrets.erasing(tags)
        )
        var carried: [KeySlot] = []
        for slot in slots {
            carried.append(try carry(slot, to: next, credentials: credentials))
        }
        return try Self.sealing(next, slots: carried, revision: revision + 1)
    }

    private func carry(
        _ slot: KeySlot,
        to next: Keyring,
        credentials: [Credential]
    ) throws(KeyError) -> KeySlot {
        for credential in credentials {
            guard try slot.kek(for: credential, keyring: identity) != nil else { continue }
            return try slot.resealed(next.kek, for: credential, keyring: next.identity)
        }
        throw KeyError(
            .credentialMissing,
            "slot \(slot.id) cannot be carried over without its key; give it, or remove the slot"
        )
    }

    private static func newSlot(
        for credential: Credential,
        label: String,
        created: Timestamp,
        cost: Scrypt.Parameters,
        keyring: Keyring,
        beside slots: [KeySlot]
    ) throws(KeyError) -> KeySlot {
        var id = Hex.encode(try drawnBytes(4))
        while slots.contains(where: { $0.id == id }) { id = Hex.encode(try drawnBytes(4)) }
        return try KeySlot.sealing(
            keyring.kek,
            for: credential,
            label: label,
            id: id,
            created: created,
            cost: cost,
            keyring: keyring.identity
        )
    }

    private static func sealing(
        _ keyring: Keyring,
        slots: [KeySlot],
        revision: UInt64
    ) throws(KeyError) -> KeyringFile {
        let identity = keyring.identity
        let open = KeyringFile(
            identity,
            revision: revision,
            slots: slots,
            sealedKeyring: []
        )
        let sealed = try keyring.secrets.encoded().withSpan { plain throws(KeyError) in
            try SealedBox.seal(plain, key: keyring.kek, associated: open.associated())
        }
        return KeyringFile(identity, revision: revision, slots: slots, sealedKeyring: sealed)
    }

    /// Makes sure that `keyring` is that of this file and that nobody has changed its slots.
    private func check(_ keyring: Keyring) throws(KeyError) {
        guard keyring.archiveID == archiveID, keyring.generation == generation else {
            throw KeyError(
                .foreign,
                "keyring.json is of another archive or was replaced meanwhile; open it again"
            )
        }
        _ = try secrets(under: keyring.kek)
    }
}

// Opening.
extension KeyringFile {
    /// Opens the keyring with the first slot that `credential` fits.
    ///
    /// - Throws: `wrongKey` if it fits none, `damaged` if it fits and something was changed.
    package func open(_ credential: Credential) throws(KeyError) -> Keyring {
        for slot in slots {
            guard let kek = try slot.kek(for: credential, keyring: identity) else { continue }
            return try Keyring(
                archiveID: archiveID,
                generation: generation,
                kek: kek,
                secrets: secrets(under: kek)
            )
        }
        throw KeyError(
            .wrongKey,
            (slots.count == 1
                ? "the only key slot does not open with this key"
                : "none of the \(slots.count) key slots opens with this key")
                + "; `key list` shows \(slots.count == 1 ? "its label" : "their labels")"
        )
    }

    private func secrets(under kek: SecretKey) throws(KeyError) -> KeyringSecrets {
        let plain = try SealedBox.open(
            sealedKeyring,
            key: kek,
            associated: associated(),
            finding: "keyring.json was changed after it was written; restore a copy of it"
        )
        return try plain.withSpan { bytes throws(KeyError) in
            try KeyringSecrets(decoding: bytes)
        }
    }

    private func associated() throws(KeyError) -> [UInt8] {
        Array("strongroom/v1/keyring".utf8) + [0] + (try canonical(publicDocument))
    }
}
