/// What a store itself keeps as the checksum of an object, and tells without sending the object.
public enum StoredChecksum: Hashable, Sendable {
    /// SHA-256 of all bytes.
    case whole([UInt8])
    /// SHA-256 over the SHA-256 of each of so many parts, in which the object was sent.
    case parts([UInt8], count: Int)
}

/// A store that keeps checksums which it made of the bytes that it was sent.
public protocol ChecksumStore: ObjectStore {
    /// What the store keeps of an object; nil if it keeps nothing, or says it in a way not known here.
    ///
    /// A missing object is `notFound`.
    func checksum(of name: ObjectName) async throws(VaultError) -> StoredChecksum?
}
