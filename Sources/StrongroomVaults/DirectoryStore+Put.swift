import ArchiveFileIO
import SystemPackage

extension DirectoryStore {
    /// Temporary names begin with a dot, which no object's name does.
    private static let temporaryPrefix = ".put-"
    /// Two names of 64 random bits do not meet twice; more tries would hide another fault.
    private static let nameTryLimit = 8

    func store(
        _ transfer: Transfer,
        mode: PutMode,
        _ cancellation: Cancellation
    ) throws(VaultError) {
        let name = transfer.name
        let object = file(name)
        try requireVault("put", name)
        do throws(SystemError) {
            try files.makeDirectories(object.directory)
        } catch  where error.errno == .fileExists {
            // An object stands where the name needs a directory.
            throw failure("put", name, SystemError(.create, error.path, .notDirectory))
        } catch {
            throw failure("put", name, error)
        }
        try requireFree(name, mode)
        try requireRoom(transfer)
        if takesTidying(object.directory) { removeStale(in: object.directory) }
        let (temporary, file) = try reporting("put", name) { () throws(SystemError) in
            try createTemporary(in: object.directory)
        }
        do {
            try fill(file, from: transfer, cancellation)
            try reporting("put", name) { () throws(SystemError) in
                switch mode {
                case .writeOnce: try files.rename(temporary, toNew: object)
                case .replace: try files.rename(temporary, to: object)
                }
            }
        } catch {
            // What was found first is what the caller must hear of; a rest is removed by a later put.
            try? files.remove(temporary)
            throw error
        }
        try reporting("put", name) { () throws(SystemError) in
            try files.synchronizeDirectory(object.directory)
            try file.close()
        }
    }

    private func fill(
        _ file: any File,
        from transfer: Transfer,
        _ cancellation: Cancellation
    ) throws(VaultError) {
        var behind = WriteBehind()
        try transfer.run(cancellation) { chunk, offset throws(VaultError) in
            do throws(SystemError) {
                try file.write(chunk, at: offset)
                behind.wrote(file, upTo: offset + UInt64(chunk.count))
            } catch {
                throw failure("put", transfer.name, error)
            }
        }
        try reporting("put", transfer.name) { () throws(SystemError) in try file.synchronize() }
    }

    /// Refuses a taken name before its bytes are sent; the rename decides in the end.
    private func requireFree(_ name: ObjectName, _ mode: PutMode) throws(VaultError) {
        let object = file(name)
        let present = try reporting("put", name) { () throws(SystemError) in
            try files.status(of: object)
        }
        switch (present?.kind, mode) {
        case (nil, _), (.file, .replace): return
        case (.file, .writeOnce): throw failure("put", name, .init(.rename, object, .fileExists))
        case (.directory, _): throw failure("put", name, .init(.rename, object, .isDirectory))
        case (.symbolicLink, _), (.other, _):
            throw VaultError(
                .refused,
                "cannot put \(name): \(object.string) is no plain file; look at it and remove it"
            )
        }
    }

    private func requireRoom(_ transfer: Transfer) throws(VaultError) {
        let available = try reporting("put", transfer.name) { () throws(SystemError) in
            try files.availableByteCount(at: path)
        }
        guard available < transfer.source.byteCount else { return }
        throw VaultError(
            .capacity,
            "cannot put \(transfer.name) into \(path.string): it has "
                + "\(transfer.source.byteCount) bytes and \(available) are free; make room"
        )
    }

    // MARK: Temporary files

    /// Creates a file that is marked as in use by a lock, which a killed process loses.
    private func createTemporary(
        in directory: FilePath
    ) throws(SystemError) -> (FilePath, any File) {
        var tries = 0
        while true {
            let random = String(UInt64.random(in: 0 ... .max), radix: 16)
            let temporary = directory.appending(Self.temporaryPrefix + random)
            let file = try files.open(temporary, .createNew)
            let isLocked = (try? file.tryLock(byte: 0, exclusively: true)) ?? true
            // Another process may have taken it for stale before the lock was held.
            let isThere = try files.status(of: temporary) != nil
            if isLocked && isThere { return (temporary, file) }
            tries += 1
            guard tries < Self.nameTryLimit else {
                throw SystemError(.create, temporary, .resourceBusy)
            }
        }
    }

    /// Removes what killed runs left; what fails here is tried again by the next store.
    private func removeStale(in directory: FilePath) {
        guard let names = try? files.names(in: directory) else { return }
        for name in names where name.bytes.starts(with: Self.temporaryPrefix.utf8) {
            let temporary = directory.appending(name)
            // Where locks do not work, a file in use looks like a stale one, and it stays.
            guard let file = try? files.open(temporary, .readWrite),
                (try? file.tryLock(byte: 0, exclusively: true)) == true
            else { continue }
            try? files.remove(temporary)
        }
    }
}
