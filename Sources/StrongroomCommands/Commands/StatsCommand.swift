import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import Strongroom

/// Counts what an archive holds.
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Count records, subjects and bytes, and what they take on disk.",
        usage: "strongroom stats [-r DIR] [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom stats -r A --json

            Looks at every record there is; on a large archive that takes a while.
            """,
            exits: Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @OptionGroup var moment: MomentOptions
    @OptionGroup var answers: OutputOptions

    func run() async throws {
        try await options.withArchive(
            .readOnly,
            acceptingRollback: moment.acceptRollback
        ) { archive in
            let view = try await moment.view(of: archive)
            let counts = try await archive.reading(view) { view throws(ArchiveError) in
                try Self.count(view)
            }
            try Interrupted.check()
            let status = try await archive.status()
            answers.output.answer(StatsMessage(counts: counts, status: status))
        }
    }

    private static func count(_ view: ArchiveView) throws(ArchiveError) -> RecordCounts {
        var counts = RecordCounts(versionCount: view.lastSequence)
        var query = RecordQuery()
        query.collection = nil
        try view.forEach(query) { record in
            counts.add(record)
            return !Interruption.isRequested
        }
        return counts
    }
}

/// What a pass over all records counted.
struct RecordCounts: Sendable {
    /// Record versions, deletions and the engine's own included.
    let versionCount: UInt64
    var recordCount = 0
    var byteCount: UInt64 = 0
    var collections: [String: Int] = [:]
    var types: [String: Int] = [:]
    /// Hashes of the subjects: enough to count them, and small.
    private var subjects: Set<Int> = []

    init(versionCount: UInt64) { self.versionCount = versionCount }

    var subjectCount: Int { subjects.count }

    mutating func add(_ record: Record) {
        collections[record.collection, default: 0] += 1
        // Lists of imported files are counted as a collection; they repeat what the records hold.
        guard record.collection != "sources" else { return }
        recordCount += 1
        byteCount += record.byteCount
        if let subject = record.subject { subjects.insert(subject.hashValue) }
        for type in record.terms(of: "type") { types[type, default: 0] += 1 }
    }
}

/// What an archive holds.
struct StatsMessage: Message {
    let counts: RecordCounts
    let status: ArchiveStatus

    var type: String { "stats" }

    var fields: JSONObject {
        [
            "records": .count(counts.recordCount),
            "bytes": .count(counts.byteCount),
            "versions": .count(counts.versionCount),
            "subjects": .count(counts.subjectCount),
            "collections": .object(.counts(counts.collections)),
            "types": .object(.counts(counts.types)),
            "segments": .count(status.segmentCount),
            "stored_bytes": .count(status.segmentByteCount),
            "index_bytes": .count(status.indexByteCount),
        ]
    }

    var lines: [String] {
        [
            "\(CountText.text(counts.recordCount, "record")) of "
                + "\(CountText.text(counts.subjectCount, "subject")), "
                + "\(ByteText.text(counts.byteCount)); \(CountText.text(counts.versionCount, "version")) in all.",
            "On disk: \(CountText.text(status.segmentCount, "segment")) of \(ByteText.text(status.segmentByteCount)), "
                + "index \(ByteText.text(status.indexByteCount)).",
        ] + CountText.lines(counts.types)
    }
}
