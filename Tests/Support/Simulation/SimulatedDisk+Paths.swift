import SystemPackage

// Paths from the root of a simulated disk, with the errors of Linux.

extension SimulatedDisk {
    static let nameByteLimit = 255

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
        for name in path.lexicallyNormalized().components {
            guard name.string.utf8.count <= Self.nameByteLimit else { throw .fileNameTooLong }
            guard let parent = inode else { throw .noSuchFileOrDirectory }
            guard let directory = directories[parent] else { throw .notDirectory }
            place = Place(directory: parent, name: name)
            inode = directory.cached[name]
        }
        return place
    }

    /// Where a name stands or would, below the root.
    func requirePlace(_ path: FilePath) throws(Errno) -> Place {
        guard let place = try place(path) else { throw .resourceBusy }
        return place
    }

    /// The paths of all files that the process sees, sorted.
    var filePaths: [(path: FilePath, inode: Inode)] {
        var found: [(path: FilePath, inode: Inode)] = []
        var next: [(FilePath, Inode)] = [("/", Self.root)]
        while let (path, inode) = next.popLast() {
            if files[inode] != nil { found.append((path, inode)) }
            for (name, child) in directories[inode]?.cached ?? [:] {
                next.append((path.appending(name), child))
            }
        }
        return found.sorted { $0.path.string < $1.path.string }
    }

    /// Whether `inode` is `ancestor` or lies below it.
    func isInside(_ inode: Inode, _ ancestor: Inode) -> Bool {
        if inode == ancestor { return true }
        return directories[ancestor]?.cached.values.contains { isInside(inode, $0) } ?? false
    }
}
