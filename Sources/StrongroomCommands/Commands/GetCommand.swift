import ArchiveFileIO
import ArgumentParser
import Strongroom

/// Writes one record to standard output.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Write one record to standard output, exactly as it was put.",
        usage: "strongroom get [-r DIR] NAME [OPTIONS]",
        discussion: Help.text(
            """
            Example: strongroom get -r A labs/4711.pdf > 4711.pdf

            Part of a large record: strongroom get -r A scan.dcm --offset 1000000 --length 4096

            Records of up to 8 MiB are checked as a whole before the first byte is written. Of longer \
            ones every piece is checked before it is written, and the whole at the end: use the \
            output only if the command ends with 0. Of a part every piece is checked.
            """,
            exits: Help.reading
        )
    )

    @OptionGroup var options: ArchiveOptions
    @Argument(help: "The record's name.")
    var name: String
    @OptionGroup var moment: MomentOptions
    @Option(help: ArgumentHelp("The group of names it belongs to.", valueName: "name"))
    var collection = "records"
    @Option(help: ArgumentHelp("Begin at this byte of the body, from 0.", valueName: "bytes"))
    var offset: UInt64?
    @Option(
        help: ArgumentHelp("Write so many bytes; all that follow if not given.", valueName: "bytes")
    )
    var length: UInt64?
    @OptionGroup var answers: OutputOptions

    /// What is held in memory at once.
    private static let wholeByteLimit: UInt64 = 8 << 20

    func run() async throws {
        let (name, collection, part) = (name, collection, (offset, length))
        let then = moment.isNamed ? " as of then" : ""
        let progress = StandardStream.output.isTerminal ? nil : answers.output.progress("get")
        try await options.withView(of: name, in: collection, moment) { view throws(ArchiveError) in
            guard let record = try view.record(named: name, in: collection) else {
                throw ArchiveError(
                    .noRecord,
                    "there is no record \(VisibleText.text(name)) in \(collection)\(then); "
                        + "`strongroom ls` lists names, `strongroom log` a name's history"
                )
            }
            if part.0 != nil || part.1 != nil {
                try Self.write(part, of: record, from: view)
            } else {
                try Self.write(record, from: view, progress)
            }
        }
    }

    private static func write(
        _ part: (offset: UInt64?, length: UInt64?),
        of record: Record,
        from view: ArchiveView
    ) throws(ArchiveError) {
        let offset = part.offset ?? 0
        let rest = record.byteCount.subtractingReportingOverflow(offset)
        guard !rest.overflow, part.length ?? 0 <= rest.partialValue else {
            throw ArchiveError(
                .invalid,
                "the record has \(record.byteCount) bytes; --offset and --length ask for what is "
                    + "behind its end"
            )
        }
        let range = offset..<(offset + (part.length ?? rest.partialValue))
        try view.forEachPiece(of: record, in: range) { piece in
            if Interruption.isRequested { throw CancellationError() }
            try StandardOutput.shared.write(piece.span)
        }
    }

    private static func write(
        _ record: Record,
        from view: ArchiveView,
        _ progress: Progress?
    ) throws(ArchiveError) {
        let output = StandardOutput.shared
        if record.byteCount <= wholeByteLimit {
            let body = try view.body(of: record)
            do throws(SystemError) {
                try output.write(body.span)
            } catch {
                throw ArchiveError.wrapping(error)
            }
            return
        }
        var done: UInt64 = 0
        do throws(ArchiveError) {
            try view.forEachPiece(of: record) { piece in
                if Interruption.isRequested { throw CancellationError() }
                try output.write(piece.span)
                done += UInt64(piece.count)
                progress?.update(done: done)
            }
        } catch {
            guard done > 0 else { throw error }
            throw ArchiveError(
                error.code,
                "\(error.message); of \(record.byteCount) bytes \(done) were written: the output is "
                    + "not the whole record, do not use it"
            )
        }
    }
}

extension Archive {
    /// Runs blocking reads of a view on a thread of the archive's own.
    func reading<Result: Sendable>(
        _ view: ArchiveView,
        _ body: @escaping @Sendable (ArchiveView) throws(ArchiveError) -> Result
    ) async throws(ArchiveError) -> Result {
        try await read { _ throws(ArchiveError) in try body(view) }
    }
}
