import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Support
import SystemPackage

@testable import ArchiveIndex

private let archive = [UInt8](1...16)

private func place(_ machine: SimulatedFileSystem) throws -> IndexPlace {
    let key = [UInt8](repeating: 9, count: SecretKey.byteCount)
    return IndexPlace(
        fileSystem: machine,
        path: "/index/records.btree",
        archive: archive,
        key: try SecretKey(copying: key.span)
    )
}

/// A page's plaintext as the input says: if it counts as well-formed, nothing that reads it may
/// leave it.
func fuzzIndexPage(_ input: inout FuzzInput) throws {
    guard input.byte() % 3 == 0 else { return try fuzzIndexFile(&input) }
    guard let geometry = PageGeometry(pageByteCount: 512) else { return }
    let isLeaf = input.byte() % 2 == 0
    let wanted = input.take(input.number(1) % 40)
    let bytes = padded(input.rest(), to: geometry.bodyByteCount)
    let body = PageBody(
        bytes,
        level: isLeaf ? 0 : 1,
        keyByteLimit: geometry.keyByteLimit
    )
    guard let body else { return }
    let page = Page(
        body,
        reference: PageReference(number: 16, transaction: 1, tag: PageTag(low: 0, high: 0)),
        level: isLeaf ? 0 : 1
    )
    var (key, value): ([UInt8], [UInt8]) = ([], [])
    var keys: [[UInt8]] = []
    for slot in 0..<page.count {
        _ = page.copy(slot, key: &key, value: &value)
        keys.append(key)
        if !isLeaf { _ = page.child(slot) }
    }
    let isSorted = zip(keys, keys.dropFirst()).allSatisfy {
        KeyOrder.compare($0.span, $1.span) < 0
    }
    for key in keys + [wanted] {
        let found = page.lowerBound(key.span)
        if !isLeaf { _ = page.child(for: key.span) }
        // Only what is in order can be searched; what is not is for the invariants to find.
        guard isSorted else { continue }
        let slot = keys.firstIndex { KeyOrder.compare($0.span, key.span) >= 0 } ?? keys.count
        require(found.slot == slot, "a search finds the first key that is not before")
        require(found.isEqual == keys.contains(key), "a search tells whether the key is there")
    }
}

private func padded(_ bytes: [UInt8], to count: Int) -> [UInt8] {
    Array((bytes + [UInt8](repeating: 0, count: count)).prefix(count))
}

/// An index file of pages that are sealed as they should be, and hold what the input says.
private func fuzzIndexFile(_ input: inout FuzzInput) throws {
    let machine = SimulatedFileSystem()
    try machine.makeDirectory("/index")
    let place = try place(machine)
    guard let geometry = PageGeometry(pageByteCount: 512) else { return }
    var sealer = PageSealer(
        geometry: geometry,
        key: place.key,
        archive: archive,
        generation: 7
    )
    var file = [UInt8](repeating: 0, count: PageGeometry.metaByteCount)
    var references: [PageReference] = []
    var levels: [UInt8] = []
    while !input.isAtEnd, references.count < 6 {
        let choice = input.byte()
        let level = choice % 3 | (choice < 192 ? 0 : PageLevel.filter)
        var body = padded(input.take(input.number(2) % 457), to: geometry.bodyByteCount)
        // A branch can name the pages before it only if it knows their tags.
        if !PageLevel.isLowest(level) { name(references, on: &body) }
        references.append(
            try sealer.seal(
                body,
                number: geometry.firstPage + UInt64(references.count),
                transaction: 1,
                level: level,
                appendingTo: &file
            )
        )
        levels.append(level)
    }
    guard let last = levels.lastIndex(where: { $0 < PageLevel.filter }) else { return }
    let filter = levels.lastIndex { $0 >= PageLevel.filter }
    let meta = IndexMeta(
        pageByteCount: 512,
        archive: archive,
        generation: 7,
        transaction: 2,
        trees: [
            Tree(
                root: TreeRoot(reference: references[last], level: levels[last]),
                filter: filter.map { TreeRoot(reference: references[$0], level: levels[$0]) },
                entryCount: 5
            )
        ],
        pageEnd: geometry.firstPage + UInt64(references.count),
        coverage: [1, 2, 3]
    )
    file.replaceSubrange(0..<4_096, with: meta.encoded(try place.authenticator()))
    machine.replaceBytes(of: place.path, with: file)
    try walk(place)
}

/// Puts the references of pages wherever a branch's payloads say `RR` and a number.
private func name(_ references: [PageReference], on body: inout [UInt8]) {
    var index = 0
    while index + PageReference.byteCount <= body.count {
        guard body[index] == 0x52, body[index + 1] == 0x52, !references.isEmpty else {
            index += 1
            continue
        }
        var bytes: [UInt8] = []
        references[Int(body[index + 2]) % references.count].encode(to: &bytes)
        body.replaceSubrange(index..<(index + bytes.count), with: bytes)
        index += bytes.count
    }
}

/// Everything that reads an index, and a checkpoint.
private func walk(_ place: IndexPlace) throws {
    var options = IndexOptions()
    options.pageByteCount = 512
    options.cacheByteLimit = 4_096
    options.stemByteCount = { min(1, $0.count) }
    let view = try Index.read(place, options)
    for key in [[], [1], [0x52, 0x52], [255]] as [[UInt8]] {
        var entry = IndexEntry()
        _ = try? view.value(for: key.span)
        _ = try? view.first(atOrAfter: key.span, into: &entry)
        _ = try? view.newest(atOrAfter: key.span, beginningWith: min(1, key.count), into: &entry)
        _ = try? view.last(before: key.span, into: &entry)
    }
    try? walk(view.cursors())
    _ = try? Index.verify(place, options)
    let index = try Index.open(place, options)
    var builder = RunBuilder()
    builder.append(key: [1, 2].span, value: [3].span)
    try index.checkpoint(applying: [builder.finish()], covering: [4])
    _ = try? index.verifyAllPages()
    try index.closeCompacted()
}

private func walk(_ cursors: [TreeCursor]) throws {
    for var cursor in cursors {
        var count = 0
        var isThere = try cursor.seekFirst()
        while isThere, count < 10_000 {
            count += 1
            isThere = try cursor.next()
        }
        require(count < 10_000, "six pages of 512 bytes have an end")
        isThere = try cursor.seekLast()
        while isThere { isThere = try cursor.previous() }
    }
}

/// Both meta slots as the input says, with the right MAC.
func fuzzIndexMeta(_ input: inout FuzzInput) throws {
    let machine = SimulatedFileSystem()
    try machine.makeDirectory("/index")
    let place = try place(machine)
    let authenticator = try place.authenticator()
    let settings = input.byte()
    let version = UInt8(IndexMeta.formatVersion)
    var file: [UInt8] = []
    for slot in 0..<2 {
        var bytes = padded(Array("SRTREE01".utf8) + [version, 0, 0, 0], to: 32)
        bytes.replaceSubrange(12..<16, with: [0, 2, 0, 0])
        bytes.replaceSubrange(16..<32, with: archive)
        if settings >> slot & 1 != 0 { bytes = [] }
        bytes = padded(bytes + input.take(input.number(2)), to: IndexMeta.macOffset)
        if settings >> slot & 4 == 0 {
            bytes.append(digest: authenticator.authenticate(bytes.span))
        }
        file += padded(bytes, to: PageGeometry.metaSlotByteCount)
    }
    let slot = MetaSlot(
        file.span.extracting(..<PageGeometry.metaSlotByteCount),
        archive: archive,
        authenticator
    )
    if case .valid(let meta) = slot {
        require(
            MetaSlot(meta.encoded(authenticator).span, archive: archive, authenticator) == slot,
            "a meta says the same when it is written again"
        )
    }
    file += input.rest()
    machine.replaceBytes(of: place.path, with: file)
    try walk(place)
}
