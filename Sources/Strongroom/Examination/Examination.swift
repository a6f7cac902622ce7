package import ArchiveBytes
package import ArchiveFileIO
import ArchiveFormat
import ArchiveSegments
package import SystemPackage

/// Looks at an archive's directory, writes nothing, and says what is wrong and what helps.
///
/// The first part needs no key and opens nothing for writing: it reads documents, the ends of all
/// segments, permissions, the disk. It is quick, and therefore proves less than a verification. What only
/// a key shows, the index and whether the log ends where it must, is looked at by ``openUp(_:)``.
package struct Examination {
    package private(set) var symptoms: [Symptom] = []
    let fileSystem: any FileSystem
    let layout: ArchiveLayout
    let volume: Volume?
    let now: Timestamp
    var document: ArchiveDocument?
    /// The archive's public key in hexadecimal digits, if its document is whole.
    package var publicKey: String? { document.map { Hex.encode($0.publicKey) } }
    /// The newest record version that a snapshot has.
    package internal(set) var snapshottedSequence: UInt64 = 0

    /// Prepares to examine; `volume` is what the archive lies on, nil if nobody knows.
    package init(
        _ fileSystem: any FileSystem,
        _ path: FilePath,
        volume: Volume?,
        now: Timestamp
    ) {
        self.fileSystem = fileSystem
        layout = ArchiveLayout(path)
        self.volume = volume
        self.now = now
    }

    mutating func add(
        _ severity: Symptom.Severity,
        _ code: String,
        _ text: String,
        _ remedy: String? = nil
    ) {
        symptoms.append(Symptom(severity, code, text, remedy: remedy))
    }

    /// Runs a look that may fail because the system does not let it.
    mutating func look(_ body: (inout Self) throws(SystemError) -> Void) {
        do throws(SystemError) {
            try body(&self)
        } catch {
            let isForbidden = error.errno == .permissionDenied || error.errno == .notPermitted
            add(
                .warning,
                isForbidden ? "forbidden" : "unreadable",
                error.description,
                isForbidden
                    ? "run this as the user who owns the archive, or give it back with `chown -R`"
                    : "look at the kernel's messages (`dmesg`): the disk may be failing"
            )
        }
    }

    /// All that can be seen without a key.
    package mutating func lookFromOutside() {
        look { (self: inout Self) throws(SystemError) in try self.lookAtDocuments() }
        look { (self: inout Self) throws(SystemError) in try self.lookAtPermissions() }
        look { (self: inout Self) throws(SystemError) in try self.lookAtLock() }
        look { (self: inout Self) throws(SystemError) in try self.lookAtLeftovers() }
        lookAtVolume()
        if let document {
            lookAtLog(document)
            look { (self: inout Self) throws(SystemError) in try self.lookForSegmentsElsewhere() }
            look { (self: inout Self) throws(SystemError) in try self.lookAtSnapshots(document) }
        }
        look { (self: inout Self) throws(SystemError) in try self.lookForIndex() }
    }

    private mutating func lookAtDocuments() throws(SystemError) {
        if try fileSystem.status(of: layout.root)?.kind == .symbolicLink {
            add(.note, "symbolic_link", "\(layout.root.string) is a symbolic link to the archive")
        }
        do throws(ArchiveError) {
            document = try Engine.readDocument(fileSystem, layout)
        } catch {
            switch error.code {
            case .notFound:
                add(
                    .damage,
                    "no_document",
                    "there is no archive.json: this is no archive, or its first file is gone",
                    "name the right directory, or put archive.json back from a vault or a copy"
                )
            case .unsupported:
                add(
                    .damage,
                    "newer_format",
                    error.message,
                    "use the newer release of the program that wrote it"
                )
            case .system: add(.warning, "unreadable", error.message)
            default:
                add(
                    .damage,
                    "document_damaged",
                    error.message,
                    "put archive.json back from a vault: `strongroom repair --from VAULT`"
                )
            }
        }
        try lookAtKeyring()
    }

    private mutating func lookForIndex() throws(SystemError) {
        guard document != nil, try fileSystem.status(of: layout.index) == nil else { return }
        add(
            .warning,
            "no_index",
            "the index is missing; no record depends on it, but reading does",
            "strongroom rebuild-index -r \(layout.root.string)"
        )
    }
}
