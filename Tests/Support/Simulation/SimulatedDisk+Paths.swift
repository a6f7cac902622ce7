import ArchiveFileIO
import SystemPackage

// Paths from the root of a simulated disk, with the errors of Linux.

extension SimulatedDisk {
    static let nameByteLimit = 255
    private static let separator = UInt8(ascii: "/")

    /// The file or directory at a path; nil if its last name is free.
    func find(_ path: FilePath) throws(Errno) -> Inode? {
        guard let place = try place(path) else { return Self.root }
        return directories[place.directory]?.cached[place.name]
    }

    /// The file or directory at a path, which must be there.
    func require(_ path: FilePath) throws(Errno) -> Inode {
        guard let inode = try find(path) else { throw .noSuchFileOrDirectory }
        return inode
    }

    func requireDirectory(_ path: FilePath) throws(Errno) -> Inode {
        let inode = try require(path)
        guard directories[inode] != nil else { throw .notDirectory }
        return inode
    }

    /// Where a path's last name stands, or would; nil for the root.
    func place(_ path: FilePath) throws(Errno) -> Place? {
        if path.isEmpty { throw .noSuchFileOrDirectory }
        var place: Place?
        var inode: Inode? = Self.root
        for name in Self.names(path) {
            guard name.count <= Self.nameByteLimit else { throw .fileNameTooLong }
            guard let parent = inode else { throw .noSuchFileOrDirectory }
            guard let directory = directories[parent] else { throw .notDirectory }
            place = Place(directory: parent, name: name)
            inode = directory.cached[name]
        }
        return place
    }

    /// The names of a path from the root on.
    ///
    /// Bytes, because a crash test looks up a path a million
    /// times, and paths as values are slow without optimization.
    private static func names(_ path: FilePath) -> [Name] {
        var names: [Name] = []
        for part in path.bytes.split(separator: separator) {
            switch part {
            case [UInt8(ascii: ".")]: continue
            case [UInt8(ascii: "."), UInt8(ascii: ".")]: _ = names.popLast()
            default: names.append(Array(part))
            }
        }
        return names
    }

    /// Where a name stands or would, below the root.
    func requirePlace(_ path: FilePath) throws(Errno) -> Place {
        guard let place = try place(path) else { throw .resourceBusy }
        return place
    }

    /// The paths of all files that the process sees, in byte order.
    var filePaths: [FilePath] {
        var found: [[UInt8]] = []
        var next: [([UInt8], Inode)] = [([], Self.root)]
        while let (path, inode) = next.popLast() {
            if files[inode] != nil { found.append(path) }
            for (name, child) in directories[inode]?.cached ?? [:] {
                next.append((path + [Self.separator] + name, child))
            }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }.map(FilePath.init(bytes:))
    }

    /// The bytes of all files that the process can still name.
    var usedByteCount: UInt64 {
        var named: Set<Inode> = []
        for directory in directories.values { named.formUnion(directory.cached.values) }
        return named.reduce(0) { $0 + UInt64(files[$1]?.cached.count ?? 0) }
    }

    /// Whether `inode` is `ancestor` or lies below it.
    func isInside(_ inode: Inode, _ ancestor: Inode) -> Bool {
        if inode == ancestor { return true }
        return directories[ancestor]?.cached.values.contains { isInside(inode, $0) } ?? false
    }
}
