import ArchiveFormat
public import StrongroomVaults

/// How long each object of a vault is to be locked, and how long it is.
///
/// An object is locked as long as the longest-lived snapshot that needs it; of what somebody holds, a
/// legal hold keeps it until it is released.
public struct LockPlan: Sendable {
    /// An object that a snapshot needs.
    public struct Entry: Sendable {
        /// Its name in the vault.
        public var name: String { object.text }
        /// Its length.
        public let byteCount: UInt64
        /// How long the rules keep it, in microseconds since 1970.
        public let wanted: Int64
        /// Whether a snapshot that somebody holds needs it.
        public let isHeld: Bool
        /// The lock that it has.
        public let lock: ObjectLock
        /// Whether the lock is to be made longer now: it ends early, or soon.
        public let isShort: Bool

        let object: VaultObject

        /// Whether the legal hold is to be changed.
        public var changesHold: Bool { isHeld != lock.isHeld }
    }

    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// When it was looked at, in microseconds since 1970.
    public let now: Int64
    /// Every object that a snapshot needs, in the order of their names.
    public let entries: [Entry]

    /// Bytes that snapshots need.
    public var byteCount: UInt64 { sum { _ in true } }
    /// Bytes that anybody with the key could remove now.
    public var unprotectedByteCount: UInt64 { sum { !$0.lock.isClosed(at: now) } }
    /// Objects that anybody with the key could remove now.
    public var unprotectedCount: Int { entries.count { !$0.lock.isClosed(at: now) } }
    /// Bytes whose lock is to be made longer now.
    public var shortByteCount: UInt64 { sum(\.isShort) }
    /// When the first of the locks ends; nil if there is none.
    public var firstEnd: Int64? {
        entries.compactMap { $0.lock.isClosed(at: now) ? $0.lock.until : nil }.min()
    }
    /// What is to be changed.
    public var changes: [Entry] { entries.filter { $0.isShort || $0.changesHold } }

    private func sum(_ isCounted: (Entry) -> Bool) -> UInt64 {
        entries.reduce(0) { isCounted($1) ? $0 + $1.byteCount : $0 }
    }
}
