import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import ArchiveIndex
import ArchiveKeys
import ArchiveSealing
package import ArchiveSegments
import Synchronization
import SystemPackage

/// An open archive's core: synchronous, without threads of its own.
///
/// Everything that changes has one owner, which calls one method at a time; ``CommitPipeline`` has a
/// thread each for the log, for what is in memory and for the index on disk. What readers use —
/// ``readState``, ``reader``, ``keys`` — is safe to share. The crash tests drive this class itself,
/// over a file system that forgets what is not synced.
package final class Engine {
    package let fileSystem: any FileSystem
    package let layout: ArchiveLayout
    package let document: ArchiveDocument
    package let keys: KeyringKeys
    package let reader: LogReader
    let configuration: ArchiveConfiguration
    let clock: @Sendable () -> Timestamp

    /// Holds the writer's lock for as long as the archive is open for writing.
    let lockFile: (any File)?
    /// Nil for a reader.
    let footing: Footing?
    /// Makes the index anew when a page of it turns out to be damaged.
    let indexOpening: IndexOpening
    // The log's.
    var log: LogWriter?
    var head: HeadFile?
    var knownCollections: KnownCollections
    let dictionaries: OwnDictionaries
    let runRoom = RunRoom()
    /// Runs what may take a second and nobody waits for; at once, where there are no threads.
    var background: (@escaping @Sendable () -> Void) -> Void = { $0() }
    /// Hears of a batch that is about to be written: its entries may be made meanwhile, on any thread.
    var prepare: (BatchEntries) -> Void = { _ in }
    /// Runs what touches the memory's parts while no other thread does, and everything is absorbed.
    var settle: (() -> Void) -> Void = { $0() }

    // The memory's.
    var memory = MemoryTable()
    /// Where the log stood at the last checkpoint, and where what is in memory ends.
    var covered: LogPlace
    var end: LogPlace
    /// Bytes of log written since the last checkpoint.
    var uncoveredByteCount: UInt64 = 0
    /// The index on disk as of the last checkpoint.
    var view: IndexView
    /// Set when a checkpoint came upon damage in the index.
    var mustRemakeIndex = false

    // The index's.
    var index: IndexHandle

    /// What failed last behind commits that are durable all the same, and was not made good since.
    let unfinished = Mutex<[Chore: ArchiveError]>([:])
    /// What opening found and did, for the command line to tell.
    package internal(set) var recovery = RecoveryReport()
    package internal(set) var indexWasRebuilt = false
    private let published: Mutex<ReadState>

    /// What a reader sees now.
    package var readState: ReadState { published.withLock { $0 } }

    init(_ parts: consuming EngineParts) {
        fileSystem = parts.fileSystem
        layout = parts.layout
        document = parts.document
        keys = parts.keys
        configuration = parts.configuration
        dictionaries = OwnDictionaries(parts.configuration)
        clock = parts.clock
        lockFile = parts.lockFile
        footing = parts.footing
        indexOpening = parts.indexOpening
        index = parts.index
        memory = parts.memory
        covered = parts.covered
        end = parts.end
        knownCollections = parts.knownCollections
        indexWasRebuilt = parts.indexWasRebuilt
        recovery = parts.recovery
        view = parts.readState.index.view
        reader = LogReader(
            parts.layout.segmentDirectory(parts.fileSystem),
            archiveID: parts.keys.archiveID
        )
        published = Mutex(parts.readState)
    }

    /// Lets readers see what is committed.
    ///
    /// Cheap: values are shared, not copied.
    func publish() {
        let state = ReadState(index: IndexSnapshot(runs: memory.runs, view: view), link: end.link)
        published.withLock { $0 = state }
    }
}

/// What an engine is made of, gathered step by step while opening.
struct EngineParts {
    var fileSystem: any FileSystem
    var layout: ArchiveLayout
    var document: ArchiveDocument
    var keys: KeyringKeys
    var configuration: ArchiveConfiguration
    var clock: @Sendable () -> Timestamp
    var lockFile: (any File)?
    var footing: Footing?
    var indexOpening: IndexOpening
    var index: IndexHandle
    var memory = MemoryTable()
    var covered: LogPlace
    var end: LogPlace
    var knownCollections: KnownCollections
    var indexWasRebuilt = false
    var recovery = RecoveryReport()
    var readState: ReadState
}
