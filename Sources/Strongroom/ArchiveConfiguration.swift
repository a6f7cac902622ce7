import ArchiveFileIO
public import Logging

/// How an archive works, apart from what is fixed when it is created.
public struct ArchiveConfiguration: Sendable {
    /// What the archive is made for, fixed at creation.
    public let profile: ArchiveProfile
    /// Plaintext that packs are filled to, fixed at creation; the profile's unless said otherwise.
    ///
    /// Larger packs compress better and cost more to read one record from.
    public var packByteCount: Int
    /// The size at which a segment is sealed, fixed at creation.
    public var segmentByteCount = 64 << 20
    /// The size of an index page, fixed at creation.
    public var pageByteCount = 16 << 10
    /// Memory for what was opened last: pages of the index take up to three quarters of it, and packs
    /// of records what those leave.
    public var cacheByteCount = 64 << 20
    /// Threads that compress and seal, and that write the index anew: one for each processor, eight at most,
    /// unless set.
    ///
    /// With more than one, the bodies of a large batch are hashed while the caller still adds to it.
    public var threadCount = min(WorkerTeam.processorCount, 8)
    /// Zstandard level from 1 to 19; nil for that of the archive's profile.
    public var compressionLevel: Int?
    /// Entries in memory, in bytes, at which the index is brought up to date on disk.
    public var checkpointByteCount = 22 << 20
    /// Bytes of log behind the index's last checkpoint, at which there is another: the bound on what
    /// opening after a crash has to read.
    public var checkpointLogByteCount = 64 << 20
    /// Which compression dictionaries are used.
    public var dictionaries = DictionaryPolicy.own
    /// Collections whose records without a subject are nobody's, so that an own dictionary may be
    /// trained on them.
    ///
    /// Other records without a subject are never trained on.
    public var freelyTrainedCollections: Set<String> = []
    /// When own dictionaries are trained.
    var training = OwnDictionaries.Schedule()
    /// Records for an own dictionary that make a segment take it in, in bytes.
    package var dictionaryByteCount = 1 << 20
    /// Where the archive tells what it did on its own: recovery, rebuilding, failures behind
    /// commits that are durable.
    ///
    /// Never names, subjects or contents. Nil to stay silent.
    public var logger: Logger?
    /// scrypt's cost for new passphrase slots, as a power of two; 2^17 unless tests say otherwise.
    package var scryptLogN = 17

    /// What a profile stands for, and the defaults of the rest.
    public init(profile: ArchiveProfile = .balanced) {
        self.profile = profile
        packByteCount = profile.packByteCount
    }
}

/// Which compression dictionaries an archive uses for what it writes.
///
/// Whatever was written can be read, whichever is chosen.
public enum DictionaryPolicy: String, CaseIterable, Sendable {
    /// None: records compress only against others in their pack.
    case none
    /// The one for FHIR in JSON that the program brings with it.
    case builtIn
    /// That, and dictionaries that the archive trains on its own records once it holds enough.
    ///
    /// They hold only strings that records of at least 20 subjects share.
    case own
}
