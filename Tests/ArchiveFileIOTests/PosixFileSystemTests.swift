import ArchiveFileIO
import Glibc
import Support
import SystemPackage
import Testing

@Suite struct `The POSIX file system` {
    let files = PosixFileSystem()

    @Test func `creation follows no link`() throws {
        try TemporaryDirectory.with { directory in
            let (link, victim) = (directory.appending("link"), directory.appending("victim"))
            try makeLink(at: link, to: victim)
            #expect(reason { _ = try files.open(link, .createNew) } == .fileExists)
            #expect(
                reason { _ = try files.open(link, .openOrCreate) } == .tooManySymbolicLinkLevels
            )
            #expect(try files.status(of: victim) == nil)
            #expect(try files.status(of: link)?.kind == .symbolicLink)
        }
    }

    @Test func `a link to a directory serves as one`() throws {
        try TemporaryDirectory.with { directory in
            try files.makeDirectory(directory.appending("real"))
            try makeLink(at: directory.appending("link"), to: directory.appending("real"))
            try files.makeDirectory(directory.appending("link"))
            try files.makeDirectories(directory.appending("link/below"))
            #expect(try files.status(of: directory.appending("real/below")) != nil)
        }
    }

    // An archive from an enemy may hold one; opening it must not wait for ever.
    @Test func `a pipe among the files is refused at once`() throws {
        try TemporaryDirectory.with { directory in
            let path = directory.appending("pipe")
            #expect(unsafe path.withPlatformString { unsafe mkfifo($0, 0o600) } == 0)
            #expect(reason { _ = try files.open(path, .read) } == .illegalSeek)
            let status = try files.status(of: path)
            #expect(status?.kind == .other)
        }
    }

    @Test func `nobody else may read what is created`() throws {
        try TemporaryDirectory.with { directory in
            try files.make(directory.appending("file"))
            try files.makeDirectory(directory.appending("folder"))
            #expect(permissions(directory.appending("file")) == 0o600)
            #expect(permissions(directory.appending("folder")) == 0o700)
        }
    }

    @Test func `times are counted in nanoseconds`() throws {
        try TemporaryDirectory.with { directory in
            let path = directory.appending("a")
            try files.make(path)
            let times = [timespec(tv_sec: 9, tv_nsec: 1), timespec(tv_sec: 12, tv_nsec: 345)]
            let changed = unsafe path.withPlatformString { path in
                unsafe times.withUnsafeBufferPointer {
                    unsafe utimensat(AT_FDCWD, path, $0.baseAddress, 0)
                }
            }
            #expect(changed == 0)
            #expect(try files.status(of: path)?.modified == 12_000_000_345)
        }
    }

    @Test func `files are closed in programs that are started, and with their last reference`()
        async
    {
        await #expect(processExitsWith: .success) {
            try TemporaryDirectory.with { directory in
                let files = PosixFileSystem()
                let path = directory.appending("a")
                do {
                    let file = try files.open(path, .createNew)
                    let opened = try descriptors(of: path, files)
                    #expect(opened.count == 1)
                    for descriptor in opened {
                        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
                    }
                    try file.write([1], at: 0)
                }
                #expect(try descriptors(of: path, files).isEmpty)
            }
        }
    }

    // A message to a closed standard error must not land in a segment.
    @Test func `no file takes the place of a closed standard stream`() async {
        await #expect(processExitsWith: .success) {
            try TemporaryDirectory.with { directory in
                Glibc.close(STDIN_FILENO)
                let files = PosixFileSystem()
                let file = try files.open(directory.appending("a"), .createNew)
                #expect(fcntl(STDIN_FILENO, F_GETFD) == -1)
                try file.write([1], at: 0)
                #expect(try file.read(at: 0, byteCount: 2) == [1])
            }
        }
    }

    @Test func `a write beyond the process's limit fails and keeps what fitted`() async {
        await #expect(processExitsWith: .success) {
            try TemporaryDirectory.with { directory in
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
                #expect(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
                let file = try PosixFileSystem().open(directory.appending("a"), .createNew)
                let bytes = [UInt8](repeating: 7, count: 600)
                try file.write(bytes, at: 0)
                #expect(reason { try file.write(bytes, at: 600) } == .fileTooLarge)
                #expect(try file.byteCount() == 1000)
                #expect(reason { try file.resize(to: 1001) } == .fileTooLarge)
                #expect(reason { try file.allocate(from: 0, byteCount: 1001) } == .fileTooLarge)
            }
        }
    }

    @Test func `using a closed file is refused as our own mistake`() async throws {
        let use = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            let file = try nameless()
            try file.close()
            _ = try file.byteCount()
        }
        #expect(said(use, "a closed file is not used"))
        let secondClose = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            let file = try nameless()
            try file.close()
            try file.close()
        }
        #expect(said(secondClose, "a file is closed once"))
    }

    @Test(.enabled(if: canMount, "NOT TESTED: a full disk, because mounting a tmpfs needs root"))
    func `a full disk is reported by writes and by reservations`() throws {
        try TemporaryDirectory.with { directory in
            guard mountTiny(at: directory) else {
                Issue.record("the tmpfs could not be mounted")
                return
            }
            defer { unmount(directory) }
            #expect(try files.availableByteCount(at: directory) <= 65536)
            let file = try files.open(directory.appending("a"), .createNew)
            try file.write([UInt8](repeating: 1, count: 32768), at: 0)
            let tooMuch = [UInt8](repeating: 2, count: 65536)
            #expect(reason { try file.allocate(from: 32768, byteCount: 65536) } == .noSpace)
            #expect(reason { try file.write(tooMuch, at: 32768) } == .noSpace)
            let before = try file.read(at: 0, byteCount: 32768)
            #expect(before.allSatisfy { $0 == 1 })
            #expect(
                reason { try files.replace(directory.appending("b"), with: tooMuch) } == .noSpace
            )
            #expect(try files.names(in: directory) == ["a"])
        }
    }
}

/// An open file whose directory is gone already, as nobody cleans up after a crash.
private func nameless() throws -> any File {
    try TemporaryDirectory.with { try PosixFileSystem().open($0.appending("a"), .createNew) }
}

private func said(_ result: ExitTest.Result?, _ words: String) -> Bool {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).contains(words)
}

private let canMount = geteuid() == 0

private func mountTiny(at path: FilePath) -> Bool {
    unsafe path.withPlatformString { unsafe mount("tmpfs", $0, "tmpfs", 0, "size=64k") } == 0
}

private func unmount(_ path: FilePath) {
    _ = unsafe path.withPlatformString { unsafe umount2($0, CInt(MNT_DETACH)) }
}

private func permissions(_ path: FilePath) -> mode_t {
    var answer = stat()
    _ = unsafe path.withPlatformString { unsafe lstat($0, &answer) }
    return answer.st_mode & 0o777
}

/// The open descriptors of one file: other threads of the process open and close theirs meanwhile.
private func descriptors(of path: FilePath, _ files: PosixFileSystem) throws -> [CInt] {
    var wanted = stat()
    _ = unsafe path.withPlatformString { unsafe lstat($0, &wanted) }
    return try files.names(in: "/proc/self/fd").compactMap { CInt($0.string) }.filter {
        descriptor in
        var found = stat()
        return unsafe fstat(descriptor, &found) == 0 && found.st_ino == wanted.st_ino
            && found.st_dev == wanted.st_dev
    }
}
