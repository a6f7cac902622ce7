import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Testing

/// The table of the specification, row by row.
@Suite("What stands behind the last valid commit") struct RecoveryVerdictTests {
    private let link = CommitLink(
        number: 7,
        lastSequence: 70,
        hash: .zero,
        time: Timestamp(microseconds: 0)
    )

    private func verdict(
        _ tail: LogTail,
        _ witnesses: RecoveryVerdict.Witness...
    ) -> RecoveryVerdict {
        .decide(tail, after: link, witnesses: witnesses)
    }

    @Test func `is clean if it is nothing and nobody knows more`() {
        #expect(verdict(.clean) == .clean)
        #expect(verdict(.clean, .init("the head", commit: 7)) == .clean)
        #expect(verdict(.clean, .init("the head", commit: 3)) == .clean)
    }

    @Test func `is a torn tail if it is garbage of at most one batch`() {
        let limit = UInt64(Limits.batch)
        #expect(verdict(.garbage(byteCount: 1)) == .tornTail(byteCount: 1))
        #expect(
            verdict(.garbage(byteCount: limit), .init("the head", commit: 7))
                == .tornTail(byteCount: limit)
        )
    }

    @Test func `is corruption if it is more garbage than one batch can be`() {
        guard
            case .corruption(8, nil, _) = verdict(.garbage(byteCount: UInt64(Limits.batch) + 1))
        else { return #expect(Bool(false), "too much for a torn batch") }
    }

    @Test func `is corruption if somebody knows the damaged commits to be durable`() {
        guard
            case .corruption(8, 9, let finding) = verdict(
                .garbage(byteCount: 10),
                .init("the index", commit: 9),
                .init("the head", commit: 8)
            )
        else { return #expect(Bool(false), "acknowledged commits are damaged") }
        #expect(finding.contains("the index"))
    }

    @Test func `is corruption if a commit after the next stands behind it`() {
        guard case .corruption(8, 9, _) = verdict(.laterCommit(number: 10, offset: 4_096)) else {
            return #expect(Bool(false), "a later commit proves that the gap was acknowledged")
        }
    }

    @Test func `is loss if nothing is there that somebody knows of`() {
        #expect(
            verdict(.clean, .init("snapshot 1", commit: 9))
                == .loss(first: 8, last: 9, witness: "snapshot 1")
        )
    }
}
