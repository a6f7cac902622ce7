/// Parts of an object that was never completed: whoever sent them was stopped.
///
/// They are no object and nobody can read them, but they take room and are paid for.
public struct UnfinishedUpload: Hashable, Sendable {
    /// The name that the object was to have.
    public let name: ObjectName
    /// When it was begun, by the store's own clock, in microseconds since 1970.
    public let begun: Int64
    /// What the store calls it.
    public let id: String

    /// Describes an upload.
    public init(name: ObjectName, begun: Int64, id: String) {
        self.name = name
        self.begun = begun
        self.id = id
    }
}

/// A store in which an interrupted put may leave parts behind.
public protocol PartsStore: ObjectStore {
    /// The uploads in the store's place that were begun and neither completed nor given up.
    func unfinishedUploads() async throws(VaultError) -> [UnfinishedUpload]

    /// Gives an upload up and frees its parts' room; no error if it is gone.
    func giveUp(_ upload: UnfinishedUpload) async throws(VaultError)
}
