import ArchiveFileIO

// The operations on files, each in its own words of the protocol.
extension SFTPConnection {
    /// A directory with more names than this is not a vault's.
    private static let nameLimit = 10_000_000

    /// What stands at a path, links not followed unless asked; nil if nothing does.
    func attributes(
        of path: String,
        followingLinks: Bool = false
    ) throws(SFTPFailure) -> SFTPAttributes? {
        do throws(SFTPFailure) {
            var reader = try ask(
                followingLinks ? .status : .linkStatus,
                expecting: .attributes
            ) { $0.append(path) }
            return try reader.attributes()
        } catch {
            guard error.isCode(SFTPFailure.noSuchFile) else { throw error }
            return nil
        }
    }

    enum Opening: UInt32 {
        case reading = 0x01
        /// Writing, created, and new.
        case creating = 0x2a
    }

    func open(_ path: String, _ opening: Opening) throws(SFTPFailure) -> [UInt8] {
        var reader = try ask(.open, expecting: .handle) { writer in
            writer.append(path)
            writer.append(opening.rawValue)
            writer.append(permissions: opening == .creating ? 0o600 : nil)
        }
        return Array(try reader.counted())
    }

    func close(_ handle: [UInt8]) throws(SFTPFailure) {
        _ = try ask(.close) { $0.append(handle.span) }
    }

    /// Makes an open file, or directory, durable where the server knows how.
    func synchronize(_ handle: [UInt8]) throws(SFTPFailure) {
        guard offers("fsync@openssh.com") else { return }
        _ = try ask(.extended) { writer in
            writer.append("fsync@openssh.com")
            writer.append(handle.span)
        }
    }

    /// Makes the names in a directory durable where the server lets it be opened.
    func synchronizeDirectory(_ path: String) throws(SFTPFailure) {
        guard offers("fsync@openssh.com") else { return }
        do throws(SFTPFailure) {
            let handle = try open(path, .reading)
            defer { try? close(handle) }
            try synchronize(handle)
        } catch {
            // Servers that open no directories have no other way.
            guard case .refused = error else { throw error }
        }
    }

    /// Gives a file a name that nothing has; a taken one is refused.
    func rename(_ source: String, toNew target: String) throws(SFTPFailure) {
        _ = try ask(.rename) { writer in
            writer.append(source)
            writer.append(target)
        }
    }

    /// Gives a file a name, over whatever has it.
    ///
    /// Where the server cannot do that in one step, the old file is put aside for a moment.
    func rename(_ source: String, over target: String, aside: String) throws(SFTPFailure) {
        if offers("posix-rename@openssh.com") {
            _ = try ask(.extended) { writer in
                writer.append("posix-rename@openssh.com")
                writer.append(source)
                writer.append(target)
            }
            return
        }
        let wasThere = try attributes(of: target) != nil
        if wasThere { try rename(target, toNew: aside) }
        do throws(SFTPFailure) {
            try rename(source, toNew: target)
        } catch {
            if wasThere { try? rename(aside, toNew: target) }
            throw error
        }
        if wasThere { try? remove(aside) }
    }

    func remove(_ path: String) throws(SFTPFailure) {
        _ = try ask(.remove) { $0.append(path) }
    }

    func makeDirectory(_ path: String) throws(SFTPFailure) {
        _ = try ask(.makeDirectory) { writer in
            writer.append(path)
            writer.append(permissions: 0o700)
        }
    }

    /// What a directory holds, but for itself and the one above.
    func names(in path: String) throws(SFTPFailure) -> [(name: String, SFTPAttributes)] {
        var opened = try ask(.openDirectory, expecting: .handle) { $0.append(path) }
        let handle = Array(try opened.counted())
        defer { try? close(handle) }
        var names: [(String, SFTPAttributes)] = []
        while names.count < Self.nameLimit {
            do throws(SFTPFailure) {
                var reader = try ask(.readDirectory, expecting: .names) { $0.append(handle.span) }
                for _ in 0..<(try reader.number()) {
                    let name = try reader.text()
                    // The line as `ls` would print it.
                    _ = try reader.counted()
                    let attributes = try reader.attributes()
                    if name != ".", name != ".." { names.append((name, attributes)) }
                }
            } catch {
                guard error.isCode(SFTPFailure.endOfFile) else { throw error }
                return names
            }
        }
        return names
    }

    /// Free bytes of the file system at a path; nil if the server does not say.
    func availableByteCount(at path: String) throws(SFTPFailure) -> UInt64? {
        guard offers("statvfs@openssh.com") else { return nil }
        do throws(SFTPFailure) {
            var reader = try ask(.extended, expecting: .extendedReply) { writer in
                writer.append("statvfs@openssh.com")
                writer.append(path)
            }
            _ = try reader.longNumber()
            let fragment = try reader.longNumber()
            _ = (try reader.longNumber(), try reader.longNumber())
            let (count, isTooLarge) = try reader.longNumber().multipliedReportingOverflow(
                by: fragment
            )
            return isTooLarge ? .max : count
        } catch {
            guard case .refused = error else { throw error }
            return nil
        }
    }
}
