import ArchiveBytes
package import ArchiveFormat
package import ArchiveKeys
package import ArchiveSealing
package import ArchiveSegments

/// The keyring as the log needs it.
package struct KeyringKeys: LogKeys {
    package let keyring: Keyring

    package init(_ keyring: Keyring) {
        self.keyring = keyring
        for collection in SystemRecords.fixedCollections { keyring.learn(collection: collection) }
    }

    package var archiveID: ArchiveID { keyring.archiveID }
    package var epoch: UInt32 { keyring.currentEpoch }
    package var logKey: SecretKey { keyring.logKey }
    package var publicKey: [UInt8] { keyring.publicKey }
    package var tagMask: TagMask { TagMask(key: keyring.maskKey) }

    package func learn(collection: String) { keyring.learn(collection: collection) }

    package func domain(
        _ name: KeyDomainName,
        epoch: UInt32
    ) throws(LogError) -> FrameDomain {
        let tag = tag(of: name)
        return FrameDomain(
            key: try key(tag, epoch: epoch),
            tag: MaskedTag(tag)
        )
    }

    package func key(of tag: MaskedTag, epoch: UInt32) throws(LogError) -> SecretKey {
        try key(DomainTag(tag), epoch: epoch)
    }

    package func sign(_ message: [UInt8]) throws(LogError) -> [UInt8] {
        do {
            return try keyring.sign(message)
        } catch {
            throw LogError(.system, "signing failed (\(error))")
        }
    }

    /// The key that names a domain's chunks by their content.
    package func contentKey(
        of name: KeyDomainName,
        epoch: UInt32
    ) throws(LogError) -> SecretKey {
        do {
            return try keyring.contentKey(for: tag(of: name), epoch: epoch)
        } catch {
            throw Self.wrapping(error)
        }
    }

    /// The gear table that cuts a domain's large bodies: 256 numbers that only key holders know.
    func gear(of name: KeyDomainName) throws(LogError) -> [UInt64] {
        do {
            let stream = try keyring.chunkerKeyStream(for: tag(of: name), epoch: epoch)
            return stream.withSpan { bytes in (0..<256).map { bytes.u64(at: $0 * 8) } }
        } catch {
            throw Self.wrapping(error)
        }
    }

    private func tag(of name: KeyDomainName) -> DomainTag {
        switch name {
        case .collection(let collection): keyring.tag(of: .collection(collection))
        case .subject(let subject): keyring.tag(of: .subject(subject))
        }
    }

    private func key(_ tag: DomainTag, epoch: UInt32) throws(LogError) -> SecretKey {
        do {
            return try keyring.domainKey(for: tag, epoch: epoch)
        } catch {
            throw Self.wrapping(error)
        }
    }

    private static func wrapping(_ error: KeyError) -> LogError {
        error.code == .erased
            ? LogError(.erased, "the subject was erased; its key is destroyed")
            : LogError(.missingKey, "a key of the archive cannot be derived (\(error))")
    }
}
