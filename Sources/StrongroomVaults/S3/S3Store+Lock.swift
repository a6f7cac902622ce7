import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing

extension S3Store: LockingStore {
    private static let namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
    /// More versions than a thousand of one object are no vault's.
    private static let versionByteLimit = 4 << 20

    /// Whether the bucket was made for locks.
    public func canLock() async throws(VaultError) -> Bool {
        var call = S3Call("ask for locks", "GET", nil)
        call.query = [("object-lock", "")]
        call.expected = [400, 403, 404, 405, 501]
        let answer = try await client.send(call)
        guard answer.failure == nil else { return false }
        return XMLElement(answer.response.body)?["ObjectLockEnabled"] == "Enabled"
    }

    /// The lock of an object; see ``LockingStore``.
    public func lock(of name: ObjectName) async throws(VaultError) -> ObjectLock {
        guard let response = try await head(name) else {
            throw missing("look at the lock of", name)
        }
        var lock = ObjectLock()
        lock.mode = response.fields["x-amz-object-lock-mode"]
            .flatMap { ObjectLock.Mode(rawValue: $0.lowercased()) }
        lock.until =
            response.fields["x-amz-object-lock-retain-until-date"]
            .flatMap(Timestamp.init)?.microseconds
        lock.isHeld = response.fields["x-amz-object-lock-legal-hold"] == "ON"
        return lock
    }

    /// Locks an object until a time; see ``LockingStore``.
    public func lock(
        _ name: ObjectName,
        _ mode: ObjectLock.Mode,
        until time: Int64
    ) async throws(VaultError) {
        let text =
            "<Retention \(Self.namespace)><Mode>\(mode.rawValue.uppercased())</Mode>"
            + "<RetainUntilDate>\(Self.date(time))</RetainUntilDate></Retention>"
        try await change("lock \(name)", name, "retention", text)
    }

    /// Places or lifts the legal hold of an object; see ``LockingStore``.
    public func setHold(_ isHeld: Bool, on name: ObjectName) async throws(VaultError) {
        let text =
            "<LegalHold \(Self.namespace)><Status>\(isHeld ? "ON" : "OFF")</Status></LegalHold>"
        try await change("hold \(name)", name, "legal-hold", text)
    }

    /// Removes an object with all its older versions; see ``LockingStore``.
    public func purge(_ name: ObjectName) async throws(VaultError) {
        var call = S3Call("list the versions of \(name)", "GET", nil)
        call.query = [("prefix", key(name)), ("versions", "")]
        call.answerLimit = Self.versionByteLimit
        call.expected = [400, 403, 405, 501]
        let answer = try await client.send(call)
        let versions = Self.versions(answer, of: key(name))
        guard !versions.isEmpty else { return try await remove(name) }
        for version in versions {
            var removal = S3Call("remove \(name)", "DELETE", key(name))
            removal.query = [("versionId", version)]
            removal.accepted = [200, 204]
            _ = try await client.send(removal)
        }
    }

    private static func versions(_ answer: S3Answer, of key: String) -> [String] {
        guard answer.failure == nil, let root = XMLElement(answer.response.body) else { return [] }
        let found = root.all("Version") + root.all("DeleteMarker")
        return found.compactMap { $0["Key"] == key ? $0["VersionId"] : nil }
            .filter { !$0.isEmpty }
    }

    private func change(
        _ attempt: String,
        _ name: ObjectName,
        _ what: String,
        _ text: String
    ) async throws(VaultError) {
        var call = S3Call(attempt, "PUT", key(name))
        call.query = [(what, "")]
        _ = call.carry(Array(text.utf8))
        call.accepted = [200, 204]
        _ = try await client.send(call)
    }

    /// A lock's end in whole seconds, which is all that servers keep; never earlier.
    static func date(_ time: Int64) -> String {
        Timestamp(microseconds: (time + 999_999) / 1_000_000 * 1_000_000).description
    }

    /// What a new object is locked with: segments and manifests only, since all else may change.
    private func newLock(_ name: ObjectName) -> (mode: ObjectLock.Mode, until: Int64)? {
        guard let lock = configuration.newObjectLock,
            name.text.hasPrefix("segments/") || name.text.hasPrefix("snapshots/")
        else { return nil }
        let span = lock.span.components.seconds * 1_000_000
        return (lock.mode, client.clock.now().microseconds + span)
    }

    func lockFields(_ name: ObjectName) -> [HTTPField] {
        guard let lock = newLock(name) else { return [] }
        return [
            HTTPField("x-amz-object-lock-mode", lock.mode.rawValue.uppercased()),
            HTTPField("x-amz-object-lock-retain-until-date", Self.date(lock.until)),
        ]
    }

    /// Locks an object that came in parts, if the server has forgotten that it was asked to.
    func lockAsAsked(_ name: ObjectName) async throws(VaultError) {
        guard let lock = newLock(name), try await self.lock(of: name).until == nil else { return }
        try await self.lock(name, lock.mode, until: lock.until)
    }
}
