package import SystemPackage

// Whole small files and paths of directories, on any file system.

extension File {
    /// Reads up to `byteCount` bytes; fewer only where the file ends.
    package func read(at offset: UInt64, byteCount: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var target = bytes.mutableSpan
        let count = try read(at: offset, into: &target)
        if count < byteCount { bytes.removeLast(byteCount - count) }
        return bytes
    }

    /// Writes all of an array's bytes.
    package func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
        try write(bytes.span, at: offset)
    }
}

extension FileSystem {
    /// Reads a file from front to back; `EFBIG` if it holds more than `limit` bytes.
    package func readAll(_ path: FilePath, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try open(path, .read)
        let tooLarge = SystemError(.read, path, .fileTooLarge)
        guard let expected = Int(exactly: try file.byteCount()), expected <= limit else {
            throw tooLarge
        }
        // One byte more than expected, so that the end is seen and not assumed.
        var bytes = try file.read(at: 0, byteCount: expected + 1)
        var isWhole = bytes.count <= expected
        while !isWhole {
            guard bytes.count <= limit else { throw tooLarge }
            let chunk = try file.read(at: UInt64(bytes.count), byteCount: 1 << 16)
            bytes += chunk
            isWhole = chunk.isEmpty
        }
        return bytes
    }

    /// Replaces a file's whole content in one step, durably: after a crash the path holds the old
    /// bytes or the new ones, and once this returns the new ones.
    ///
    /// The bytes go to `NAME.tmp` beside it first; one that a killed process left is taken over.
    /// A path has one writer at a time: a second is refused with `EBUSY`. If this throws, the old
    /// content stands, except when only the last step, the directory, could not be synchronized:
    /// then either may stand after a crash.
    package func replace(_ path: FilePath, with bytes: Span<UInt8>) throws(SystemError) {
        guard let name = path.lastComponent else {
            throw SystemError(.create, path, .isDirectory)
        }
        let directory = path.directory
        guard let temporaryName = FilePath.Component(bytes: name.bytes + Array(".tmp".utf8)) else {
            throw SystemError(.create, path, .invalidArgument)
        }
        let temporary = directory.appending(temporaryName)
        let file = try createTemporary(temporary)
        do {
            try file.write(bytes, at: 0)
            try file.synchronize()
            try rename(temporary, to: path)
        } catch {
            // The first failure is what the caller must hear of; the next replacement clears a rest.
            try? remove(temporary)
            throw error
        }
        try synchronizeDirectory(directory)
        try file.close()
    }

    /// Replaces a file's whole content in one step, durably.
    package func replace(_ path: FilePath, with bytes: [UInt8]) throws(SystemError) {
        try replace(path, with: bytes.span)
    }

    /// Creates a directory and those above it that are missing; each is durable in the one above.
    package func makeDirectories(_ path: FilePath) throws(SystemError) {
        var missing: [FilePath] = []
        var next = path
        while try status(of: next) == nil {
            missing.append(next)
            guard next.directory != next, next.directory != "." else { break }
            next = next.directory
        }
        // Also tells apart a directory, a link to one, and a file that is in the way.
        if missing.isEmpty { return try makeDirectory(path) }
        for directory in missing.reversed() {
            try makeDirectory(directory)
            try synchronizeDirectory(directory.directory)
        }
    }

    /// Creates the temporary file of a replacement and marks it as in use.
    ///
    /// Only a name is ever taken away from another process, never bytes written into its file.
    private func createTemporary(_ path: FilePath) throws(SystemError) -> any File {
        do {
            return try createLocked(path)
        } catch {
            guard error.errno == .fileExists else { throw error }
        }
        let stale = try open(path, .readWrite)
        // Whoever still writes it holds the lock; a file system without locks has no such second.
        if let free = try? stale.tryLock(byte: 0, exclusively: true), !free {
            throw SystemError(.create, path, .resourceBusy)
        }
        try remove(path)
        return try createLocked(path)
    }

    private func createLocked(_ path: FilePath) throws(SystemError) -> any File {
        let file = try open(path, .createNew)
        _ = try? file.tryLock(byte: 0, exclusively: true)
        return file
    }
}
