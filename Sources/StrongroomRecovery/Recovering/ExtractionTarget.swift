import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import Strongroom
import SystemPackage

/// The place that a part of an archive is recovered into.
///
/// The new archive is made in a directory of another name beside it. Its calls block.
struct ExtractionTarget: Sendable {
    private let files: any FileSystem
    private let path: FilePath
    private let scratch: FilePath

    init(_ path: FilePath, on files: any FileSystem) {
        self.files = files
        self.path = path
        let name = (path.lastComponent?.string ?? "archive") + ".recovering"
        scratch = path.directory.appending(name)
    }

    /// What is recovered; an interrupted run goes on only with the same.
    struct Note: Equatable, Sendable {
        let archive: String
        let snapshot: String
        let cut: LogCut?
        let selection: RecoverySelection
        let isSurviving: Bool

        func bytes() throws(JSONError) -> [UInt8] {
            func text(_ text: String?) -> JSONValue { text.map(JSONValue.text) ?? .null }
            let document: JSONObject = [
                "archive_id": .text(archive), "collection": text(selection.collection),
                "cut": text(cut?.text), "format": "strongroom extraction", "format_version": 1,
                "prefix": text(selection.namePrefix), "snapshot": .text(snapshot),
                "subject": text(selection.subject), "surviving": .bool(isSurviving),
            ]
            return try JSONValue.object(document).canonicalBytes() + [UInt8(ascii: "\n")]
        }
    }

    /// A dot, since an archive's directory holds nothing else before it is made.
    private var notePath: FilePath { scratch.appending(".recovery.json") }

    /// Refuses a place that is taken.
    func inspect() throws(RecoveryError) {
        do {
            guard try files.status(of: path) != nil else { return }
            guard try files.names(in: path).isEmpty else {
                throw RecoveryError(
                    .alreadyExists,
                    "\(path.string) is not empty; recover into an empty or a new directory"
                )
            }
        } catch {
            throw RecoveryError.wrapping(error, in: path.string)
        }
    }

    /// Makes the archive, or goes on with the one that was begun, lets `body` fill it, and gives it
    /// its name.
    func fill(
        _ note: Note,
        _ credential: Credential,
        _ configuration: ArchiveConfiguration,
        _ body: (RecordCopyingStart) throws(RecoveryError) -> ExtractionResult
    ) throws(RecoveryError) -> ExtractionResult {
        let clock = CopyingClock(SystemClock.now)
        let address = ArchiveAddress(
            files,
            scratch,
            credential: credential,
            configuration: configuration,
            clock: { clock.now() }
        )
        do {
            let engine = try open(note, address)
            var result = try body(RecordCopyingStart(engine: engine, clock: clock))
            result.archive = engine.document.archiveID.hex
            result.publicKey = Hex.encode(engine.document.publicKey)
            try engine.close()
            try publish()
            return result
        } catch {
            throw RecoveryError.wrapping(error, in: scratch.string)
        }
    }

    private func open(_ note: Note, _ address: ArchiveAddress) throws -> Engine {
        let bytes = try note.bytes()
        if try files.status(of: notePath) == nil {
            try files.makeDirectories(scratch)
            guard try files.names(in: scratch).allSatisfy({ $0.string.hasPrefix(".") }) else {
                throw RecoveryError(
                    .alreadyExists,
                    "\(scratch.string) is in the way and no interrupted recovery; remove it"
                )
            }
            try files.replace(notePath, with: bytes)
        }
        guard try files.readAll(notePath, limit: 1 << 20) == bytes else {
            throw RecoveryError(
                .alreadyExists,
                "\(scratch.string) holds an interrupted recovery of something else; go on with that, "
                    + "or remove it"
            )
        }
        let isMade = try files.status(of: ArchiveLayout(scratch).document) != nil
        return isMade ? try Engine.open(address) : try Engine.create(address)
    }

    private func publish() throws(SystemError) {
        try files.rename(scratch, to: path)
        try files.synchronizeDirectory(path.directory)
        // From here on the archive is there; the note means nothing in it.
        try? files.remove(path.appending(".recovery.json"))
    }
}

/// A new archive that records are copied into.
struct RecordCopyingStart {
    let engine: Engine
    let clock: CopyingClock
}
