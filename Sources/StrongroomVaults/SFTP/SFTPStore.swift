import ArchiveBytes
import ArchiveFileIO
import Synchronization

/// Objects as files in a directory of another machine, over SSH.
///
/// The system's own `ssh` makes the connections, so that its configuration, agents, hardware keys,
/// jump hosts and known hosts count here as well. It is never asked for a password. As in a directory of
/// this machine, an object is written under a temporary name, synchronized where the server can, and
/// gets its name in one step.
public final class SFTPStore: ObjectStore {
    /// Temporary names begin with a dot, which no object's name does.
    static let temporaryPrefix = ".put-"
    private static let parallelism = 4

    /// Where the objects are, as a user writes it.
    public let place: String
    let path: String
    let clock: VaultClock
    let upload: Pacer
    let download: Pacer
    private let command: [String]
    private let bounds: SFTPConnection.Bounds
    private let patience: Patience
    private let pool = BlockingPool(label: "strongroom.sftp", width: parallelism)
    private let idle = Mutex<[SFTPConnection]>([])
    /// Directories that are known to be there.
    let directories = Mutex<Set<String>>([])

    /// Takes a directory of another machine as a vault; nothing is connected yet.
    public convenience init(at location: SFTPLocation, _ access: VaultAccess = VaultAccess()) {
        self.init(
            location.path,
            at: location.description,
            through: Self.command(for: location, access.sshCommand),
            access
        )
    }

    init(
        _ path: String,
        at place: String,
        through command: [String],
        _ access: VaultAccess = VaultAccess(),
        bounds: SFTPConnection.Bounds = SFTPConnection.Bounds(),
        patience: Patience = Patience(),
        clock: VaultClock = .system
    ) {
        self.path = path
        self.place = place
        self.command = command
        self.bounds = bounds
        self.patience = patience
        self.clock = clock
        upload = Pacer(bytesPerSecond: access.uploadBytesPerSecond, clock: clock)
        download = Pacer(bytesPerSecond: access.downloadBytesPerSecond, clock: clock)
    }

    /// How `ssh` is called: it asks nothing, and notices a connection that is dead.
    static func command(for location: SFTPLocation, _ ssh: [String]) -> [String] {
        var command = ssh
        command += ["-oBatchMode=yes", "-oConnectTimeout=30"]
        command += ["-oServerAliveInterval=15", "-oServerAliveCountMax=4"]
        // Ending our connection must not end those that others would share with it.
        command += ["-oControlMaster=no", "-oForwardX11=no", "-oForwardAgent=no"]
        if let user = location.user { command += ["-l", user] }
        if let port = location.port { command += ["-p", String(port)] }
        return command + ["-s", "--", location.host, "sftp"]
    }

    /// Makes the vault's directory, and those above it, if they are missing.
    public func create() async throws(VaultError) {
        try await perform("create the vault") { [self] connection, _ in
            var made = ""
            for part in path.split(separator: "/") {
                made += made.isEmpty && !path.hasPrefix("/") ? String(part) : "/" + part
                if try connection.attributes(of: made, followingLinks: true) != nil { continue }
                do throws(SFTPFailure) {
                    try connection.makeDirectory(made)
                } catch {
                    // Another machine may have made it meanwhile.
                    guard try connection.attributes(of: made) != nil else { throw error }
                }
            }
        }
    }

    /// Whether the vault's directory is there.
    public func exists() async throws(VaultError) -> Bool {
        try await perform("look for the vault") { [self] connection, _ in
            try connection.attributes(of: path, followingLinks: true) != nil
        }
    }

    /// Finds out what the server offers for what a vault relies on.
    public func probe() async throws(VaultError) -> VaultProbe {
        try await perform("look at the vault") { [self] connection, _ in
            try requireVault("look at the vault", connection)
            var probe = VaultProbe()
            if !connection.offers("fsync@openssh.com") {
                probe.warnings.append(
                    "the server cannot synchronize files: a loss of power there may take what was "
                        + "just shipped; ship again after one"
                )
            }
            if !connection.offers("posix-rename@openssh.com") {
                probe.warnings.append(
                    "the server cannot replace a file in one step: a recovery at the moment when the "
                        + "keyring is replaced may have to be run again"
                )
            }
            return probe
        }
    }

    /// Reads a range of an object; see ``ObjectStore``.
    public func read(
        _ name: ObjectName,
        range: Range<UInt64>
    ) async throws(VaultError) -> [UInt8] {
        try await perform("read \(name)") { [self] connection, cancellation in
            guard let status = try find(name, connection) else { throw missing("read", name) }
            guard range.upperBound <= status.byteCount, Int(exactly: range.count) != nil else {
                throw tooShort(name, range, status.byteCount)
            }
            try pause(download, range.count, cancellation)
            let handle = try connection.open(file(name), .reading)
            defer { try? connection.close(handle) }
            let bytes = try connection.read(range, of: handle)
            guard bytes.count == range.count else {
                throw tooShort(name, range, range.lowerBound + UInt64(bytes.count))
            }
            return bytes
        }
    }

    /// Describes an object; see ``ObjectStore``.
    public func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        try await perform("look for \(name)") { [self] connection, _ in
            try find(name, connection)
        }
    }

    /// Removes an object; see ``ObjectStore``.
    public func remove(_ name: ObjectName) async throws(VaultError) {
        try await perform("remove \(name)") { [self] connection, _ in
            guard try find(name, connection) != nil else { throw missing("remove", name) }
            try connection.remove(file(name))
            try connection.synchronizeDirectory(directory(of: name))
        }
    }

    // MARK: Names

    func file(_ name: ObjectName) -> String { path + "/" + name.text }

    func directory(of name: ObjectName) -> String {
        ([path] + name.components.dropLast().map(String.init)).joined(separator: "/")
    }

    func missing(_ action: String, _ name: ObjectName) -> VaultError {
        VaultError(.notFound, "cannot \(action) \(name): the vault \(place) does not have it")
    }

    private func tooShort(
        _ name: ObjectName,
        _ range: Range<UInt64>,
        _ byteCount: UInt64
    ) -> VaultError {
        VaultError(
            .outOfRange,
            "cannot read bytes \(range.lowerBound) to \(range.upperBound) of \(name) in \(place): it "
                + "has \(byteCount); verify the vault"
        )
    }

    /// Tells a vault that is not there from an object that is not there.
    func requireVault(_ attempt: String, _ connection: SFTPConnection) throws {
        let attributes = try connection.attributes(of: path, followingLinks: true)
        guard attributes?.isDirectory != true else { return }
        throw VaultError(
            .unreachable,
            "cannot \(attempt): there is no vault at \(place); is its disk mounted?"
        )
    }

    /// What stands at an object's path, if it is a plain file.
    func find(_ name: ObjectName, _ connection: SFTPConnection) throws -> ObjectStatus? {
        guard let attributes = try connection.attributes(of: file(name)) else {
            try requireVault("look for \(name)", connection)
            return nil
        }
        guard attributes.isFile else { return nil }
        return attributes.status(of: name)
    }

    // MARK: Connections

    /// Does something over a connection, and again over another if that one is lost.
    func perform<Answer: Sendable>(
        _ attempt: String,
        _ body: @escaping @Sendable (SFTPConnection, Cancellation) throws -> Answer
    ) async throws(VaultError) -> Answer {
        let start = clock.elapsed()
        var tries = 0
        while true {
            if Task.isCancelled {
                throw VaultError(.cancelled, "cannot \(attempt): it was cancelled")
            }
            tries += 1
            do {
                return try await pool.run { [self] cancellation in
                    try carryOut(body, cancellation)
                }
            } catch let error as VaultError {
                throw error
            } catch {
                let failure = error as? SFTPFailure ?? .lost("\(error)")
                let delay = patience.delay(
                    afterTries: tries,
                    elapsed: clock.elapsed() - start,
                    asked: nil,
                    chance: clock.chance()
                )
                guard case .lost(let reason) = failure, !Self.isFinal(reason), let delay else {
                    throw vaultError(failure, attempt, tries)
                }
                await clock.sleep(delay)
            }
        }
    }

    private func carryOut<Answer: Sendable>(
        _ body: (SFTPConnection, Cancellation) throws -> Answer,
        _ cancellation: Cancellation
    ) throws -> Answer {
        let kept = idle.withLock { $0.popLast() }
        let connection = try kept ?? SFTPConnection(command, bounds)
        defer { if !connection.isBroken { idle.withLock { $0.append(connection) } } }
        return try body(connection, cancellation)
    }

    /// Whether another try ends the same way: SSH itself says no.
    private static func isFinal(_ reason: String) -> Bool {
        [
            "Permission denied", "Host key verification failed", "IDENTIFICATION HAS CHANGED",
            "subsystem request failed", "Bad configuration option",
            "is the OpenSSH client installed",
        ].contains { reason.contains($0) }
    }

    func vaultError(_ failure: SFTPFailure, _ attempt: String, _ tries: Int) -> VaultError {
        let again = tries > 1 ? " (\(tries) tries)" : ""
        switch failure {
        case .lost(let reason):
            return VaultError(
                Self.isFinal(reason) ? .refused : .unreachable,
                "cannot \(attempt) in \(place): \(reason)\(again); check that `sftp` reaches it without "
                    + "a password",
                underlying: failure
            )
        case .refused(let code, let words):
            let (reason, advice): (VaultError.Code, String) =
                switch code {
                case SFTPFailure.noSuchFile: (.notFound, "list the vault to see what it has")
                case SFTPFailure.permissionDenied:
                    (.refused, "check the owner of the directory on the server")
                case SFTPFailure.badMessage: (.invalidName, "choose another name")
                default: (.failed, "look at the server's log and its free space")
                }
            let shown = words.filter { $0 >= " " }.prefix(200)
            return VaultError(
                reason,
                "cannot \(attempt) in \(place): the server answers \(code) \(shown); \(advice)",
                underlying: failure
            )
        }
    }

    /// Waits on a thread that may block until bytes may flow.
    func pause(_ pacer: Pacer, _ byteCount: Int, _ cancellation: Cancellation) throws(VaultError) {
        var rest = pacer.reserve(byteCount)
        while rest > .zero {
            if cancellation.isCancelled {
                throw VaultError(.cancelled, "the transfer was cancelled; nothing is stored")
            }
            // Short, so that a cancelled task does not wait for a slow line.
            let slice = min(rest, .milliseconds(200))
            SystemClock.pause(for: slice)
            rest -= slice
        }
    }
}
