import Glibc

/// The files of an archive, as the system sees them.
enum Directories {
    /// Bytes that the files of a directory take on disk.
    static func byteCount(_ path: String) -> Int {
        var total = 0
        forEachFile(path) { path in
            var status = stat()
            if unsafe stat(path, &status) == 0 { total += Int(status.st_blocks) * 512 }
        }
        return total
    }

    /// Reads all files, so that they are in memory.
    static func warm(_ path: String) {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
        defer { unsafe buffer.deallocate() }
        forEachFile(path) { path in
            let file = unsafe open(path, O_RDONLY)
            while unsafe read(file, buffer, 1 << 20) > 0 {}
            close(file)
        }
    }

    /// Writes back and forgets what the system holds in memory of the files.
    static func cool(_ path: String) {
        forEachFile(path) { path in
            let file = unsafe open(path, O_RDONLY)
            fsync(file)
            posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
            close(file)
        }
    }

    private static func forEachFile(_ path: String, _ visit: (String) -> Void) {
        guard let directory = unsafe opendir(path) else { return }
        defer { unsafe closedir(directory) }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    unsafe String(cString: name)
                }
            }
            guard name != ".", name != ".." else { continue }
            if unsafe entry.pointee.d_type == UInt8(DT_DIR) {
                forEachFile(path + "/" + name, visit)
            } else {
                visit(path + "/" + name)
            }
        }
    }
}
