import ArchiveFileIO
import ArchiveSealing
import Strongroom
import Support
import Synchronization
import SystemPackage
import Testing

@testable import StrongroomHealth

@Suite struct `Importing in trouble` {
    private static func lines(_ range: Range<Int>) -> String {
        range.map {
            "{\"resourceType\":\"Observation\",\"id\":\"\($0)\",\"status\":\"final\","
                + "\"subject\":{\"reference\":\"Patient/\($0 % 7)\"}}\n"
        }.joined()
    }

    /// Cancelled after each batch in turn: what a kill leaves is a batch more or less.
    @Test(arguments: 1...6)
    func `an import that was stopped is finished by the next, nothing twice`(
        _ stop: Int
    ) async throws {
        try await Intake.with { intake in
            var expected: [String: [UInt8]] = [:]
            for file in 0..<3 {
                let text = Self.lines(file * 40..<file * 40 + 60)
                expected["f\(file).ndjson"] = Array(text.utf8)
                try intake.source("f\(file).ndjson", text)
            }
            let first = try await intake.archive { archive in
                try await Self.run(intake.sources, into: archive, cancelledAfter: stop)
            }
            let second = try await intake.importing(batchByteCount: 16 << 10)
            #expect(!second.isInterrupted)
            #expect(first.records + second.records == 140)
            #expect(second.pieces == 180)
            #expect(try await intake.records().count == 140)
            #expect(try await intake.versionCounts().values.allSatisfy { $0 == 1 })
            #expect(try await intake.exported().files == expected)
        }
    }

    /// A bar once stood at nothing until a file was at its end, and most imports are of one file.
    @Test func `tells of a long file how far it is, not only when it ends`() async throws {
        try await Intake.with { intake in
            let text = Self.lines(0..<1_000)
            try intake.source("long.ndjson", text)
            var options = Importer.Options()
            options.batchByteCount = 16 << 10
            let seen = Mutex<[ImportProgress]>([])
            _ = try await intake.archive { [options] archive in
                try await Importer(into: archive, options: options).run([intake.sources]) {
                    progress in seen.withLock { $0.append(progress) }
                }
            }
            let bytes = seen.withLock { $0.map(\.bytes) }
            #expect(bytes.count > 3 && bytes.last == UInt64(text.utf8.count))
            #expect(bytes.allSatisfy { $0 > 0 })
            #expect(zip(bytes, bytes.dropFirst()).allSatisfy { $0.0 < $0.1 || $0.1 == bytes.last })
        }
    }

    /// Imports in batches of 16 KiB and cancels the import when so many are durable.
    private static func run(
        _ path: String,
        into archive: Archive,
        cancelledAfter stop: Int
    ) async throws -> ImportSummary {
        var options = Importer.Options()
        options.batchByteCount = 16 << 10
        let importer = Importer(into: archive, options: options)
        let count = Mutex(0)
        let running = Mutex<Task<ImportSummary, any Error>?>(nil)
        let (gate, opening) = AsyncStream<Void>.makeStream()
        do {
            let task = Task {
                for await _ in gate {}
                return try await importer.run([path]) { _ in
                    let isLast = count.withLock { count in
                        count += 1
                        return count == stop
                    }
                    if isLast { running.withLock { $0?.cancel() } }
                }
            }
            running.withLock { $0 = task }
            opening.finish()
            return try await task.value
        }
    }

    @Test func `records longer than a window are stored from the file`() async throws {
        try await Intake.with { intake in
            var generator = SeededGenerator(seed: 3)
            let noise = generator.bytes(1_100_000)
            let text = String(repeating: "Text. ", count: 30_000)
            let line =
                "{\"resourceType\":\"Binary\",\"id\":\"b\",\"securityContext\":"
                + "{\"reference\":\"Patient/1\"},\"note\":\"\(text)\"}"
            let expected = [
                "a.bin": noise, "b.ndjson": Array((Self.lines(0..<3) + line + "\r\n").utf8),
                "c.hl7": Array("MSH|^~\\&|A\rOBX|1|TX|||\(text)\rMSH|^~\\&|B\r".utf8),
                "d.json": Array(line.utf8),
            ]
            for (name, bytes) in expected { try intake.source(name, bytes) }
            let summary = try await intake.importing(wholeByteCount: 100_000)
            #expect(summary.records == 8)
            #expect(summary.unparsed == 0)
            let records = try await intake.records()
            #expect(records["Binary/b"]?.subject == "Patient/1")
            #expect(records["d.json"]?.subject == "Patient/1")
            #expect(records["a.bin"]?.byteCount == 1_100_000)
            #expect(records["c.hl7#1"] != nil && records["c.hl7#2"] != nil)
            #expect(try await intake.exported().files == expected)
            let again = try await intake.importing(wholeByteCount: 100_000)
            #expect(again.records == 0)
            // Also where the list is not known, the long records are.
            try intake.source("e.bin", noise + [0])
            try intake.source("f.ndjson", line + "\n" + line + "\n")
            let more = try await intake.importing(wholeByteCount: 100_000)
            #expect(more.records == 1)
            #expect(more.duplicates == summary.pieces + 2)
        }
    }

    @Test func `records over a mebibyte go into no batch`() async throws {
        try await Intake.with { intake in
            let text = String(repeating: "Text. ", count: 180_000)
            let line = "{\"resourceType\":\"Binary\",\"id\":\"b\",\"note\":\"\(text)\"}\n"
            let source = Self.lines(0..<2) + line + line + Self.lines(2..<4)
            try intake.source("a.ndjson", source)
            let summary = try await intake.importing()
            #expect(summary.records == 5)
            #expect(summary.duplicates == 1)
            #expect(try await intake.exported().files == ["a.ndjson": Array(source.utf8)])
        }
    }

    @Test func `what cannot be read is named and does not stop the rest`() async throws {
        try await Intake.with { intake in
            try intake.source("good.txt", "good")
            try intake.source("link.txt", "target")
            let system = PosixFileSystem()
            let summary = try await intake.importing([
                intake.sources + "/missing", intake.sources + "/good.txt", "",
            ])
            #expect(summary.records == 1)
            #expect(summary.failures.count == 2)
            #expect(summary.failures[0].path.hasSuffix("missing"))
            #expect(summary.failures[0].reason.contains("No such file"))
            #expect(try system.status(of: FilePath(intake.sources)) != nil)
        }
    }

    @Test func `empty folders and empty files are no trouble`() async throws {
        try await Intake.with { intake in
            try intake.source("sub/empty.ndjson", "")
            try intake.source("empty.hl7", "")
            try PosixFileSystem().makeDirectory(FilePath(intake.sources + "/nothing"))
            let summary = try await intake.importing()
            #expect(summary.files == 2)
            #expect(summary.records == 2)
            #expect(
                try await intake.exported().files == ["sub/empty.ndjson": [], "empty.hl7": []]
            )
        }
    }

    @Test func `names that are no text are kept exactly`() async throws {
        try await Intake.with { intake in
            let name: [UInt8] = [0x4d, 0xfc, 0x6c, 0x5c, 0x2e, 0x74]
            let folder = FilePath(intake.sources)
            try PosixFileSystem().makeDirectories(folder)
            let component = try #require(FilePath.Component(bytes: name))
            let file = try PosixFileSystem().open(folder.appending(component), .createNew)
            try file.write([1, 2, 3], at: 0)
            try file.close()
            #expect(try await intake.importing().records == 1)
            let record = try #require(try await intake.records()["M\\xfcl\\\\.t"])
            #expect(record.source?.path == name)
            let target = intake.directory.appending("names")
            _ = try await intake.archive { try await Exporter(from: $0).run(to: target.string) }
            let found = try PosixFileSystem().names(in: target)
            #expect(found.map(\.bytes) == [name])
        }
    }

    @Test func `an error of the archive ends the import`() async throws {
        try await Intake.with { intake in
            try intake.source("a.txt", "a")
            try await intake.archive { _ in }
            let archive = try await Archive.open(
                at: intake.archivePath,
                unlocking: .keyFile([UInt8](repeating: 7, count: 32)),
                mode: .readOnly
            )
            await #expect(throws: ArchiveError(.readOnly, "")) {
                try await Importer(into: archive).run([intake.sources])
            }
        }
    }

    @Test func `a file that changes while it is read is not stored`() throws {
        try Self.withFile([1, 2, 3, 4]) { (file: any File) throws in
            let body = FileBody(file, offset: 1, byteCount: 3, digest: .zero)
            let piece = try body.next()
            #expect(piece == [2, 3, 4])
            #expect(throws: ArchiveError(.invalid, "")) { try body.next() }
        }
    }

    private static func withFile(_ bytes: [UInt8], _ body: (any File) throws -> Void) throws {
        try TemporaryDirectory.with { directory in
            let file = try PosixFileSystem().open(directory.appending("f"), .createNew)
            try file.write(bytes, at: 0)
            try body(file)
            try file.close()
        }
    }
}

@Suite struct `Names of sources` {
    @Test(arguments: [
        ("a/b.txt", "a/b.txt"), ("Mejía.json", "Mejía.json"), ("a\\b", "a\\\\b"), ("", ""),
    ])
    func `a path that is text is its own name`(_ path: String, _ name: String) {
        #expect(SourceName.text(of: Array(path.utf8)) == name)
    }

    @Test func `no two paths have one name`() {
        let paths: [[UInt8]] = [
            [0xff], Array("\\xff".utf8), [0x61, 0xc3], [0xc3, 0xa9], [0xc3, 0x28], [0xf0, 0x9f],
            Array(repeating: 0x61, count: 2000), Array(repeating: 0x61, count: 2001),
            Array(repeating: 0xff, count: 900), Array(repeating: 0x61, count: 700),
        ]
        let names = paths.map(SourceName.text(of:))
        #expect(Set(names).count == paths.count)
        for name in names { #expect(name.utf8.count <= SourceName.pathByteLimit) }
        #expect(names[0] == "\\xff")
        #expect(names[2] == "a\\xc3")
        #expect(names[4] == "\\xc3(")
    }

    @Test func `a subject that does not fit goes by its digest`() {
        var names = NameMaker(label: "")
        var labelled = NameMaker(label: "north/")
        // Twice, for the last subject is remembered.
        for _ in 0..<2 {
            #expect(names.subject("Patient/1") == "Patient/1")
            #expect(labelled.subject("Patient/1") == "north/Patient/1")
            #expect(labelled.subject(nil) == nil)
            #expect(labelled.subject("") == nil)
            let long = String(repeating: "x", count: 257)
            #expect(names.subject(long)?.hasPrefix("sha256:") == true)
            #expect(names.subject("a\0")?.hasPrefix("sha256:") == true)
            #expect(names.subject(String(long.dropLast()))?.utf8.count == 256)
        }
    }

    @Test func `subjects that only look alike keep their bytes`() {
        var names = NameMaker(label: "")
        let subjects = ["Patient/\u{212b}", "Patient/\u{c5}", "Patient/A\u{30a}"]
        for subject in subjects {
            #expect(names.subject(subject).map { Array($0.utf8) } == Array(subject.utf8))
        }
    }

    @Test func `a resource goes by type and id only if that fits`() {
        var names = NameMaker(label: "")
        #expect(names.resource(type: "Patient", id: "1") == "Patient/1")
        #expect(names.resource(type: "Patient", id: nil) == nil)
        #expect(names.resource(type: "Patient", id: "") == nil)
        #expect(names.resource(type: "Patient", id: "a\0b") == nil)
        #expect(names.resource(type: "Patient", id: String(repeating: "1", count: 800)) == nil)
        var labelled = NameMaker(label: "north/")
        #expect(labelled.resource(type: "Patient", id: "1") == "north/Patient/1")
    }
}
