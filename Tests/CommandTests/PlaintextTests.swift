import ArchiveBytes
import Foundation
import Testing

/// Who has the disks and the vaults, and no key, learns nobody's name.
@Suite struct `Nothing readable` {
    private static let samples = Workshop.repository
        .appending(path: "Tests/StrongroomHealthTests/Samples").path

    /// Names of files and what is in them, of everything below a folder.
    private func everything(below path: String) -> [(name: String, bytes: [UInt8])] {
        let found = FileManager.default.enumerator(atPath: path)
        // A folder has no contents.
        return (found?.allObjects as? [String] ?? []).sorted().compactMap { name in
            FileManager.default.contents(atPath: path + "/" + name).map { (name, Array($0)) }
        }
    }

    private let secrets = [
        "Quillfeather, Zacharias", "MRN-20260411987", "Sarcoidosis of the left lung",
    ]

    /// Everything that may write words to a disk: bodies, names, subjects, facts, labels, deletions.
    private func fill(_ workshop: Workshop) throws {
        let letter = Array((secrets.joined(separator: "; ") + "\n").utf8)
        for line in [
            ["import", "-r", "A", Self.samples],
            ["put", "-r", "A", secrets[0] + "/letter", "--subject", secrets[1]],
            ["put", "-r", "A", secrets[2], "--collection", "clinic of Quillfeather"],
            ["snapshot", "-r", "A", "--label", "before " + secrets[2]],
            ["put", "-r", "A", secrets[2] + " again", "--subject", secrets[0]],
            ["delete", "-r", "A", secrets[0] + "/letter", "--confirm"],
            ["ship", "-r", "A", "--to", "V"],
            ["rebuild-index", "-r", "A"],
            ["put", "-r", "A", secrets[1], "--subject", secrets[0]],
        ] {
            let outcome = try workshop.execute(Workshop.program, line, input: letter)
            #expect(outcome.status == 0, "\(line) \(outcome.errors)")
        }
    }

    @Test func `of the samples lies in any file of an archive or a vault`() throws {
        var scan = PlaintextScan()
        for (name, bytes) in everything(below: Self.samples) {
            scan.add(Array(name.utf8))
            scan.add(bytes)
        }
        for secret in secrets { scan.add(Array(secret.utf8)) }
        #expect(scan.count > 2_000)
        try Workshop.withArchive { workshop in
            try fill(workshop)
            // What an archive says of itself is in one without records as well.
            _ = try workshop.run("init", "-r", "empty", "-q")
            _ = try workshop.run("put", "-r", "empty", "x", input: [1])
            _ = try workshop.run("snapshot", "-r", "empty", "--label", "x")
            _ = try workshop.run("ship", "-r", "empty", "--to", "none")
            var own: Set<[UInt8]> = []
            for folder in ["empty", "none"] {
                for (name, bytes) in everything(below: workshop.path(folder)) {
                    own.formUnion(scan.findings(in: Array(name.utf8) + bytes))
                }
            }
            #expect(own.count < 60, "\(own.map { String(decoding: $0, as: UTF8.self) })")
            for folder in ["A", "V"] {
                let files = everything(below: workshop.path(folder))
                #expect(files.count >= 5)
                for (name, bytes) in files {
                    let found = scan.findings(in: Array(name.utf8) + bytes).subtracting(own)
                    // Hashes and times of public documents come upon a number now and then.
                    let words = found.map { String(decoding: $0, as: UTF8.self) }
                        .filter { !name.hasSuffix(".json") || !$0.allSatisfy(\.isNumber) }
                    #expect(words.isEmpty, "\(folder)/\(name)")
                }
            }
        }
    }

    @Test func `would be missed by the scan, whatever its form`() {
        var scan = PlaintextScan()
        let word = Array("quillfeather".utf8)
        scan.add(Array("Zoe Quillfeather-Ng".utf8))
        #expect(scan.count == 1)
        let plain = Array("the QuillFeather file".utf8)
        let forms: [[UInt8]] = [
            plain, plain.flatMap { [$0, 0] }, plain.flatMap { [0, $0] },
            Array(Base64.encode(plain).utf8), Array(Base64.encode(Array(plain.dropFirst())).utf8),
            Array(Base64.encode(Array(plain.dropFirst(2))).utf8), Array(Hex.encode(plain).utf8),
        ]
        for form in forms {
            #expect(scan.findings(in: noise(1_001) + form + noise(99)) == [word])
        }
        #expect(scan.findings(in: noise(20_000)).isEmpty)
        #expect(scan.findings(in: Array("quill feather, quillfeathe".utf8)).isEmpty)
    }
}
