package import ArchiveFormat
package import ArchiveSealing

/// What opening decides about the end of the log; pure, so that every row of the specification's
/// table is a test.
package enum RecoveryVerdict: Equatable, Sendable {
    /// The log ends with a whole commit.
    case clean
    /// The batch in flight was cut by a crash; nobody was told that it is there.
    case tornTail(byteCount: UInt64)
    /// Acknowledged bytes are damaged: commits from `first` on, up to `last` where that is known.
    case corruption(first: CommitNumber, last: CommitNumber?, finding: String)
    /// Acknowledged commits are gone without a trace: the log was cut, or put back to an old state.
    case loss(first: CommitNumber, last: CommitNumber, witness: String)

    /// Something apart from the log's end that knows of a commit.
    package struct Witness: Equatable, Sendable {
        package let name: String
        package let commit: CommitNumber
        /// The commit's leaf hash, where the witness has it.
        package let hash: Digest?
        /// The segment that the commit stands in, where the witness knows it.
        package let segment: SegmentNumber?

        package init(
            _ name: String,
            commit: CommitNumber,
            hash: Digest? = nil,
            segment: SegmentNumber? = nil
        ) {
            self.name = name
            self.commit = commit
            self.hash = hash
            self.segment = segment
        }
    }

    /// Weighs what stands behind the last valid commit against what the witnesses know.
    package static func decide(
        _ tail: LogTail,
        after link: CommitLink,
        witnesses: [Witness]
    ) -> RecoveryVerdict {
        let known = witnesses.max { $0.commit < $1.commit }
        let missing = known.flatMap { $0.commit > link.number ? $0 : nil }
        switch tail {
        case .laterCommit(let number, let offset):
            return .corruption(
                first: link.number + 1,
                last: number - 1,
                finding: "commit \(number) stands whole at offset \(offset), behind damaged bytes"
            )
        case .clean:
            guard let missing else { return .clean }
            return .loss(first: link.number + 1, last: missing.commit, witness: missing.name)
        case .garbage(let byteCount):
            if let missing {
                return .corruption(
                    first: link.number + 1,
                    last: missing.commit,
                    finding: "\(missing.name) knows commit \(missing.commit) to be durable"
                )
            }
            guard byteCount <= UInt64(Limits.batch) else {
                return .corruption(
                    first: link.number + 1,
                    last: nil,
                    finding: "\(byteCount) damaged bytes are more than one batch in flight"
                )
            }
            return .tornTail(byteCount: byteCount)
        }
    }
}
