/// What keeps an object from being removed, by the store's own promise.
public struct ObjectLock: Equatable, Sendable {
    /// Who may lift a lock before its time.
    public enum Mode: String, Sendable, CaseIterable {
        /// Nobody, not the owner of the account either.
        case compliance
        /// Those with a permission of its own.
        case governance
    }

    /// Nil if there is no lock with an end.
    public var mode: Mode?
    /// When the lock ends, in microseconds since 1970; nil if there is none.
    public var until: Int64?
    /// Whether a legal hold keeps it until that is lifted.
    public var isHeld = false

    /// No lock.
    public init() {}

    /// Whether the object cannot be removed at a moment.
    public func isClosed(at now: Int64) -> Bool { isHeld || (until ?? .min) > now }
}

/// A store that can promise not to remove an object before a time.
public protocol LockingStore: ObjectStore {
    /// Whether the store's place was made for locks.
    func canLock() async throws(VaultError) -> Bool

    /// The lock of an object; `notFound` if there is none of that name.
    func lock(of name: ObjectName) async throws(VaultError) -> ObjectLock

    /// Locks an object until a time, in microseconds since 1970.
    ///
    /// A lock can be made longer, never shorter.
    func lock(
        _ name: ObjectName,
        _ mode: ObjectLock.Mode,
        until time: Int64
    ) async throws(VaultError)

    /// Places or lifts the legal hold of an object.
    func setHold(_ isHeld: Bool, on name: ObjectName) async throws(VaultError)

    /// Removes an object with all its older versions, so that its room is free.
    ///
    /// `refused` if one is locked; `notFound` if there is none.
    func purge(_ name: ObjectName) async throws(VaultError)
}
