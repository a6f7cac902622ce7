import Testing

/// The rules of the house, held against the repository itself.
///
/// Each prints what breaks it, where.
@Suite struct `The repository` {
    private let manifest: Manifest
    private let sources: [SourceFile]
    private let everything: [SourceFile]

    /// Read once: each test is a suite of its own.
    private static let read = Result {
        let places = [
            "Package.swift", "Sources", "Tests", "Benchmarks", "tools", ".ci", "README.md",
            "CHANGELOG.md",
        ]
        return try places.flatMap { try Repository.files(under: $0) }
    }

    init() throws {
        everything = try Self.read.get()
        sources = everything.filter(\.isProduct)
        manifest = Manifest(try #require(everything.first { $0.path == "Package.swift" }).text)
    }

    @Test func `is found, or no rule would ever fail`() {
        #expect(manifest.targets.count > 10)
        #expect(sources.count > 50)
        #expect(everything.count > sources.count + 50)
    }

    @Test func `has rooms that need only rooms above them`() {
        #expect(LayerRules.order(manifest) == [])
    }

    @Test func `imports only what the manifest allows`() {
        #expect(sources.flatMap { LayerRules.imports($0, manifest) } == [])
        let support = everything.filter { $0.room == "Tests/Support" }
        #expect(support.flatMap { LayerRules.imports($0, manifest) } == [])
    }

    @Test func `has no file that is too long`() {
        #expect(everything.flatMap(LengthRules.files) == [])
    }

    @Test func `has no function that is too long`() {
        #expect(everything.flatMap(LengthRules.functions) == [])
    }

    @Test func `handles memory by hand only where it may`() {
        #expect(everything.flatMap(WordRules.ownMemory) == [])
    }

    @Test func `has no word that is banned`() {
        #expect(sources.flatMap(WordRules.words) == [])
    }

    @Test func `is public only where users look`() {
        #expect(sources.flatMap(WordRules.visibility) == [])
    }

    @Test func `does without Foundation`() {
        #expect(sources.flatMap(WordRules.foundation) == [])
    }

    @Test func `has clean lines`() {
        let ours = everything.filter { !$0.path.hasSuffix(".json") && !isSample($0) }
        #expect(ours.flatMap(WordRules.whitespace) == [])
    }

    @Test func `names no place of one machine`() {
        #expect(everything.filter { !isSample($0) }.flatMap(WordRules.machinePaths) == [])
    }

    /// The package manager warned of hundreds of them at every build, and hid what mattered.
    @Test func `has no file in a test target that the manifest does not know of`() throws {
        let text = try #require(everything.first { $0.path == "Package.swift" }).text
        for target in try Repository.names(in: "Tests") where target.hasSuffix("Tests") {
            for name in try Repository.names(in: "Tests/" + target) {
                let isCode = name.hasSuffix(".swift")
                #expect(isCode || text.contains("\"\(name)\""), "\(target)/\(name)")
            }
        }
    }

    @Test func `has tools that run and say what they do`() {
        // What stands in a folder is no script: parts of a tool, or what other programs read.
        let tools = everything.filter {
            $0.path.hasPrefix("tools/") && !$0.path.dropFirst(6).contains("/")
                || $0.path == ".ci/run"
        }
        #expect(tools.count > 4)
        #expect(tools.flatMap(ToolRules.scripts) == [])
    }

    @Test func `has the tests and tools that its documents name`() {
        let paths = everything.map(\.path)
        var count = 0
        for file in everything where file.path.hasSuffix(".md") {
            // Between two backticks stands code; the names of suites are those of their files.
            for (number, part) in file.text.split(separator: "`", omittingEmptySubsequences: false)
                .enumerated() where number % 2 == 1 && !part.contains("\n")
            {
                let name = part.prefix { $0 != " " }
                let isSuite = name.hasSuffix("Tests") && name.first?.isUppercase == true
                guard isSuite || name.hasPrefix("tools/") else { continue }
                count += 1
                let isThere = paths.contains {
                    $0 == name || $0.hasSuffix("/\(name).swift") || $0.hasPrefix("\(name)/")
                }
                #expect(isThere, "\(file.path) names \(name)")
            }
        }
        #expect(count > 40)
    }

    /// Vectors and records of others are kept byte for byte.
    private func isSample(_ file: SourceFile) -> Bool {
        ["/Vectors/", "/Samples/", "/Golden/"].contains { file.path.contains($0) }
    }
}
