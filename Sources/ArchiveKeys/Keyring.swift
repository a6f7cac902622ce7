package import ArchiveFormat
package import ArchiveSealing
import Synchronization

/// An opened keyring: every key of an archive, for any number of threads.
///
/// `KeyLabel` lists how each key is derived.
package final class Keyring: Sendable {
    /// The collection of rules, holds and ledgers, whose name is fixed.
    package static let systemCollection = "system"

    package let archiveID: ArchiveID
    /// The keyring generation that this was opened from; an erasure or rotation begins another.
    package let generation: UInt64
    /// The epoch of new frames.
    package let currentEpoch: UInt32
    /// Seals the pages of the index; another one with each generation.
    package let indexKey: SecretKey
    /// Authenticates commit and seal frames.
    package let logKey: SecretKey
    /// Masks the tags in the headers of frames.
    package let maskKey: SecretKey
    /// The public half of the signing key.
    package var publicKey: [UInt8] { signingKey.publicKey }

    var identity: KeyringIdentity {
        KeyringIdentity(archiveID: archiveID, generation: generation)
    }

    let secrets: KeyringSecrets
    /// Kept to seal the keyring again when slots change.
    let kek: SecretKey
    private let signingKey: Ed25519.KeyPair
    private let tagger: Mutex<HMACSHA256>
    private let shards = (0..<shardCount).map { _ in Shard() }

    /// What is known of the tags of one shard: each frame asks, and threads would wait for each other.
    private final class Shard: Sendable {
        struct State {
            var collections: [DomainTag: String] = [:]
            var cache = KeyCache(limit: KeyCache.limit / Keyring.shardCount)
        }

        let state = Mutex(State())
    }

    /// Some for each processor of a large machine; each has keys for some hundred domains.
    private static let shardCount = 32

    private func shard(of tag: DomainTag) -> Shard {
        shards[Int(truncatingIfNeeded: tag.head % UInt64(Self.shardCount))]
    }

    init(
        archiveID: ArchiveID,
        generation: UInt64,
        kek: SecretKey,
        secrets: KeyringSecrets
    ) throws(KeyError) {
        self.archiveID = archiveID
        self.generation = generation
        self.kek = kek
        self.secrets = secrets
        currentEpoch = secrets.currentEpoch
        indexKey = try secrets.root.derived(.index, salt: secrets.indexSalt)
        logKey = try secrets.root.derived(.log)
        maskKey = try secrets.root.derived(.mask)
        do throws(SealingError) {
            signingKey = try Ed25519.KeyPair(seed: secrets.signingSeed)
        } catch {
            throw KeyError(error)
        }
        tagger = Mutex(HMACSHA256(key: try secrets.root.derived(.tag)))
        learn(collection: Self.systemCollection)
    }

    /// The tag of `domain`: the first twelve bytes of HMAC-SHA-256 under the tag key over
    /// `0x01 ‖ subject` or `0x00 ‖ collection`.
    package func tag(of domain: KeyDomain) -> DomainTag {
        let input = domain.tagInput
        let digest = tagger.withLock { $0.authenticate(input.span) }
        let bytes = digest.bytes
        return DomainTag(bytes.span)
    }

    /// Makes the tag of `collection` lead to its key.
    ///
    /// Cheap to repeat.
    package func learn(collection: String) {
        let tag = tag(of: .collection(collection))
        shard(of: tag).state.withLock { state in
            guard state.collections.updateValue(collection, forKey: tag) == nil else { return }
            state.cache.removeAll(of: tag)
        }
    }

    /// The key that seals the frames of a domain in `epoch`.
    ///
    /// A tag that belongs to no collection learnt so far is that of a subject.
    ///
    /// - Throws: `erased` if the subject was erased, `unknownEpoch` if this keyring has no such epoch.
    package func domainKey(for tag: DomainTag, epoch: UInt32) throws(KeyError) -> SecretKey {
        let place = KeyCache.Place(tag: tag, epoch: epoch)
        let shard = shard(of: tag)
        let (known, collection) = shard.state.withLock { state in
            let known = state.cache.key(at: place)
            return (known, known == nil ? state.collections[tag] : nil)
        }
        if let known { return known }
        guard let epochKey = secrets.epochs[epoch] else {
            throw KeyError(
                .unknownEpoch,
                "the keyring has no key of epoch \(epoch); open with the archive's latest keyring.json"
            )
        }
        let key: SecretKey
        if let collection {
            key = try epochKey.derived(.common, suffix: collection)
        } else if let leaf = try secrets.tree.leaf(of: tag) {
            key = try leaf.derived(.subject, salt: epochKey)
        } else {
            throw KeyError(
                .erased,
                "the subject was erased and its records cannot be read by anyone"
            )
        }
        shard.state.withLock { state in
            // The collection may have been learnt meanwhile; then the key is not that of the tag.
            if state.collections[tag] == collection { state.cache.insert(key, at: place) }
        }
        return key
    }

    /// Tells whether `tag` is that of an erased subject.
    package func isErased(_ tag: DomainTag) -> Bool {
        let isCollection = shard(of: tag).state.withLock { $0.collections[tag] != nil }
        return !isCollection && secrets.tree.isErased(tag)
    }

    /// The key that makes the content ids of a domain's chunks.
    package func contentKey(for tag: DomainTag, epoch: UInt32) throws(KeyError) -> SecretKey {
        try domainKey(for: tag, epoch: epoch).derived(.content)
    }

    /// The 2,048 secret bytes of the gear table that cuts a domain's large bodies.
    package func chunkerKeyStream(
        for tag: DomainTag,
        epoch: UInt32
    ) throws(KeyError) -> SecretBytes {
        try domainKey(for: tag, epoch: epoch).derivedBytes(.chunker, count: 2_048)
    }

    /// Signs `message` with the archive's signing key.
    package func sign(_ message: [UInt8]) throws(KeyError) -> [UInt8] {
        do throws(SealingError) {
            return try signingKey.sign(message.span)
        } catch {
            throw KeyError(error)
        }
    }
}
