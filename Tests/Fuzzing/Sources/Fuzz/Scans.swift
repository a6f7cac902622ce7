import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Strongroom
import Support
import SystemPackage

/// A segment made of frames as the input says, whose commits are right as long as it does not say
/// otherwise, is walked, opened and judged.
func fuzzScan(_ input: inout FuzzInput) throws {
    let keys = Golden.keys
    var maker = SegmentMaker()
    while !input.isAtEnd, maker.bytes.count < 1 << 16 { try maker.add(&input) }
    let machine = SimulatedFileSystem()
    try machine.makeDirectory("/segments")
    let name = SegmentDirectory.Name(SegmentNumber(1), isSealed: maker.isSealed)
    let directory = SegmentDirectory(machine, "/segments")
    machine.replaceBytes(of: directory.path(name), with: maker.bytes)

    let file = try machine.open(directory.path(name), .read)
    var scanner = try BatchScanner(
        file,
        segment: SegmentNumber(1),
        archiveID: keys.archiveID,
        logKey: keys.logKey,
        after: .origin,
        at: UInt64(SegmentHeader.byteCount)
    )
    let contents = BatchContents(keys: keys, directory: directory)
    while let batch = try scanner.next() {
        require(batch.end <= UInt64(maker.bytes.count), "a batch ends within its file")
        _ = try? contents.entries(of: batch, in: scanner)
    }
    require(scanner.offset <= UInt64(maker.bytes.count), "a walk ends within its file")
    require(scanner.link.number <= maker.commitCount, "a walk finds no commit that nobody made")
    // It reads megabytes at a time, so not for every input.
    guard maker.bytes.count % 4 == 0 else { return }
    _ = try LogTail.classify(
        file,
        segment: SegmentNumber(1),
        from: scanner.offset,
        after: scanner.link,
        archiveID: keys.archiveID
    )
    _ = try? LogReplay(directory, keys: keys).run(from: .start) { _, _ in }
    _ = try SealedSegment.open(
        directory,
        SegmentNumber(1),
        archiveID: keys.archiveID,
        publicKey: keys.publicKey
    )
}

/// Puts a segment together, frame by frame.
private struct SegmentMaker {
    var bytes: [UInt8]
    var commitCount: UInt64 = 0
    var isSealed = false
    private var leaves: [Digest] = []
    private var commits: [SealBody.Commit] = []
    private var batchStart = SegmentHeader.byteCount
    private var frameCount: UInt64 = 0
    private var link = CommitLink.origin
    private let header: SegmentHeader

    init() {
        header = SegmentHeader(
            archiveID: Golden.keys.archiveID,
            number: SegmentNumber(1),
            created: Timestamp(microseconds: 0),
            firstCommit: 1,
            firstSequence: 1,
            epoch: 1,
            predecessor: .none
        )
        bytes = header.encode()
    }

    mutating func add(_ input: inout FuzzInput) throws {
        switch input.byte() % 8 {
        case 0, 1:
            let plain = input.take(input.number(1))
            var content: [UInt8] = []
            content.append(u32: UInt32(plain.count))
            let kind: FrameHeader.Kind = input.byte() % 4 == 0 ? .chunk : .records
            append(try sealedFrame(kind, codec: 0, dictionary: 0, content + plain))
        case 2: append(public: .directory, input.take(input.number(1)))
        case 3, 4: addCommit(&input)
        case 5: addSeal(&input)
        case 6: bytes += input.take(input.number(1))
        default:
            // What stands there already is changed, and nobody makes its checks anew.
            let offset = input.number(3) % bytes.count
            bytes[offset] ^= input.byte()
        }
    }

    private mutating func append(_ frame: [UInt8]) {
        bytes += frame
        leaves.append(SHA256().hash(prefix: 0, frame.span))
        frameCount += 1
    }

    private mutating func append(public kind: FrameHeader.Kind, _ body: [UInt8]) {
        var frame: [UInt8] = []
        _ = PublicFrame.append(
            kind: kind,
            body: body,
            firstSequence: 1,
            keys: Golden.keys,
            epoch: 1,
            to: &frame
        )
        append(frame)
    }

    private mutating func addCommit(_ input: inout FuzzInput) {
        var commit = CommitBody(
            number: link.number &+ 1,
            lastSequence: link.lastSequence &+ 1,
            time: Timestamp(microseconds: 1),
            frameCount: leaves.count,
            frameByteCount: UInt64(bytes.count - batchStart),
            root: MerkleTree.root(of: leaves),
            previous: link.hash,
            durable: link.number
        )
        switch input.byte() % 16 {
        case 1: commit.number = input.word()
        case 2: commit.lastSequence = input.word()
        case 3: commit.frameByteCount = input.word()
        case 4: commit.frameCount = input.number(4)
        case 5: commit.durable = input.word()
        default: break
        }
        var body: [UInt8] = []
        commit.encode(appendingTo: &body)
        let offset = UInt64(bytes.count)
        var frame: [UInt8] = []
        let leaf = PublicFrame.append(
            kind: .commit,
            body: body,
            firstSequence: 1,
            keys: Golden.keys,
            epoch: 1,
            to: &frame
        )
        bytes += frame
        frameCount += 1
        commits.append(SealBody.Commit(offset: offset, leaf: leaf))
        link = CommitLink(
            number: commit.number,
            lastSequence: commit.lastSequence,
            hash: leaf,
            time: commit.time
        )
        commitCount += 1
        leaves = []
        batchStart = bytes.count
    }

    private mutating func addSeal(_ input: inout FuzzInput) {
        let keys = Golden.keys
        var tree = MerkleAccumulator()
        for commit in commits { tree.append(leafHash: commit.leaf) }
        var seal = SealBody(
            segment: SegmentNumber(1),
            firstCommit: 1,
            lastCommit: link.number,
            lastSequence: link.lastSequence,
            frameCount: frameCount,
            recordCount: 0,
            recordByteCount: 0,
            committedByteCount: UInt64(bytes.count),
            time: Timestamp(microseconds: 2),
            headerHash: header.hash,
            segmentRoot: MerkleTree.root(of: commits.map(\.leaf)),
            treeSize: tree.count,
            peaks: tree.peaks,
            previousSeal: .zero,
            directories: [],
            commits: commits
        )
        switch input.byte() % 16 {
        case 1: seal.frameCount = input.word()
        case 2: seal.committedByteCount = input.word()
        case 3: seal.directories = [input.word(), input.word()]
        case 4: if !seal.commits.isEmpty { seal.commits[0].offset = input.word() }
        case 5: seal.lastCommit = input.word()
        case 6: seal.treeSize = input.word()
        default: break
        }
        seal.signature = (try? keys.sign(seal.signedBytes(archiveID: keys.archiveID))) ?? []
        guard seal.signature.count == SealBody.signatureByteCount else { return }
        var body: [UInt8] = []
        seal.encodeUnsigned(appendingTo: &body)
        let offset = UInt64(bytes.count)
        append(public: .seal, body + seal.signature)
        bytes += SealTrailer.encode(sealOffset: input.byte() % 8 == 7 ? input.word() : offset)
        isSealed = true
    }
}
