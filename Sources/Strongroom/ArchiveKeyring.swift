import ArchiveBytes
package import ArchiveFileIO
import ArchiveKeys
import ArchiveSealing
package import SystemPackage

/// A way into an archive: one slot of its keyring.
///
/// It tells nothing of the secret.
public struct ArchiveKeySlot: Sendable {
    /// What names the slot.
    public let id: String
    /// `passphrase` or `key-file`.
    public let kind: String
    /// The label it was made with.
    public let label: String
    /// What it opens the secrets of; `owner` is everything.
    public let role: String
    /// When it was made, in microseconds since 1970.
    public let created: Int64
}

/// The key slots of an archive: list, add, remove.
///
/// No record is touched or read.
///
/// Each change replaces `keyring.json` in one durable step; vaults get the new one with the next
/// shipment. A removed slot's passphrase still opens copies of the keyring made before.
public struct ArchiveKeyring: Sendable {
    private let layout: ArchiveLayout
    private let fileSystem: any FileSystem

    /// The keyring of the archive at `path`.
    public init(ofArchiveAt path: String) {
        self.init(ofArchiveAt: FilePath(path), on: PosixFileSystem())
    }

    package init(ofArchiveAt path: FilePath, on fileSystem: any FileSystem) {
        layout = ArchiveLayout(path)
        self.fileSystem = fileSystem
    }

    /// The slots, in the order in which they are tried.
    public func slots() throws(ArchiveError) -> [ArchiveKeySlot] {
        try read().slots.map {
            ArchiveKeySlot(
                id: $0.id,
                kind: $0.kind,
                label: $0.label,
                role: $0.role.rawValue,
                created: $0.created.microseconds
            )
        }
    }

    /// Adds a slot for `new`, unlocked by `key`; returns the slot's id.
    ///
    /// Durable when it returns.
    public func add(
        _ new: ArchiveKey,
        label: String,
        unlocking key: ArchiveKey
    ) throws(ArchiveError) -> String {
        do {
            let file = try read()
            let keyring = try file.open(key.credential)
            let known = Set(file.slots.map(\.id))
            let next = try file.adding(
                new.credential,
                label: label,
                created: SystemClock.now(),
                unlockedBy: keyring
            )
            try fileSystem.replace(layout.keyring, with: try next.bytes())
            return next.slots.map(\.id).first { !known.contains($0) } ?? ""
        } catch {
            throw ArchiveError.wrapping(error, in: layout.keyring.string)
        }
    }

    /// Removes a slot; the last one cannot be removed.
    ///
    /// Durable when it returns.
    public func remove(slot id: String, unlocking key: ArchiveKey) throws(ArchiveError) {
        do {
            let file = try read()
            let next = try file.removing(slot: id, unlockedBy: try file.open(key.credential))
            try fileSystem.replace(layout.keyring, with: try next.bytes())
        } catch {
            throw ArchiveError.wrapping(error, in: layout.keyring.string)
        }
    }

    private func read() throws(ArchiveError) -> KeyringFile {
        _ = try Engine.readDocument(fileSystem, layout)
        do {
            let bytes = try fileSystem.readAll(
                layout.keyring,
                limit: KeyringFile.byteCountLimit
            )
            return try KeyringFile(decoding: bytes.span)
        } catch {
            throw ArchiveError.wrapping(error, in: layout.keyring.string)
        }
    }
}
