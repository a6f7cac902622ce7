/// What an import did, so that nothing is left to belief.
///
/// Every piece of every file is counted once: `pieces == records + duplicates`. What did not parse is
/// among them, stored like the rest.
public struct ImportSummary: Equatable, Sendable {
    /// Files read to the end.
    public var files = 0
    /// Lines, messages and whole files that were read.
    public var pieces = 0
    /// Those that were stored as new record versions.
    public var records = 0
    /// Those that the archive held already, byte for byte under the same name.
    public var duplicates = 0
    /// Those that could not be read as what they seem to be; they are kept whole.
    public var unparsed = 0
    /// Bytes of the files.
    public var bytes: UInt64 = 0
    /// The pieces by what they are; a Bundle counts as `Bundle`, a file of another kind by its media
    /// type.
    public var types: [String: Int] = [:]
    /// The first pieces that did not parse, with the reason; all of them are found in the archive.
    public var unparsedExamples: [ImportNotice] = []
    /// Files that could not be read or were passed over, with the reason.
    public var failures: [ImportNotice] = []
    /// Whether the import was cancelled.
    ///
    /// What had been stored is in the archive; running it again goes on.
    public var isInterrupted = false

    /// An import that has done nothing yet.
    public init() {}
}

/// A place in the sources and what is to be said about it; never a record's content.
public struct ImportNotice: Equatable, Sendable {
    /// The file, relative to what was imported.
    public let path: String
    /// The line or message from 1; 0 for the whole file.
    public let line: UInt64
    /// What happened, in words.
    public let reason: String
}

/// How far an import has come.
public struct ImportProgress: Equatable, Sendable {
    /// The file that is being read, relative to what is imported.
    public var path = ""
    /// Bytes read so far, of all files together.
    public var bytes: UInt64 = 0
    /// Bytes of all files together, as they were found at the beginning.
    public var totalBytes: UInt64 = 0
    /// Records stored so far.
    public var records = 0
    /// Pieces so far that the archive held already.
    public var duplicates = 0
    /// Pieces so far that did not parse.
    public var unparsed = 0
}

extension ImportSummary {
    /// How many pieces that did not parse are listed one by one.
    static let exampleLimit = 20

    mutating func note(unparsed reason: String, path: String, line: UInt64) {
        unparsed += 1
        guard unparsedExamples.count < Self.exampleLimit else { return }
        unparsedExamples.append(ImportNotice(path: path, line: line, reason: reason))
    }

    mutating func add(_ other: ImportSummary) {
        files += other.files
        pieces += other.pieces
        records += other.records
        duplicates += other.duplicates
        unparsed += other.unparsed
        bytes += other.bytes
        types.merge(other.types, uniquingKeysWith: +)
        failures += other.failures
        let room = Self.exampleLimit - unparsedExamples.count
        unparsedExamples += other.unparsedExamples.prefix(max(0, room))
    }
}
