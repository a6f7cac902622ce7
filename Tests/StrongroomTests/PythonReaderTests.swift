import ArchiveBytes
import ArchiveFileIO
import ArchiveFormat
import ArchiveKeys
import ArchiveSealing
import ArchiveSegments
import Support
import SystemPackage
import Testing

@testable import Strongroom

@Suite(.enabled(if: PythonReader.isExpected, PythonReader.reason))
struct `The reader in Python` {
    private let golden: GoldenArchive
    private let keyFile = GoldenArchive.directory.appending("key-file").string
    private let passphrase = GoldenArchive.directory.appending("passphrase").string

    init() throws { golden = try GoldenArchive() }

    private func list(_ path: String) throws -> PythonReader.Result {
        try PythonReader.run(["list", path, "--all", "--key-file", keyFile])
    }

    @Test func `lists every version of the golden archive with all that is known of it`() throws {
        let path = GoldenArchive.directory.appending("archive").string
        for key in [["--key-file", keyFile], ["--password-file", passphrase]] {
            let all = try PythonReader.run(["list", path, "--all"] + key)
            #expect(all.status == 0, "\(all.message)")
            #expect(all.records.map(\.sorted) == golden.expected.map(\.sorted))
            #expect(all.count("torn_bytes") == 0)
        }
        let newest = try PythonReader.run(["list", path, "--key-file", keyFile])
        let current = golden.newest(golden.expected).filter { !$0.isDeleted }
        #expect(Set(newest.records.map(\.sequence)) == Set(current.map(\.sequence)))
    }

    @Test func `extracts every byte of an archive that the engine has just made`() async throws {
        try await TemporaryDirectory.withAsync { path in
            let place = path.appending("archive")
            _ = try GoldenMaker.make(at: place)
            let arguments = ["--to", path.appending("out").string, "--key-file", keyFile, "--all"]
            let result = try PythonReader.run(["extract", place.string] + arguments)
            #expect(result.status == 0, "\(result.message)")
            let archive = try await Archive.open(
                at: place.string,
                unlocking: golden.key(),
                mode: .readOnly
            )
            #expect(result.records.count == golden.expected.count)
            for line in result.records {
                let file = FilePath(try #require(line["path"]?.asText))
                #expect(file.starts(with: path.appending("out")))
                let body = try await archive.read { view throws(ArchiveError) in
                    let versions = try view.versions(of: line.name, in: line.collection)
                    guard let record = versions.first(where: { $0.sequence == line.sequence })
                    else { return nil as [UInt8]? }
                    return try view.body(of: record)
                }
                #expect(try PosixFileSystem().readAll(file, limit: 8 << 20) == body, "\(line.name)")
            }
        }
    }

    @Test func `agrees with directories, index, snapshots and notes`() throws {
        let archive = GoldenArchive.directory.appending("archive").string
        try TemporaryDirectory.with { path in
            _ = try GoldenMaker.make(at: path.appending("archive"))
            for place in [archive, path.appending("archive").string] {
                let found = try PythonReader.check(place, keyFile: keyFile)
                // Versions in directories, entries of the index, labels of snapshots. How many
                // chunks there are depends on the keys.
                #expect(found.lines.first == "58", "\(found.message)")
                #expect(found.lines.dropFirst(2) == ["", "first of the golden archive", ""])
            }
        }
    }

    @Test func `agrees with filters of many small pages`() async throws {
        try await TemporaryDirectory.withAsync { path in
            let place = path.appending("archive").string
            var configuration = ArchiveConfiguration()
            configuration.pageByteCount = 512
            let archive = try await Archive.create(
                at: place,
                unlocking: golden.key(),
                configuration: configuration
            )
            let records = (0..<1_000).map { NewRecord(name: "n\($0)", body: [UInt8]("{}".utf8)) }
            try await archive.write { batch in
                for record in records { batch.put(record) }
            }
            try await archive.close()
            let found = try PythonReader.check(place, keyFile: keyFile)
            #expect(found.lines.count == 3, "\(found.message)")
        }
    }

    @Test func `extracts the newest version under a name of its own`() throws {
        try TemporaryDirectory.with { path in
            let archive = GoldenArchive.directory.appending("archive").string
            let arguments = ["--to", path.string, "--password-file", passphrase]
            let result = try PythonReader.run(["extract", archive] + arguments)
            #expect(result.status == 0, "\(result.message)")
            let current = golden.newest(golden.expected).filter { !$0.isDeleted }
            #expect(result.records.count == current.count)
            #expect(Set(result.records.compactMap { $0["path"]?.asText }).count == current.count)
            for line in result.records {
                let file = FilePath(try #require(line["path"]?.asText))
                #expect(file.lexicallyNormalized() == file && file.starts(with: path))
                let bytes = try PosixFileSystem().readAll(file, limit: 8 << 20)
                #expect(line["sha256"]?.asText == SHA256.hash(bytes.span).hex)
            }
        }
    }

    @Test func `passes over space that is reserved and a batch that was cut`() throws {
        try TemporaryDirectory.with { path in
            let address = ArchiveAddress(
                PosixFileSystem(),
                path.appending("archive"),
                credential: try golden.key().credential,
                configuration: .quick
            )
            let engine = try Engine.create(address)
            for number in 1...3 {
                _ = try engine.commit([NewRecord(name: "\(number)", body: [UInt8(number)])])
            }
            let whole = try list(address.path.string)
            #expect(whole.records.map(\.name) == ["1", "2", "3"])
            #expect(whole.count("torn_bytes") == 0)
            // A header of a batch that never got its commit.
            let place = address.layout.segments.appending("0000000000000001.open")
            let segment = try PosixFileSystem().open(place, .readWrite)
            let end = engine.end.offset
            try segment.write(try segment.read(at: 4_096, byteCount: 64), at: end)
            let torn = try list(address.path.string)
            #expect(torn.records.map(\.name) == ["1", "2", "3"])
            #expect(torn.count("torn_bytes") == 64)
        }
    }

    @Test func `says what is erased, and reads the rest`() async throws {
        try await golden.withCopy { path in
            let place = FilePath(path).appending("keyring.json")
            let bytes = try PosixFileSystem().readAll(place, limit: 1 << 20)
            let file = try KeyringFile(decoding: bytes.span)
            let credentials = try [
                golden.key().credential, ArchiveKey.passphrase(GoldenMaker.passphrase).credential,
            ]
            let keyring = try file.open(credentials[0])
            let next = try file.erasing(
                [keyring.tag(of: .subject("Patient/2"))],
                carrying: credentials,
                unlockedBy: keyring
            )
            try PosixFileSystem().replace(place, with: next.bytes())
            let result = try list(path)
            #expect(result.status == 0, "\(result.message)")
            let rest = golden.expected.filter { $0.subject != "Patient/2" }
            #expect(result.records.map(\.sequence) == rest.map(\.sequence))
            #expect(result.count("erased_frames") ?? 0 > 4)
            #expect(result.message.contains("erased subjects"))
        }
    }

    @Test(arguments: [
        ("archive.json", 30), ("keyring.json", 500), ("segments/0000000000000001.seg", 100),
        ("segments/0000000000000001.seg", 4_110), ("segments/0000000000000001.seg", 100_000),
        ("segments/0000000000000002.seg", 9_000), ("segments/0000000000000003.open", 4_200),
    ])
    func `refuses what was changed`(_ file: String, _ offset: UInt64) async throws {
        try await golden.withCopy { path in
            let place = try PosixFileSystem().open(FilePath(path).appending(file), .readWrite)
            let byte = try place.read(at: offset, byteCount: 1)[0]
            try place.write([byte ^ 4], at: offset)
            let result = try list(path)
            #expect([20, 24].contains(result.status), "\(result.message)")
            #expect(result.records.isEmpty)
            #expect(!result.message.contains("Traceback"))
        }
    }

    @Test func `says which key, archive or commits are missing`() async throws {
        let archive = GoldenArchive.directory.appending("archive").string
        let wrong = try PythonReader.run(["list", archive, "--key-file", archive + "/head"])
        #expect(wrong.status == 12)
        #expect(wrong.message.contains("no key slot opens"))
        let none = try PythonReader.run(["list", "/nowhere", "--key-file", keyFile])
        #expect(none.status == 10)
        try await golden.withCopy { path in
            let files = PosixFileSystem()
            try files.remove(FilePath(path).appending("segments/0000000000000003.open"))
            let cut = try list(path)
            #expect(cut.status == 24)
            #expect(cut.message.contains("are missing"))
            try files.remove(FilePath(path).appending("segments/0000000000000001.seg"))
            let gap = try list(path)
            #expect(gap.status == 20)
            #expect(gap.message.contains("a segment is missing"))
        }
    }
}

extension JSONObject {
    /// The members in the order of their keys: equality then does not see how they were written.
    fileprivate var sorted: JSONObject {
        var sorted = JSONObject()
        for member in members.sorted(by: { $0.key < $1.key }) where member.key != "path" {
            sorted[member.key] = member.value
        }
        return sorted
    }
}
