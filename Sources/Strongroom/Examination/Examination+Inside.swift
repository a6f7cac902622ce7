import ArchiveFormat
import ArchiveIndex
import ArchiveKeys
import ArchiveSegments
import SystemPackage

// What only a key shows.

extension Examination {
    /// An index that is so much behind makes every opening slow.
    private static let behindByteCount: UInt64 = 256 << 20

    /// Opens the archive for reading and looks at its index; nothing is written.
    package mutating func openUp(_ address: ArchiveAddress) {
        let engine: Engine
        do throws(ArchiveError) {
            engine = try Engine.openForReading(address)
        } catch {
            return tell(error)
        }
        lookAtIndex(engine)
        guard engine.covered.link.number < engine.end.link.number else { return }
        let isLong =
            engine.end.segment > engine.covered.segment
            || engine.end.offset - engine.covered.offset > Self.behindByteCount
        add(
            isLong ? .warning : .note,
            "index_behind",
            "the index knows commit \(engine.covered.link.number), the log has "
                + "\(engine.end.link.number): each opening reads the difference again",
            isLong
                ? "the next command that writes brings it up, or `strongroom rebuild-index`" : nil
        )
    }

    private mutating func tell(_ error: ArchiveError) {
        let isIndex = error.message.contains("rebuild-index")
        let known = symptoms.contains { $0.severity == .damage }
        switch error.code {
        case .wrongKey:
            add(
                .warning,
                "wrong_key",
                error.message,
                "try another passphrase or key file; `strongroom key list` shows the slots' labels"
            )
        case .corrupt where isIndex:
            add(
                .warning,
                "index_damaged",
                error.message,
                "strongroom rebuild-index -r \(layout.root.string)"
            )
        case .corrupt, .rollback:
            // Said already in the part that needs no key, with its place.
            if !known { add(.damage, "cannot_open", error.message) }
        default: if !known { add(.warning, "cannot_open", error.message) }
        }
    }

    private mutating func lookAtIndex(_ engine: Engine) {
        var options = IndexOptions()
        options.pageByteCount = engine.document.pageByteCount
        options.stemByteCount = IndexKeys.stemByteCount
        do throws(IndexError) {
            let report = try Index.verify(
                IndexPlace(
                    fileSystem: fileSystem,
                    path: layout.index,
                    archive: engine.keys.archiveID.bytes,
                    key: engine.keys.keyring.indexKey
                ),
                options
            )
            guard let first = report.damages.first else { return }
            let more = report.damages.count - 1
            add(
                .warning,
                "index_damaged",
                "the index is damaged: \(first)\(more > 0 ? ", and \(more) more" : ""); no record is "
                    + "concerned",
                "strongroom rebuild-index -r \(layout.root.string)"
            )
        } catch {
            add(
                .warning,
                "index_damaged",
                "\(error)",
                "strongroom rebuild-index -r \(layout.root.string)"
            )
        }
    }
}
