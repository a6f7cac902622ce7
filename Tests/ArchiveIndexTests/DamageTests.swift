import ArchiveBytes
import ArchiveFileIO
import ArchiveSealing
import Support
import SystemPackage
import Testing

@testable import ArchiveIndex

/// Whatever is changed in the file is noticed, and no answer is ever wrong.
@Suite struct DamageTests {
    @Test
    func `every flipped byte is reported, and no answer is wrong`() throws {
        let bench = try Workbench(cacheByteLimit: 0)
        let index = try bench.create()
        let older = (0..<30 as Range<UInt8>).map { ([1, $0], [$0]) }
        try index.checkpoint(applying: [.of(older)], covering: [1])
        try index.checkpoint(applying: [.of([([1, 5], [99])])], covering: [2])
        let views: [[UInt8]: [IndexEntry]] = [
            [1]: older.map { IndexEntry(key: $0.0, value: $0.1) },
            [2]: try index.view().all(),
        ]
        #expect(try bench.open().verifyAllPages().isSound)
        let whole = bench.bytes
        for offset in whole.indices {
            let flipped = whole[offset] ^ 0x10
            bench.fileSystem.replaceBytes(of: Workbench.path, at: offset, with: [flipped])
            defer {
                bench.fileSystem.replaceBytes(
                    of: Workbench.path,
                    at: offset,
                    with: [whole[offset]]
                )
            }
            let damaged = try bench.open()
            #expect(try !damaged.verifyAllPages().isSound, "offset \(offset)")
            do {
                let view = try damaged.view()
                let found = try view.all()
                #expect(found == views[view.coverage], "offset \(offset)")
            } catch IndexError.corrupt(let path, let page, _) {
                #expect(path == Workbench.path)
                #expect(page == UInt64(offset / 512))
            }
        }
        #expect(try bench.open().verifyAllPages().isSound)
    }

    /// A leaf with it was believed, and the next checkpoint stopped the program.
    @Test(arguments: [true, false])
    func `an empty key stands on a branch only`(isLeaf: Bool) {
        var page = PendingPage(capacity: 456)
        let payload = [UInt8](repeating: 1, count: PageReference.byteCount)
        let isAdded = page.append([UInt8]().span, payload: payload.span)
        var bytes = [UInt8](repeating: 0, count: 456)
        page.encode(into: &bytes)
        let isRead = PageBody(bytes, level: isLeaf ? 0 : 1, keyByteLimit: 64) != nil
        #expect(isAdded && isRead == !isLeaf)
    }

    @Test
    func `an old version of a page put back is noticed`() throws {
        let bench = try Workbench(cacheByteLimit: 0)
        let index = try bench.create()
        let keys = (0..<60 as Range<UInt8>).map { [1, $0] }
        var versions: [[UInt8]] = []
        for step in 0..<8 as Range<UInt8> {
            try index.checkpoint(applying: [.of(keys.map { ($0, [step]) })], covering: [step])
            versions.append(bench.bytes)
        }
        let used = try TreeWalk(index.pages, index.meta).usedPages()
        let current = try #require(versions.last)
        var count = 0
        for page in used.indices where used[page] {
            let range = page * 512..<page * 512 + 512
            for old in versions.dropLast()
            where range.upperBound <= old.count && old[range] != current[range] {
                guard old[range].contains(where: { $0 != 0 }) else { continue }
                count += 1
                bench.fileSystem.replaceBytes(
                    of: Workbench.path,
                    at: range.lowerBound,
                    with: Array(old[range])
                )
                let report = try bench.open().verifyAllPages()
                #expect(report.damages.contains(.page(UInt64(page), .stale)))
                #expect(
                    throws: IndexError.corrupt(
                        Workbench.path,
                        page: UInt64(page),
                        finding: .stale
                    )
                ) { try bench.open().view().all() }
            }
            bench.fileSystem.replaceBytes(
                of: Workbench.path,
                at: range.lowerBound,
                with: Array(current[range])
            )
        }
        #expect(count > 5)
    }

    @Test
    func `a page of a checkpoint that was given up does not pass for the one that followed`()
        throws
    {
        // Both have the same number, transaction and key: a crash had the number used twice.
        let bench = try Workbench(cacheByteLimit: 0)
        let keys = (0..<10 as Range<UInt8>).map { [1, $0] }
        try bench.create().checkpoint(applying: [.of(keys.map { ($0, [0]) })], covering: [])
        let lost = Workbench(bench, on: bench.fileSystem.clone())
        try lost.open().checkpoint(applying: [.of(keys.map { ($0, [1]) })], covering: [])
        try bench.open().checkpoint(applying: [.of(keys.map { ($0, [2]) })], covering: [])
        let (index, other) = try (bench.open(), lost.open())
        let root = try #require(index.meta.trees.last?.root.reference)
        #expect(root.number == other.meta.trees.last?.root.reference.number)
        #expect(root.transaction == other.meta.trees.last?.root.reference.transaction)
        let range = Int(root.number) * 512..<Int(root.number) * 512 + 512
        bench.fileSystem.replaceBytes(
            of: Workbench.path,
            at: range.lowerBound,
            with: Array(lost.bytes[range])
        )
        let error = IndexError.corrupt(Workbench.path, page: root.number, finding: .stale)
        #expect(throws: error) { try bench.open().view().all() }
        #expect(try bench.open().verifyAllPages().damages == [.page(root.number, .stale)])
    }

    @Test
    func `a page of another archive does not pass`() throws {
        let entries = (0..<60 as Range<UInt8>).map { ([1, $0], [$0]) }
        func made(_ archive: [UInt8]) throws -> Workbench {
            let bench = try Workbench(cacheByteLimit: 0)
            let index = try Index.create(bench.place(archive: archive), bench.options, covering: [])
            try index.checkpoint(applying: [.of(entries)], covering: [])
            return bench
        }
        let ours = try made(Workbench.archive)
        let foreign = try made(Array(repeating: 9, count: 16))
        #expect(throws: IndexError.foreign(Workbench.path)) {
            let place = IndexPlace(
                fileSystem: foreign.fileSystem,
                path: Workbench.path,
                archive: Workbench.archive,
                key: try Workbench.key(2)
            )
            _ = try Index.open(place, foreign.options)
        }
        // Even under the same key, which no two archives have, the pages are told apart.
        let page = Array(foreign.bytes[16 * 512..<17 * 512])
        ours.fileSystem.replaceBytes(of: Workbench.path, at: 16 * 512, with: page)
        let report = try ours.open().verifyAllPages()
        #expect(!report.isSound)
    }

    @Test
    func `a missing, empty, foreign, newer or damaged file each has its error`() throws {
        let bench = try Workbench()
        #expect(throws: IndexError.missing(Workbench.path)) { try bench.open() }
        let index = try bench.create()
        try index.checkpoint(applying: [.of([([1], [1])])], covering: [])
        let whole = bench.bytes
        func put(_ bytes: [UInt8]) {
            bench.fileSystem.replaceBytes(of: Workbench.path, with: bytes)
        }
        func expectDamaged(_ comment: Comment) {
            let error = #expect(throws: IndexError.self, comment) { try bench.open() }
            guard case .damaged = error else {
                Issue.record("\(comment): \(String(describing: error))")
                return
            }
        }
        put([])
        expectDamaged("empty")
        put(Array(whole.prefix(8_191)))
        expectDamaged("cut inside the second slot")
        put(Array(whole.dropLast()))
        expectDamaged("cut inside the last page")
        put([UInt8](repeating: 0, count: whole.count))
        expectDamaged("zeros")
        var spoiled = whole
        for slot in [0, 4_096] { spoiled[slot + 100] ^= 1 }
        put(spoiled)
        expectDamaged("both slots")
        let next = IndexMeta.formatVersion + 1
        for slot in [0, 4_096] { spoiled[slot + 8] = UInt8(next) }
        put(spoiled)
        #expect(throws: IndexError.newerFormat(Workbench.path, version: next)) { try bench.open() }
        put(whole)
        let other = IndexPlace(
            fileSystem: bench.fileSystem,
            path: Workbench.path,
            archive: Array(repeating: 3, count: 16),
            key: try Workbench.key(3)
        )
        #expect(throws: IndexError.foreign(Workbench.path)) {
            try Index.open(other, bench.options)
        }
        let wrongKey = IndexPlace(
            fileSystem: bench.fileSystem,
            path: Workbench.path,
            archive: Workbench.archive,
            key: try Workbench.key(3)
        )
        let error = #expect(throws: IndexError.self) { try Index.open(wrongKey, bench.options) }
        guard case .damaged = error else {
            Issue.record("wrong key: \(String(describing: error))")
            return
        }
    }

    @Test
    func `an index of an earlier format is known as one, to be made anew`() throws {
        let bench = try Workbench()
        _ = try bench.create()
        let place = IndexPlace(
            fileSystem: bench.fileSystem,
            path: Workbench.path,
            archive: Workbench.archive,
            key: bench.key
        )
        var bytes = bench.bytes
        let authenticator = try place.authenticator()
        for slot in [0, 4_096] where bytes[slot..<(slot + 4_096)].contains(where: { $0 != 0 }) {
            bytes[slot + 8] = 1
            let end = slot + IndexMeta.macOffset
            let mac = authenticator.authenticate(bytes.span.extracting(slot..<end))
            bytes.replaceSubrange(end..<(slot + 4_096), with: mac.bytes)
        }
        bench.fileSystem.replaceBytes(of: Workbench.path, with: bytes)
        let finding = "its format 1 is one of an earlier program"
        #expect(throws: IndexError.damaged(Workbench.path, finding: finding)) { try bench.open() }
    }

    @Test
    func `an index that exists is not created over`() throws {
        let bench = try Workbench()
        _ = try bench.create()
        #expect(
            throws: IndexError.system(SystemError(.create, Workbench.path, .fileExists))
        ) { try bench.create() }
    }

    @Test
    func `pages that a crash left torn are cleared and no others`() throws {
        let bench = try Workbench()
        let index = try bench.create()
        let keys = (0..<60 as Range<UInt8>).map { [1, $0] }
        for step in 0..<4 as Range<UInt8> {
            try index.checkpoint(applying: [.of(keys.map { ($0, [step]) })], covering: [step])
        }
        let used = try TreeWalk(index.pages, index.meta).usedPages()
        let free = try #require((16..<used.count).first { !used[$0] })
        bench.fileSystem.replaceBytes(of: Workbench.path, at: free * 512 + 300, with: [1, 2, 3])
        bench.fileSystem.replaceBytes(
            of: Workbench.path,
            with: bench.bytes + [UInt8](repeating: 5, count: 700)
        )
        let opened = try bench.open()
        #expect(try !opened.verifyAllPages().isSound)
        let cleared = try opened.repairFreePages()
        #expect(cleared.contains(UInt64(free)))
        #expect(cleared.count == 3)
        try opened.expectSound()
        #expect(bench.bytes.count == used.count * 512)
    }

    @Test
    func `a file that another writer changed is noticed`() throws {
        let bench = try Workbench()
        let index = try bench.create()
        let other = try bench.open()
        for step in 0..<3 as Range<UInt8> {
            try other.checkpoint(applying: [.of([([1], [step])])], covering: [step])
        }
        #expect(try index.verifyAllPages().damages.contains(.replaced))
        #expect(throws: IndexError.self) { try index.repairFreePages() }
    }

    @Test
    func `nothing readable lies in the file`() throws {
        let bench = try Workbench()
        let name = Array("Mustermann".utf8)
        var builder = IndexBuilder(bench.place, bench.options, memoryByteCount: 1_000)
        for number in 0..<100 as Range<UInt8> {
            try builder.append([1] + name + [number], name)
        }
        // The parts that wait on the disk are sealed like the index itself.
        for path in bench.fileSystem.filePaths {
            let bytes = try #require(bench.fileSystem.bytes(of: path))
            #expect(bytes.count > 512)
            #expect(!bytes.containsSequence(name))
        }
        #expect(bench.fileSystem.filePaths.count == 1)
        _ = try builder.finish(covering: name)
        #expect(!bench.bytes.suffix(from: 8_192).containsSequence(name))
    }

    @Test
    func `each error says what, where and what next`() {
        let path: FilePath = "/a/records.btree"
        let errors: [IndexError] = [
            .missing(path), .foreign(path), .newerFormat(path, version: 7),
            .damaged(path, finding: "it ends before its last page"),
            .corrupt(path, page: 12, finding: .stale),
        ]
        for error in errors {
            #expect(error.description.contains("/a/records.btree"))
            #expect(error.description.contains("rebuild"))
        }
        #expect(errors[2].description.contains("7"))
        #expect(errors[4].description.contains("page 12"))
        let cause = SystemError(.write, path, .ioError)
        #expect(IndexError.poisoned(cause).description.contains("open the archive again"))
        #expect(IndexError.system(cause).description == cause.description)
        #expect(IndexError.sealing(.libraryFailure).description.contains("libcrypto"))
        #expect(IndexDamage.page(3, .unauthentic).description.hasPrefix("page 3"))
        #expect(IndexDamage.entryCount(recorded: 4, found: 5).description.contains("5"))
        #expect(IndexDamage.metaSlot(1).description.contains("1"))
        #expect(!IndexDamage.gap.description.isEmpty && !IndexDamage.replaced.description.isEmpty)
    }
}

extension Sequence<UInt8> {
    fileprivate func containsSequence(_ other: [UInt8]) -> Bool {
        let bytes = Array(self)
        return bytes.indices.dropLast(other.count - 1).contains {
            bytes[$0] == other[0] && Array(bytes[$0..<$0 + other.count]) == other
        }
    }
}
