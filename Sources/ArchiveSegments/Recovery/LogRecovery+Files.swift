import ArchiveFileIO
import ArchiveFormat
import SystemPackage

// What recovery does to files; each step can be interrupted and is then done again.

extension LogRecovery {
    /// Copies the good prefix into a new file and seals it there.
    func close(
        _ segment: ActiveSegment,
        _ name: SegmentDirectory.Name,
        _ position: inout LogPosition
    ) throws(LogError) {
        let temporary = directory.path.appending(name.number.stem + ".closing")
        do {
            if try directory.fileSystem.status(of: temporary) != nil {
                try directory.fileSystem.remove(temporary)
            }
            let copy = try directory.fileSystem.open(temporary, .createNew)
            try Self.copy(segment.file, 0..<segment.committedByteCount, to: copy)
            let moved = ActiveSegment(copy: segment, file: copy, path: temporary)
            position.active = moved
        } catch {
            throw LogError(error, segment: name.number)
        }
        let writer = LogWriter(directory, keys: keys, parameters: parameters, position: position)
        try writer.seal()
        position = writer.position
        try remove(directory.path(name))
    }

    /// Copies the torn bytes to quarantine, where nothing deletes them silently.
    func copyTail(
        of segment: ActiveSegment,
        byteCount: UInt64
    ) throws(LogError) -> FilePath {
        let start = segment.committedByteCount
        let path = quarantine.appending("\(segment.number.stem)-\(start).torn")
        do {
            try directory.fileSystem.makeDirectory(quarantine)
            if try directory.fileSystem.status(of: path) != nil {
                try directory.fileSystem.remove(path)
            }
            let copy = try directory.fileSystem.open(path, .createNew)
            try Self.copy(segment.file, start..<(start + byteCount), to: copy)
            try copy.synchronize()
            try directory.fileSystem.synchronizeDirectory(quarantine)
        } catch {
            throw LogError(error, segment: segment.number)
        }
        return path
    }

    private static func copy(
        _ source: any File,
        _ range: Range<UInt64>,
        to target: any File
    ) throws(SystemError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = Int(min(1 << 20, range.upperBound - offset))
            let bytes = try source.read(at: offset, byteCount: count)
            guard !bytes.isEmpty else { return }
            try target.write(bytes.span, at: offset - range.lowerBound)
            offset += UInt64(bytes.count)
        }
    }

    /// Moves a segment file out of the way that never held a batch; refuses any other.
    func setAsideUnused(_ name: SegmentDirectory.Name) throws(LogError) {
        let path = directory.path(name)
        guard try directory.isUnused(name) else {
            throw LogError(
                .corrupt,
                segment: name.number,
                "its header is damaged, or a later segment follows although it was never sealed, and "
                    + "it holds batches that may have been acknowledged. Nothing was changed; read "
                    + "what survives, and recover the rest from a vault"
            )
        }
        do {
            try directory.fileSystem.makeDirectory(quarantine)
            try directory.fileSystem.rename(path, to: quarantine.appending(name.text))
            try directory.fileSystem.synchronizeDirectory(quarantine)
            try directory.fileSystem.synchronizeDirectory(directory.path)
        } catch {
            throw LogError(error, segment: name.number)
        }
    }

    func synchronizeNames() throws(LogError) {
        do {
            try directory.fileSystem.synchronizeDirectory(directory.path)
        } catch {
            throw LogError(error)
        }
    }

    func remove(_ path: FilePath) throws(LogError) {
        do {
            try directory.fileSystem.remove(path)
            try directory.fileSystem.synchronizeDirectory(directory.path)
        } catch {
            throw LogError(error)
        }
    }
}
