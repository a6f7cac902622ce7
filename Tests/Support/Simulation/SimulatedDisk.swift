/// All files and names of a simulated file system: a value, so that a copy is a second world.
struct SimulatedDisk: Sendable {
    typealias Inode = UInt64
    typealias Name = [UInt8]

    /// The names of one directory, as the process sees them and as the disk holds them.
    struct Directory: Sendable {
        var cached: [Name: Inode] = [:]
        var durable: [Name: Inode] = [:]
    }

    /// Where a name stands.
    struct Place: Equatable, Sendable {
        let directory: Inode
        let name: Name
    }

    /// A change of names that its directory has not been synchronized for.
    enum NameChange: Equatable, Sendable {
        case link(Place, Inode)
        case unlink(Place, Inode)
        /// One step even across directories: the new name never stands for nothing.
        case move(Place, Place, Inode)

        var directories: Set<Inode> {
            switch self {
            case .link(let place, _), .unlink(let place, _): [place.directory]
            case .move(let source, let target, _): [source.directory, target.directory]
            }
        }
    }

    static let root: Inode = 1

    var files: [Inode: SimulatedContent] = [:]
    var directories: [Inode: Directory] = [root: Directory()]
    var modified: [Inode: Int64] = [:]
    var pendingNames: [NameChange] = []
    /// Sectors that the disk cannot read any more.
    var unreadable: [Inode: Set<Int>] = [:]
    private var nextInode: Inode = 2

    /// Takes a number for a new file or directory.
    mutating func makeInode() -> Inode {
        defer { nextInode += 1 }
        return nextInode
    }

    /// Whether a latent error lies in a range of a file's bytes.
    func isUnreadable(_ inode: Inode, _ range: Range<Int>) -> Bool {
        guard let sectors = unreadable[inode], !range.isEmpty else { return false }
        let size = SimulatedContent.sectorByteCount
        return sectors.contains {
            $0 * size < range.upperBound && ($0 + 1) * size > range.lowerBound
        }
    }

    // MARK: Names

    /// Carries a change out for the process; the disk learns of it with the directory.
    mutating func change(_ change: NameChange) {
        apply(change, to: \.cached)
        pendingNames.append(change)
    }

    /// Makes a directory's names durable, and those whose changes came before in one step with them.
    mutating func synchronizeNames(of directory: Inode) {
        var concerned: Set<Inode> = [directory]
        var durable: [NameChange] = []
        var pending: [NameChange] = []
        for change in pendingNames.reversed() {
            if concerned.isDisjoint(with: change.directories) {
                pending.append(change)
            } else {
                concerned.formUnion(change.directories)
                durable.append(change)
            }
        }
        for change in durable.reversed() { apply(change, to: \.durable) }
        pendingNames = pending.reversed()
    }

    private mutating func apply(
        _ change: NameChange,
        to names: WritableKeyPath<Directory, [Name: Inode]>
    ) {
        switch change {
        case .link(let place, let inode):
            directories[place.directory]?[keyPath: names][place.name] = inode
        case .unlink(let place, let inode):
            guard directories[place.directory]?[keyPath: names][place.name] == inode else { return }
            directories[place.directory]?[keyPath: names][place.name] = nil
        case .move(let source, let target, let inode):
            apply(.link(target, inode), to: names)
            apply(.unlink(source, inode), to: names)
        }
    }

    // MARK: Power loss

    /// The world that is found when power comes back.
    func afterCrash(_ oracle: inout some CrashOracle) -> SimulatedDisk {
        var survivor = self
        for change in pendingNames where oracle.pick(from: 2) == 1 {
            survivor.apply(change, to: \.durable)
        }
        survivor.pendingNames = []
        survivor.dropUnreachable()
        for inode in survivor.directories.keys {
            let names = survivor.directories[inode]?.durable ?? [:]
            survivor.directories[inode]?.cached = names
        }
        for inode in survivor.files.keys.sorted() {
            guard let content = survivor.files[inode] else { continue }
            survivor.files[inode] = SimulatedContent(durable: content.afterCrash(&oracle))
        }
        return survivor
    }

    /// Everything that is in the world durable: a clean shutdown.
    mutating func synchronizeAll() {
        for inode in directories.keys { synchronizeNames(of: inode) }
        for inode in files.keys { files[inode]?.synchronize() }
    }

    private mutating func dropUnreachable() {
        var reached: Set<Inode> = []
        var next: [Inode] = [Self.root]
        while let inode = next.popLast() {
            guard reached.insert(inode).inserted else { continue }
            next += directories[inode]?.durable.values.map { $0 } ?? []
        }
        files = files.filter { reached.contains($0.key) }
        directories = directories.filter { reached.contains($0.key) }
        modified = modified.filter { reached.contains($0.key) }
    }
}
