import ArchiveFileIO
import Strongroom
import Support
import SystemPackage
import Testing

@testable import StrongroomHealth

@Suite struct `Exporting` {
    private func list(
        _ intake: Intake,
        _ body: String,
        path: String,
        sha256: String = ""
    ) async throws {
        try await intake.archive { archive in
            var record = NewRecord(
                name: "list",
                body: Array(body.utf8),
                collection: "sources",
                source: RecordSource(path: Array(path.utf8), line: 0)
            )
            record.attributes = [("sha256", sha256)]
            _ = try await archive.put(record)
        }
    }

    @Test func `a file that exists is not touched`() async throws {
        try await Intake.with { intake in
            try intake.source("a.txt", "new")
            _ = try await intake.importing()
            try intake.source("a.txt", "mine")
            let target = intake.sources
            let summary = try await intake.archive { try await Exporter(from: $0).run(to: target) }
            #expect(summary.files == 0)
            #expect(summary.failures.map(\.path) == ["a.txt"])
            #expect(summary.failures.first?.reason.contains("exists") == true)
            #expect(try Intake.files(below: FilePath(target)) == ["a.txt": Array("mine".utf8)])
        }
    }

    @Test(arguments: ["../a", "/a", "a/../../b", "a//b", ".", "", "a/"])
    func `nothing is written outside the folder`(_ path: String) async throws {
        try await Intake.with { intake in
            try await list(intake, "strongroom source 1\n", path: path)
            let (files, summary) = try await intake.exported()
            #expect(files.isEmpty)
            #expect(summary.failures.count == 1)
            #expect(summary.failures.first?.reason.contains("leads out") == true)
        }
    }

    @Test func `a list that is none, or names what is not there, leaves no file`() async throws {
        for body in [
            "nonsense", "strongroom source 1\nr 999 5 1 -\n", "strongroom source 1\nl 61\n",
        ] {
            try await Intake.with { intake in
                try await list(intake, body, path: "a.txt", sha256: "0")
                let (files, summary) = try await intake.exported()
                #expect(files.isEmpty)
                #expect(summary.files == 0)
                #expect(summary.failures.count == 1)
            }
        }
    }

    @Test func `the state of an earlier moment is exported`() async throws {
        try await Intake.with { intake in
            try intake.source("a.txt", "first")
            _ = try await intake.importing()
            let before = try await intake.archive { $0.current.lastSequence }
            try intake.source("a.txt", "second")
            try intake.source("b.txt", "other")
            _ = try await intake.importing()
            let target = intake.directory.appending("then")
            _ = try await intake.archive {
                try await Exporter(from: $0).run(to: target.string, at: .sequence(before))
            }
            #expect(try Intake.files(below: target) == ["a.txt": Array("first".utf8)])
        }
    }
}

@Suite struct `Lists of source files` {
    @Test func `records that follow each other take one line`() {
        var manifest = SourceManifest()
        manifest.append(literal: [0xef, 0xbb, 0xbf])
        for sequence in 5...9 as ClosedRange<UInt64> {
            manifest.append(sequence: sequence, recorded: 77, terminator: [0x0a])
        }
        manifest.append(sequence: 10, recorded: 78, terminator: [0x0a])
        manifest.append(sequence: 11, recorded: 78, terminator: [])
        manifest.append(sequence: 5, recorded: 77, terminator: [])
        manifest.append(literal: [0x0a])
        manifest.append(literal: [])
        manifest.append(literal: [0x20])
        let text = """
            strongroom source 1
            l efbbbf
            r 5 77 5 0a
            r 10 78 1 0a
            r 11 78 1 -
            r 5 77 1 -
            l 0a20

            """
        #expect(String(decoding: manifest.encoded, as: UTF8.self) == text)
        #expect(SourceManifest(decoding: manifest.encoded) == manifest)
    }

    @Test(arguments: [
        "", "strongroom source 1", "strongroom source 2\n", "strongroom source 1\nx\n",
        "strongroom source 1\nr 1 2 3\n", "strongroom source 1\nr 1 2 0 -\n",
        "strongroom source 1\nr -1 2 3 -\n", "strongroom source 1\nl 0\n",
        "strongroom source 1\nl\n", "strongroom source 1\n\n", "strongroom source 1\nr 1 2 3 zz\n",
        "strongroom source 1\nl 00",
    ])
    func `what is no list is refused`(_ text: String) {
        #expect(SourceManifest(decoding: Array(text.utf8)) == nil)
    }

    @Test func `an empty file has an empty list`() {
        let manifest = SourceManifest()
        #expect(SourceManifest(decoding: manifest.encoded) == manifest)
    }
}
