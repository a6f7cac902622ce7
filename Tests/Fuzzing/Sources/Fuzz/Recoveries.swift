import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Support
import SystemPackage

@testable import Strongroom

/// The golden archive, with changes as the input says, is opened, read, verified and gone on with.
///
/// Changes are made with and without making checks and tags anew. Without, whatever is read must be
/// right.
func fuzzRecovery(_ input: inout FuzzInput) throws {
    let machine = GoldenMachine.machine.clone()
    let settings = input.byte()
    var files: Set<Int> = []
    var count = 0
    while !input.isAtEnd, count < 16 {
        files.insert(try change(machine, &input))
        count += 1
    }
    let isRemade = settings & 1 != 0
    if isRemade { remakeTags(machine) }

    var address = ArchiveAddress(machine, "/archive", credential: Golden.credential)
    address.keyring = settings & 2 == 0 ? Golden.keyring : nil
    address.configuration.threadCount = 1
    let engine =
        settings & 4 == 0
        ? try Engine.open(address, rebuildingIndex: settings & 8 != 0)
        : try Engine.openForReading(address)
    let view = ArchiveView(
        engine.readState,
        reader: RecordReader(log: engine.reader, keys: engine.keys)
    )
    var query = RecordQuery()
    query.collection = nil
    try? view.forEach(query) { record in
        guard let body = try? view.body(of: record), !isRemade, files.count == 1 else {
            return true
        }
        let digest = SHA256.hash(body.span).hex
        let known = GoldenMachine.digests[record.collection + "/" + record.name] ?? []
        require(known.contains(digest), "what is read is what was put")
        return true
    }
    _ = try? engine.verify()
    guard settings & 4 == 0 else { return }
    _ = try engine.commit([NewRecord(name: "after", body: [1, 2, 3])])
    try engine.checkpoint()
    try engine.close()
}

enum GoldenMachine {
    /// Two snapshots among them, whose ids were drawn at random.
    static let paths =
        [
            "archive.json", "head", "index/records.btree", "keyring.json",
            "segments/0000000000000001.seg", "segments/0000000000000002.seg",
            "segments/0000000000000003.open",
        ] + Golden.names("archive/snapshots").map { "snapshots/" + $0 } + ["lock"]

    static let machine: SimulatedFileSystem = {
        let machine = SimulatedFileSystem()
        for directory in ["", "/index", "/segments", "/snapshots", "/quarantine"] {
            try? machine.makeDirectory(FilePath("/archive" + directory))
        }
        for path in paths {
            machine.replaceBytes(
                of: FilePath("/archive/" + path),
                with: Golden.bytes("archive/" + path)
            )
        }
        return machine
    }()

    /// The SHA-256 of every version of each record.
    static let digests: [String: Set<String>] = {
        var digests: [String: Set<String>] = [:]
        for line in Golden.bytes("expected.jsonl").split(separator: UInt8(ascii: "\n")) {
            guard let fields = try? JSONValue(parsing: Array(line).span).asObject,
                let name = fields["name"]?.asText, let digest = fields["sha256"]?.asText
            else { continue }
            let collection = fields["collection"]?.asText ?? ""
            digests[collection + "/" + name, default: []].insert(digest)
        }
        return digests
    }()
}

/// Changes one file; which one it was.
private func change(_ machine: SimulatedFileSystem, _ input: inout FuzzInput) throws -> Int {
    // Most often what is read most.
    let choice = [6, 5, 4, 6, 5, 2, 1, 7, 8, 0, 3, 2][input.number(1) % 12]
    let path = FilePath("/archive/" + GoldenMachine.paths[choice])
    guard var bytes = machine.bytes(of: path), !bytes.isEmpty else { return choice }
    let kind = input.byte()
    let offset = input.number(3) % bytes.count
    switch kind % 8 {
    case 0:
        let new = input.take(input.number(1) % 64)
        let end = min(bytes.count, offset + new.count)
        bytes.replaceSubrange(offset..<end, with: new.prefix(end - offset))
    case 1: bytes[offset] ^= input.byte()
    case 2: bytes.removeLast(bytes.count - offset)
    case 3:
        let count = min(input.number(2), bytes.count - offset)
        bytes.replaceSubrange(offset..<(offset + count), with: repeatElement(0, count: count))
    case 4:
        let source = input.number(3) % bytes.count & ~7
        let count = min(input.number(2), bytes.count - source, bytes.count - offset)
        bytes.replaceSubrange(offset..<(offset + count), with: bytes[source..<(source + count)])
    case 5:
        let count = min(input.number(2), bytes.count - offset)
        bytes.removeSubrange(offset..<(offset + count))
    case 6: bytes.insert(contentsOf: input.take(input.number(1)), at: offset)
    default:
        try machine.remove(path)
        return choice
    }
    machine.replaceBytes(of: path, with: bytes)
    return choice
}

/// Makes all checks, MACs and signatures of the log anew, as somebody could who has the keys.
private func remakeTags(_ machine: SimulatedFileSystem) {
    for path in machine.filePaths where path.string.contains("/segments/") {
        guard var bytes = machine.bytes(of: path), bytes.count > SegmentHeader.byteCount else {
            continue
        }
        let hash = SHA256.hash(bytes.span.extracting(..<4_064))
        bytes.replaceSubrange(4_064..<4_096, with: hash.bytes)
        var offset = SegmentHeader.byteCount
        while offset + FrameHeader.byteCount <= bytes.count {
            guard bytes.span.u32(at: offset) == FrameHeader.magic else { break }
            offset = remakeFrame(&bytes, offset)
        }
        machine.replaceBytes(of: path, with: bytes)
    }
}

/// The offset behind the frame.
private func remakeFrame(_ bytes: inout [UInt8], _ offset: Int) -> Int {
    let keys = Golden.keys
    let covered = keys.archiveID.bytes + bytes[offset..<(offset + 60)]
    let check = SHA256.hash(covered.span)
    bytes.replaceSubrange((offset + 60)..<(offset + 64), with: check.bytes.prefix(4))
    guard let header = FrameHeader(unchecked: bytes.span.extracting(offset...)),
        offset + header.frameByteCount <= bytes.count
    else { return bytes.count }
    let end = offset + header.frameByteCount
    guard !header.isSealed else { return end }
    let body = Array(bytes[(offset + 64)..<(offset + 64 + header.bodyByteCount)])
    var frame: [UInt8] = []
    _ = PublicFrame.append(
        kind: header.kind,
        body: body,
        nonce: header.nonce,
        firstSequence: header.firstSequence,
        keys: keys,
        epoch: header.epoch,
        to: &frame
    )
    bytes.replaceSubrange(offset..<end, with: frame)
    return end
}
