import ArchiveFileIO
import ArgumentParser
import Strongroom
import StrongroomRecovery
import SystemPackage

/// Which archive a command works on.
struct ArchivePlaceOptions: ParsableArguments {
    @Option(
        name: [.customShort("r"), .customLong("archive")],
        help: ArgumentHelp(
            "The archive's directory; to read also a vault. STRONGROOM_ARCHIVE",
            valueName: "dir"
        )
    )
    var archivePath: String?

    /// The archive's path.
    func path() throws -> String {
        guard let path = archivePath ?? Environment.text(of: "STRONGROOM_ARCHIVE"), !path.isEmpty
        else {
            throw CommandFailure(
                .usage,
                code: "usage",
                "name the archive with --archive, or set STRONGROOM_ARCHIVE"
            )
        }
        return path
    }
}

/// Which archive a command works on, and what unlocks it.
struct ArchiveOptions: ParsableArguments {
    @OptionGroup var place: ArchivePlaceOptions
    @OptionGroup var key: KeyOptions

    /// The archive's path.
    func path() throws -> String { try place.path() }

    /// The archive's path, if the command line names one.
    var archivePath: String? { place.archivePath }

    /// Opens the archive, runs `body`, and closes it whatever happens.
    func withArchive<Result>(
        _ mode: Archive.Mode,
        acceptingRollback: Bool = false,
        _ body: (Archive) async throws -> Result
    ) async throws -> Result {
        try await Self.using(try await open(mode, acceptingRollback), body)
    }

    /// Reads one name as of a moment; of a vault that has no index here, without making one.
    func withView(
        of name: String,
        in collection: String,
        _ moment: MomentOptions,
        _ body: @escaping @Sendable (ArchiveView) throws(ArchiveError) -> Void
    ) async throws {
        switch try await glance(at: name, in: collection, moment) {
        case .record(let view):
            let pool = BlockingPool(label: "strongroom.glance", width: 1)
            try await pool.run { () throws(ArchiveError) in try body(view) }
        case .archive(let archive):
            try await Self.using(archive) { archive in
                try await archive.reading(try await moment.view(of: archive), body)
            }
        }
    }

    @inline(never)
    private func glance(
        at name: String,
        in collection: String,
        _ moment: MomentOptions
    ) async throws -> OpenVault.Glimpse {
        guard let vault = try MountedVault(try path()) else {
            return .archive(try await open(.readOnly, moment.acceptRollback))
        }
        return try await vault.glance(at: name, in: collection, moment, key)
    }

    // Inlined into the callers, its several awaits crash the optimizer of Swift 6.3.1.
    @inline(never)
    private func open(_ mode: Archive.Mode, _ acceptingRollback: Bool) async throws -> Archive {
        let path = try path()
        if let vault = try MountedVault(path) {
            guard mode == .readOnly else { throw MountedVault.readOnly(path) }
            return try await vault.open(key, acceptingRollback: acceptingRollback)
        }
        // Before anybody is asked for a passphrase: there may be nothing that it could open.
        _ = try Engine.readDocument(PosixFileSystem(), ArchiveLayout(FilePath(path)))
        let archive = try await Archive.open(
            at: path,
            unlocking: try key.key(for: path),
            mode: mode,
            reaching: try ThinPlace.reach(),
            cacheByteLimit: try MountedVault.cacheByteLimit()
        )
        if mode == .readWrite {
            Self.tell(await archive.openingReport())
            Self.tellOfNetwork(path)
        }
        return archive
    }

    /// Who writes to a server's disk should know on what the promises rest then.
    private static func tellOfNetwork(_ path: String) {
        guard let volume = try? Volume(of: FilePath(path)), volume.kind == .network else { return }
        Diagnostics(isJSON: CommandLineTool.wantsJSON).warn(
            "\(path) lies on a server (\(volume.name)): what is stored is as safe as the server keeps "
                + "it, and only one machine should write; `strongroom doctor` says more"
        )
    }

    /// Says what opening had to mend, if anything.
    private static func tell(_ report: OpeningReport) {
        let diagnostics = Diagnostics(isJSON: CommandLineTool.wantsJSON)
        if report.quarantinedByteCount > 0 {
            diagnostics.warn(
                "the last writer was stopped in the middle of a commit: its "
                    + "\(report.quarantinedByteCount) bytes, which nobody was told were stored, are "
                    + "set aside in quarantine/"
            )
        }
        if report.indexWasRebuilt {
            diagnostics.warn("the index was missing or unusable, and was made anew from the log")
        }
    }

    /// Runs `body` and closes the archive whatever happens.
    static func using<Result>(
        _ archive: Archive,
        _ body: (Archive) async throws -> Result
    ) async throws -> Result {
        let result: Result
        do {
            result = try await body(archive)
        } catch {
            // The first failure is what the user must hear of; the next opening recovers.
            try? await archive.close()
            throw error
        }
        try await archive.close()
        return result
    }
}
