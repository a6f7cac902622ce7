import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import Synchronization

/// Digests of some of a batch's records that follow each other.
struct MadeDigests: Sendable {
    let firstRecord: Int
    let digests: [Digest]

    /// The digest of a record, if it is among them.
    subscript(record: Int) -> Digest? {
        let index = record - firstRecord
        return digests.indices.contains(index) ? digests[index] : nil
    }
}

/// The digests of the bodies in a piece of a batch, which another thread makes while the batch's caller goes on,
/// and as long as somebody has this.
final class PieceDigests: Sendable {
    /// The first of the batch's records whose body is in the piece.
    let firstRecord: Int
    let work: Work

    /// Begins with a piece that nothing is added to any more.
    init(of piece: [UInt8], _ bodies: [Range<Int>], firstRecord: Int) {
        self.firstRecord = firstRecord
        work = Work(piece, bodies)
        WorkerTeam.start { [work] in work.run() }
    }

    deinit { work.stop() }

    /// The digests of the first bodies of the piece, as many as there are; no more are made.
    func take() -> MadeDigests {
        work.stop()
        return MadeDigests(firstRecord: firstRecord, digests: work.digests)
    }

    final class Work: Sendable {
        private let piece: [UInt8]
        private let bodies: [Range<Int>]
        private let made = Mutex<[Digest]>([])
        private let isWanted = Atomic(true)
        /// After so many it shows what it has.
        private static let stepCount = 16

        init(_ piece: [UInt8], _ bodies: [Range<Int>]) {
            self.piece = piece
            self.bodies = bodies
        }

        var digests: [Digest] { made.withLock { $0 } }

        func stop() { isWanted.store(false, ordering: .relaxed) }

        func run() {
            let hasher = SHA256()
            let piece = piece
            let bytes = piece.span
            var digests: [Digest] = []
            for body in bodies where isWanted.load(ordering: .relaxed) {
                digests.append(hasher.hash(bytes.extracting(body)))
                if digests.count % Self.stepCount == 0 { show(digests) }
            }
            show(digests)
        }

        private func show(_ digests: [Digest]) { made.withLock { $0 = digests } }
    }
}
