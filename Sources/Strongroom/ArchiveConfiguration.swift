import ArchiveFileIO
public import Logging

/// How an archive works, apart from what is fixed when it is created.
public struct ArchiveConfiguration: Sendable {
    /// Plaintext that packs are filled to, fixed at creation: 4 KiB balanced, 16 KiB dense.
    ///
    /// Larger packs compress better and cost more to read one record from.
    public var packByteCount = 8 << 10
    /// The size at which a segment is sealed, fixed at creation.
    public var segmentByteCount = 64 << 20
    /// The size of an index page, fixed at creation.
    public var pageByteCount = 16 << 10
    /// Memory for what was opened last: pages of the index take up to half of it, and packs of
    /// records what those leave.
    public var cacheByteCount = 64 << 20
    /// Threads that compress and seal: one for each processor, eight at most, unless set.
    public var threadCount = min(WorkerTeam.processorCount, 8)
    /// Zstandard level.
    public var compressionLevel = 3
    /// Entries in memory, in bytes, at which the index is brought up to date on disk.
    public var checkpointByteCount = 24 << 20
    /// Bytes of log behind the index's last checkpoint, at which there is another: the bound on what
    /// opening after a crash has to read.
    public var checkpointLogByteCount = 64 << 20
    /// Where the archive tells what it did on its own: recovery, rebuilding, failures behind
    /// commits that are durable.
    ///
    /// Never names, subjects or contents. Nil to stay silent.
    public var logger: Logger?
    /// scrypt's cost for new passphrase slots, as a power of two; 2^17 unless tests say otherwise.
    package var scryptLogN = 17

    /// The defaults.
    public init() {}
}
