import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
import Synchronization
import SystemPackage

/// An open archive.
///
/// Share it between tasks. Writes of all callers go through one writer, which makes whatever waits at
/// the moment durable in one commit; readers never wait for it. Nothing blocks the cooperative thread
/// pool: files are read and written on threads of the archive's own.
///
/// A call that has returned a ``Receipt`` has made its record durable: it survives the end of the
/// process and a loss of power. ``close()`` ends writing in order; without it the next opening
/// recovers, and loses nothing.
public final class Archive: Sendable {
    let core: ArchiveCore
    /// Where the archive is.
    public let path: String

    private init(_ engine: sending Engine, path: FilePath) {
        self.path = path.string
        core = ArchiveCore(engine)
    }

    /// How an archive is opened.
    public enum Mode: Sendable {
        /// Takes the writer's lock; one process at a time.
        case readWrite
        /// Never writes. Any number of processes, beside a writer or without.
        case readOnly
    }

    /// Creates an archive in a directory that is empty or does not exist, and opens it.
    ///
    /// Durable when it returns. Fails with ``ArchiveError/Code/alreadyExists`` if anything is there.
    public static func create(
        at path: String,
        unlocking key: ArchiveKey,
        configuration: ArchiveConfiguration = ArchiveConfiguration()
    ) async throws(ArchiveError) -> Archive {
        let path = FilePath(path)
        let address = ArchiveAddress(
            ArchiveLayout(path).fileSystem(),
            path,
            credential: key.credential,
            configuration: configuration
        )
        return try await make(address) { address throws(ArchiveError) in
            try Engine.create(address)
        }
    }

    /// Opens an archive.
    ///
    /// After a crash, opening for writing first closes the segment that was being written. The cost is
    /// one key derivation (about half a second for a passphrase) and reading what the log has beyond
    /// the index, at most some 64 MiB.
    ///
    /// Of a thin archive it reads what is here; StrongroomRecovery has an `open` that also reads what
    /// lives in a vault.
    public static func open(
        at path: String,
        unlocking key: ArchiveKey,
        mode: Mode = .readWrite,
        configuration: ArchiveConfiguration = ArchiveConfiguration()
    ) async throws(ArchiveError) -> Archive {
        let path = FilePath(path)
        let address = ArchiveAddress(
            ArchiveLayout(path).fileSystem(),
            path,
            credential: key.credential,
            configuration: configuration
        )
        return try await open(address, mode: mode)
    }

    package static func open(
        _ address: ArchiveAddress,
        mode: Mode
    ) async throws(ArchiveError) -> Archive {
        try await make(address) { address throws(ArchiveError) in
            mode == .readWrite ? try Engine.open(address) : try Engine.openForReading(address)
        }
    }

    private static func make(
        _ address: ArchiveAddress,
        _ open: @escaping @Sendable (ArchiveAddress) throws(ArchiveError) -> sending Engine
    ) async throws(ArchiveError) -> Archive {
        try await ArchiveCore.opening.run { () throws(ArchiveError) in
            Archive(try open(address), path: address.path)
        }
    }

    /// The archive's 128-bit identity in hexadecimal digits.
    public var identity: String { core.document.archiveID.hex }

    /// The archive's Ed25519 public key in hexadecimal digits: all that a keyless check needs.
    ///
    /// Keep a copy of it apart from the archive.
    public var publicKey: String { Hex.encode(core.document.publicKey) }

    /// Threads of the archive's own, for tasks that put or read one record after the other.
    ///
    /// A task that prefers them waits for the disk where it is; elsewhere each call takes a way to
    /// another thread and back, tens of microseconds beside a sync of some two hundred:
    ///
    ///     try await withTaskExecutorPreference(archive.executor) {
    ///         for record in records { try await archive.put(record) }
    ///     }
    ///
    /// There are four, whatever the number of tasks.
    public var executor: any TaskExecutor { core.executor }

    /// What is committed at this moment, to read from.
    public var current: ArchiveView {
        ArchiveView(core.readState, reader: core.records)
    }

    /// The archive as it was at a moment.
    public enum Moment: Sendable {
        /// Now.
        case now
        /// When so many record versions had been recorded.
        case sequence(UInt64)
        /// At a time, in microseconds since 1970.
        case time(Int64)
        /// At a snapshot.
        case snapshot(String)
    }

    /// Reads as of a moment.
    public func view(at moment: Moment) async throws(ArchiveError) -> ArchiveView {
        let current = current
        switch moment {
        case .now: return current
        case .sequence(let sequence): return current.limited(to: sequence)
        case .time(let time):
            return try await read { view throws(ArchiveError) in
                view.limited(to: try view.sequence(at: Timestamp(microseconds: time)))
            }
        case .snapshot(let id):
            let all = try await snapshots()
            guard let snapshot = all.first(where: { $0.id == id }) else {
                throw ArchiveError(
                    .invalid,
                    "the archive has no snapshot \(id); `strongroom snapshots` lists them"
                )
            }
            return current.limited(to: snapshot.lastSequence)
        }
    }

    /// Runs blocking reads on a thread of the archive's own.
    ///
    /// If the task is cancelled, walks and large bodies end between two steps with `cancelled`.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (ArchiveView) throws(ArchiveError) -> Result
    ) async throws(ArchiveError) -> Result {
        try await read(current, body)
    }

    /// The same from a view that was taken before: what was committed since is not waited for.
    package func read<Result: Sendable>(
        _ view: ArchiveView,
        _ body: @escaping @Sendable (ArchiveView) throws(ArchiveError) -> Result
    ) async throws(ArchiveError) -> Result {
        try await core.readers.run(isHere: core.executor.isHere) {
            cancellation throws(ArchiveError) in
            var view = view
            view.cancellation = cancellation
            return try body(view)
        }
    }

    /// What is committed at this moment, waited for on a thread of the archive's own.
    package func latest() async -> ArchiveView {
        await core.readers.run(isHere: core.executor.isHere) { [self] in current }
    }

    /// The newest version of a name with its body, or nil if there is none.
    public func get(
        _ name: String,
        in collection: String = "records"
    ) async throws(ArchiveError) -> (record: Record, body: [UInt8])? {
        try await read { view throws(ArchiveError) in
            guard let record = try view.record(named: name, in: collection) else { return nil }
            return (record, try view.body(of: record))
        }
    }

    /// Brings index and head up to the log and ends writing in order.
    public func close() async throws(ArchiveError) { try await core.close() }
}
