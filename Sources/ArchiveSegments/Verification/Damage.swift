package import ArchiveFormat

/// Something that is not what was written, and where.
package struct Damage: Equatable, Sendable, CustomStringConvertible {
    /// The file, relative to the archive or vault.
    package let file: String
    package let offset: UInt64?
    /// The commits, and the record versions, that are concerned, where that is known.
    package let commits: ClosedRange<CommitNumber>?
    package internal(set) var sequences: ClosedRange<RecordSequence>?
    package let finding: String
    /// The system did not let it be read: nobody knows whether it is whole.
    package var isUnreadable = false

    package init(
        file: String,
        offset: UInt64? = nil,
        commits: ClosedRange<CommitNumber>? = nil,
        sequences: ClosedRange<RecordSequence>? = nil,
        _ finding: String
    ) {
        self.file = file
        self.offset = offset
        self.commits = commits
        self.sequences = sequences
        self.finding = finding
    }

    package var description: String {
        var place = file
        if let offset { place += ", offset \(offset)" }
        if let commits {
            place +=
                commits.count == 1
                ? ", commit \(commits.lowerBound)"
                : ", commits \(commits.lowerBound) to \(commits.upperBound)"
        }
        if let sequences {
            place +=
                sequences.count == 1
                ? ", record \(sequences.lowerBound)"
                : ", records \(sequences.lowerBound) to \(sequences.upperBound)"
        }
        return "\(place): \(finding)"
    }
}

/// What a verification of the log covered and found.
package struct LogVerification: Sendable {
    package internal(set) var segmentCount = 0
    package internal(set) var commitCount: UInt64 = 0
    package internal(set) var frameCount: UInt64 = 0
    /// Bytes that were read and hashed.
    package internal(set) var byteCount: UInt64 = 0
    /// Record versions, tombstones included, and the sum of their body lengths; counted where keys are
    /// there, else taken from the seals.
    package internal(set) var recordCount: UInt64 = 0
    package internal(set) var recordByteCount: UInt64 = 0
    package internal(set) var chunkCount: UInt64 = 0
    /// Frames of erased subjects: authentic as bytes, and for ever unreadable.
    package internal(set) var erasedFrameCount: UInt64 = 0
    package internal(set) var damages: [Damage] = []
    /// Things worth saying that are no damage, such as a batch that a crash cut.
    package internal(set) var notes: [String] = []
    /// The last commit that was proved.
    package internal(set) var link = CommitLink.origin

    package init() {}
}
