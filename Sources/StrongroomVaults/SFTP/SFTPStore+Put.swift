import ArchiveFileIO
import Synchronization

extension SFTPStore {
    /// Older temporary files are those of runs that were killed; by the server's own clock.
    private static let staleAgeSeconds: UInt32 = 24 * 3600

    /// Stores all bytes of `source` under a name; see ``ObjectStore``.
    public func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        let transfer = try Transfer(name, from: source, expectedDigest: expectedDigest)
        let random = String(UInt64.random(in: 0 ... .max), radix: 16)
        let temporary = directory(of: name) + "/" + Self.temporaryPrefix + random
        let attempt = PutAttempt(temporary: temporary)
        try await perform("put \(name)") { [self] connection, cancellation in
            if try !attempt.isDone(as: file(name), of: source.byteCount, connection) {
                try store(transfer, mode, attempt, connection, cancellation)
            }
            try connection.synchronizeDirectory(directory(of: name))
        }
    }

    private func store(
        _ transfer: Transfer,
        _ mode: PutMode,
        _ attempt: PutAttempt,
        _ connection: SFTPConnection,
        _ cancellation: Cancellation
    ) throws {
        let name = transfer.name
        try requireVault("put \(name)", connection)
        try requireFree(name, mode, connection)
        try makeDirectories(for: name, connection)
        try requireRoom(transfer, connection)
        let temporary = attempt.temporary
        let handle = try connection.open(temporary, .creating)
        do {
            try fill(handle, from: transfer, connection, cancellation)
            try connection.synchronize(handle)
            try connection.close(handle)
            attempt.beginRenaming()
            try publish(temporary, as: name, mode, connection)
        } catch {
            // What was found first is what the caller must hear of; a rest is removed by a later put.
            if !connection.isBroken {
                try? connection.close(handle)
                try? connection.remove(temporary)
            }
            throw error
        }
    }

    private func fill(
        _ handle: [UInt8],
        from transfer: Transfer,
        _ connection: SFTPConnection,
        _ cancellation: Cancellation
    ) throws {
        var failure: SFTPFailure?
        do {
            try transfer.run(cancellation) { chunk, offset throws(VaultError) in
                try pause(upload, chunk.count, cancellation)
                do throws(SFTPFailure) {
                    try connection.write(chunk, at: offset, to: handle)
                } catch {
                    failure = error
                    throw VaultError(.failed, "the write failed")
                }
            }
        } catch {
            guard let failure else {
                // Answers that are on their way must not meet the next request.
                try? connection.settleWrites()
                throw error
            }
            throw try explained(failure, transfer, connection)
        }
        do throws(SFTPFailure) {
            try connection.settleWrites()
        } catch {
            throw try explained(error, transfer, connection)
        }
    }

    /// The protocol has one word for most failures; a full disk is worth one of its own.
    private func explained(
        _ failure: SFTPFailure,
        _ transfer: Transfer,
        _ connection: SFTPConnection
    ) throws -> any Error {
        guard case .refused = failure else { return failure }
        try requireRoom(transfer, connection)
        return failure
    }

    private func publish(
        _ temporary: String,
        as name: ObjectName,
        _ mode: PutMode,
        _ connection: SFTPConnection
    ) throws {
        let target = file(name)
        switch mode {
        case .replace:
            try connection.rename(temporary, over: target, aside: temporary + "-old")
        case .writeOnce:
            do throws(SFTPFailure) {
                try connection.rename(temporary, toNew: target)
            } catch {
                guard case .refused = error, try connection.attributes(of: target) != nil else {
                    throw error
                }
                throw taken(name)
            }
        }
    }

    // MARK: Before the bytes are sent

    private func taken(_ name: ObjectName) -> VaultError {
        VaultError(
            .alreadyExists,
            "cannot put \(name) in \(place): it is there already; objects are written once, compare it "
                + "with yours"
        )
    }

    private func requireFree(
        _ name: ObjectName,
        _ mode: PutMode,
        _ connection: SFTPConnection
    ) throws {
        guard let present = try connection.attributes(of: file(name)) else { return }
        if present.isDirectory { throw nested(name) }
        guard present.isFile else {
            throw VaultError(
                .refused,
                "cannot put \(name): \(file(name)) in \(place) is no plain file; look at it and remove "
                    + "it"
            )
        }
        if mode == .writeOnce { throw taken(name) }
    }

    private func nested(_ name: ObjectName) -> VaultError {
        VaultError(
            .invalidName,
            "cannot put \(name) in \(place): it begins another name, or another begins it; choose "
                + "another name"
        )
    }

    private func makeDirectories(for name: ObjectName, _ connection: SFTPConnection) throws {
        var parent = path
        for part in name.components.dropLast() {
            let directory = parent + "/" + part
            defer { parent = directory }
            if directories.withLock({ $0.contains(directory) }) { continue }
            if try connection.attributes(of: directory) == nil {
                do throws(SFTPFailure) {
                    try connection.makeDirectory(directory)
                } catch {
                    // Another put may have made it meanwhile.
                    guard try connection.attributes(of: directory) != nil else { throw error }
                }
                try connection.synchronizeDirectory(parent)
            }
            guard try connection.attributes(of: directory)?.isDirectory == true else {
                throw nested(name)
            }
            try removeStale(in: directory, connection)
            _ = directories.withLock { $0.insert(directory) }
        }
    }

    private func requireRoom(_ transfer: Transfer, _ connection: SFTPConnection) throws {
        guard let available = try connection.availableByteCount(at: path),
            available < transfer.source.byteCount
        else { return }
        throw VaultError(
            .capacity,
            "cannot put \(transfer.name) in \(place): it has \(transfer.source.byteCount) bytes and "
                + "\(available) are free; make room"
        )
    }

    /// Removes what killed runs left a day ago or before.
    ///
    /// The newest entry of the directory tells the server's time well enough.
    private func removeStale(in directory: String, _ connection: SFTPConnection) throws {
        let names = try connection.names(in: directory)
        guard let newest = names.map(\.1.modified).max(), newest > Self.staleAgeSeconds else {
            return
        }
        for (name, attributes) in names
        where name.hasPrefix(Self.temporaryPrefix) && attributes.isFile
            && attributes.modified < newest - Self.staleAgeSeconds
        {
            try? connection.remove(directory + "/" + name)
        }
    }
}

/// What is known of a put over the connections that it may need.
final class PutAttempt: Sendable {
    let temporary: String
    /// How far it came before a connection was lost.
    private let progress = Mutex((hasBegun: false, hasRenamed: false))

    init(temporary: String) { self.temporary = temporary }

    /// From now on the object may be there although no answer said so.
    func beginRenaming() { progress.withLock { $0.hasRenamed = true } }

    /// Whether an earlier connection did all but tell; else what it left is removed.
    func isDone(
        as target: String,
        of byteCount: UInt64,
        _ connection: SFTPConnection
    ) throws(SFTPFailure) -> Bool {
        let before = progress.withLock { progress in
            let before = progress
            progress = (hasBegun: true, hasRenamed: false)
            return before
        }
        guard before.hasBegun else { return false }
        if try connection.attributes(of: temporary) != nil {
            try connection.remove(temporary)
            return false
        }
        let present = before.hasRenamed ? try connection.attributes(of: target) : nil
        return present?.isFile == true && present?.byteCount == byteCount
    }
}
