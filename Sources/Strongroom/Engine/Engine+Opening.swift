package import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import ArchiveIndex
package import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Logging
package import SystemPackage

/// Where an archive is and how to get in.
package struct ArchiveAddress: Sendable {
    package var fileSystem: any FileSystem
    package var path: FilePath
    package var credential: Credential
    package var configuration: ArchiveConfiguration
    package var clock: @Sendable () -> Timestamp
    /// The keyring, where the credential has opened it already.
    package var keyring: Keyring?
    /// Hears which segment's entries an index that is made anew has taken.
    package var watchIndexing: (@Sendable (SegmentNumber) -> Void)?

    package init(
        _ fileSystem: any FileSystem,
        _ path: FilePath,
        credential: Credential,
        configuration: ArchiveConfiguration = ArchiveConfiguration(),
        clock: @escaping @Sendable () -> Timestamp = SystemClock.now
    ) {
        self.fileSystem = fileSystem
        self.path = path
        self.credential = credential
        self.configuration = configuration
        self.clock = clock
    }

    var layout: ArchiveLayout { ArchiveLayout(path) }
}

extension Engine {
    /// Creates an archive in a directory that is empty or not there, and opens it for writing.
    package static func create(_ address: ArchiveAddress) throws(ArchiveError) -> Engine {
        try checkParameters(address)
        try makePlace(address)
        do {
            let drawn = try Randomness.bytes(ArchiveID.byteCount)
            let id = ArchiveID(drawn.span, at: 0)
            let (file, keyring) = try KeyringFile.create(
                archiveID: id,
                credential: address.credential,
                label: "first",
                created: address.clock(),
                cost: try Scrypt.Parameters(
                    logN: address.configuration.scryptLogN,
                    r: 8,
                    p: 1
                )
            )
            let document = ArchiveDocument(
                archiveID: id,
                created: address.clock(),
                publicKey: keyring.publicKey,
                packByteCount: address.configuration.packByteCount,
                segmentByteCount: address.configuration.segmentByteCount,
                pageByteCount: address.configuration.pageByteCount,
                profile: address.configuration.profile == .balanced
                    ? nil : address.configuration.profile.rawValue
            )
            let layout = address.layout
            try address.fileSystem.replace(layout.keyring, with: try file.bytes())
            // The document comes last: an archive without it was never made.
            let signed = try SignedDocument.signedBytes(
                document.document,
                purpose: ArchiveDocument.purpose
            )
            try address.fileSystem.replace(
                layout.document,
                with: try SignedDocument.encode(
                    document.document,
                    signature: try keyring.sign(signed)
                )
            )
        } catch {
            throw ArchiveError.wrapping(error, in: address.path.string)
        }
        return try open(address)
    }

    /// An archive that nobody could open again is not made.
    private static func checkParameters(_ address: ArchiveAddress) throws(ArchiveError) {
        let finding = ArchiveDocument.finding(
            packByteCount: address.configuration.packByteCount,
            segmentByteCount: address.configuration.segmentByteCount,
            pageByteCount: address.configuration.pageByteCount
        )
        guard let finding else { return }
        throw ArchiveError(
            .invalid,
            "no archive was made in \(address.path.string): \(finding)"
        )
    }

    private static func makePlace(_ address: ArchiveAddress) throws(ArchiveError) {
        let fileSystem = address.fileSystem
        let layout = address.layout
        do {
            if try fileSystem.status(of: layout.document) != nil {
                throw ArchiveError(
                    .alreadyExists,
                    "\(address.path.string) holds an archive already; nothing was changed"
                )
            }
            try fileSystem.makeDirectories(address.path)
            let left = try fileSystem.names(in: address.path).map(\.string)
            // What an interrupted creation left behind is no archive and no one's data.
            let ours: Set = [
                "segments", "index", "snapshots", "quarantine", "keyring.json", "keyring.json.tmp",
                "archive.json.tmp",
            ]
            guard left.allSatisfy({ ours.contains($0) || $0.hasPrefix(".") }) else {
                throw ArchiveError(
                    .alreadyExists,
                    "\(address.path.string) is not empty; name an empty or a new directory"
                )
            }
            for path in [
                layout.segments, layout.indexDirectory, layout.snapshots, layout.quarantine,
            ] { try fileSystem.makeDirectory(path) }
            try fileSystem.synchronizeDirectory(address.path)
            try fileSystem.synchronizeDirectory(address.path.directory)
        } catch {
            throw ArchiveError.wrapping(error, in: address.path.string)
        }
    }

    /// Opens an archive for writing: takes the writer's lock, recovers the log's end after a crash,
    /// brings the index up to the log.
    package static func open(
        _ address: ArchiveAddress,
        rebuildingIndex: Bool = false
    ) throws(ArchiveError) -> Engine {
        let (document, keys) = try unlock(address)
        let lockFile = try lock(address)
        var head = try HeadFile(
            address.fileSystem,
            address.layout.head,
            archiveID: keys.archiveID,
            logKey: keys.logKey,
            access: .openOrCreate
        )
        let parts = try gather(
            address,
            document,
            keys,
            lockFile: lockFile,
            head: head.current,
            rebuildingIndex: rebuildingIndex
        )
        let engine = Engine(parts)
        do {
            let wasClosed = try engine.recoverLog(&head)
            if engine.mustRemakeIndex {
                try engine.remakeIndex()
            } else if !engine.indexWasRebuilt {
                try engine.tidyIndex(wasClosed: wasClosed)
            }
            engine.learnDictionaries()
            engine.logOpening()
        } catch {
            throw ArchiveError.wrapping(error, in: address.path.string)
        }
        engine.publish()
        return engine
    }

    /// Finds the log's end and makes it clean, and with it the head; tells whether the last writer
    /// had ended in order.
    private func recoverLog(_ head: inout HeadFile) throws -> Bool {
        let directory = layout.segmentDirectory(fileSystem)
        let (position, report) = try LogRecovery(
            directory,
            quarantine: layout.quarantine,
            keys: keys,
            parameters: logParameters
        ).open(head: head.current, witnesses: try witnesses())
        // Where the index was made anew, the log had been recovered before.
        if report != RecoveryReport() { recovery = report }
        guard position.link.number >= end.link.number else {
            throw ArchiveError(.corrupt, "the log changed while it was being opened")
        }
        let log = LogWriter(
            directory,
            keys: keys,
            parameters: logParameters,
            position: position
        )
        self.log = log
        // Closing a segment after a crash adds commits that hold no record. If there are others that
        // the index was not told of, it must not be believed.
        mustRemakeIndex = log.link.lastSequence > end.link.lastSequence
        end = log.place
        let wasClosed = head.current?.isClosed == true && head.current?.commit == log.link
        if head.current == nil {
            // The first opening: whoever made the archive may have been killed before its last sync.
            try fileSystem.synchronizeDirectory(layout.root)
        }
        if head.current?.commit != log.link || head.isTorn {
            try head.advance(
                to: log.link,
                segment: log.end.segment,
                offset: log.end.offset,
                isClosed: false
            )
        }
        self.head = head
        return wasClosed
    }

    /// Opens an archive for reading.
    ///
    /// It never writes and needs no lock; a writer may be at work.
    package static func openForReading(
        _ address: ArchiveAddress
    ) throws(ArchiveError) -> Engine {
        let (document, keys) = try unlock(address)
        // The head is read first: what it knows must be in the log, whatever comes meanwhile.
        let head = try readHead(address, keys)
        let engine = Engine(try gather(address, document, keys, lockFile: nil))
        if let head, head.commit.number > engine.end.link.number {
            try engine.requireSegment(of: head)
            throw ArchiveError(
                .rollback,
                "\(address.path.string): the log ends with commit \(engine.end.link.number), but the "
                    + "head knows commit \(head.commit.number) to have been durable: the log was cut, "
                    + "damaged or put back; run `strongroom verify`, then recover from a vault"
            )
        }
        return engine
    }

    /// A lost file is told from a log that was cut or put back.
    private func requireSegment(of head: HeadSlot) throws(ArchiveError) {
        let directory = layout.segmentDirectory(fileSystem)
        let number = SegmentNumber(head.segment)
        do {
            guard try directory.names().contains(where: { $0.number == number }) else {
                throw directory.missing(number)
            }
        } catch {
            throw ArchiveError.wrapping(error, in: layout.segments.string)
        }
    }

    private static func readHead(
        _ address: ArchiveAddress,
        _ keys: KeyringKeys
    ) throws(ArchiveError) -> HeadSlot? {
        do {
            guard try address.fileSystem.status(of: address.layout.head) != nil else { return nil }
        } catch {
            throw ArchiveError(error)
        }
        return try HeadFile(
            address.fileSystem,
            address.layout.head,
            archiveID: keys.archiveID,
            logKey: keys.logKey,
            access: .read
        ).current
    }
}

extension Engine {
    /// Opens the index, rebuilds it if it must be, and reads what the log has beyond it.
    private static func gather(
        _ address: ArchiveAddress,
        _ document: ArchiveDocument,
        _ keys: KeyringKeys,
        lockFile: (any File)?,
        head: HeadSlot? = nil,
        rebuildingIndex: Bool = false
    ) throws(ArchiveError) -> EngineParts {
        let pins: (any File)?
        if let lockFile { pins = lockFile } else { pins = try pinFile(address) }
        let opening = IndexOpening(
            address: address,
            document: document,
            keys: keys,
            isWriter: lockFile != nil,
            lockFile: pins
        )
        var recovery = RecoveryReport()
        let opened = try opening.open(rebuilding: rebuildingIndex) { () throws(LogError) in
            recovery = try LogRecovery(
                address.layout.segmentDirectory(address.fileSystem),
                quarantine: address.layout.quarantine,
                keys: keys,
                parameters: logParameters(document, address.configuration)
            ).open(head: head, witnesses: []).report
        }
        let covered = LogPlace(coverage: opened.view.coverage) ?? .start
        var memory = MemoryTable()
        var collections = opened.collections
        let end = try opening.replay(from: covered, into: &memory, &collections)
        return EngineParts(
            fileSystem: address.fileSystem,
            layout: address.layout,
            document: document,
            keys: keys,
            configuration: address.configuration,
            clock: address.clock,
            lockFile: lockFile,
            footing: lockFile == nil ? nil : try footing(address),
            indexOpening: opening,
            index: opened.handle,
            memory: memory,
            covered: covered,
            end: end,
            knownCollections: collections,
            indexWasRebuilt: opened.wasRebuilt,
            recovery: recovery,
            readState: ReadState(
                index: IndexSnapshot(runs: memory.runs, view: opened.view),
                link: end.link
            )
        )
    }

    private static func footing(_ address: ArchiveAddress) throws(ArchiveError) -> Footing {
        do {
            return try Footing(address.fileSystem, address.layout)
        } catch {
            throw ArchiveError(error)
        }
    }

    /// The level of what is written from now on.
    var compressionLevel: Int { Self.compressionLevel(document, configuration) }

    /// The caller's choice, or that of the archive's profile; one of a later release counts as balanced.
    private static func compressionLevel(
        _ document: ArchiveDocument,
        _ configuration: ArchiveConfiguration
    ) -> Int {
        let profile = document.profile.flatMap(ArchiveProfile.init) ?? .balanced
        return configuration.compressionLevel ?? profile.compressionLevel
    }

    var logParameters: LogParameters { Self.logParameters(document, configuration) }

    private static func logParameters(
        _ document: ArchiveDocument,
        _ configuration: ArchiveConfiguration
    ) -> LogParameters {
        var parameters = LogParameters(
            segmentByteCount: document.segmentByteCount,
            threadCount: configuration.threadCount,
            level: compressionLevel(document, configuration)
        )
        parameters.dictionaryByteCount = configuration.dictionaryByteCount
        return parameters
    }

    /// What else than the head knows of commits: the index and the snapshots.
    private func witnesses() throws(ArchiveError) -> [RecoveryVerdict.Witness] {
        var witnesses = [
            RecoveryVerdict.Witness(
                "the index",
                commit: covered.link.number,
                segment: covered.segment
            )
        ]
        for manifest in try snapshots() {
            witnesses.append(
                .init(
                    "snapshot \(manifest.id)",
                    commit: manifest.treeSize,
                    segment: manifest.segments.last?.number
                )
            )
        }
        return witnesses
    }
}
