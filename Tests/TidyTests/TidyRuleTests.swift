import Testing

/// Each rule fails on a sample that breaks it, and passes the nearest that does not.
@Suite struct `A rule` {
    private func file(
        _ text: String,
        at path: String = "Sources/ArchiveBytes/A.swift",
        isExecutable: Bool = false
    ) -> SourceFile {
        SourceFile(path: path, text: text, isExecutable: isExecutable)
    }

    private let manifest = Manifest(
        """
        let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "x")
        targets: [
            .systemLibrary(name: "CZ", pkgConfig: "z", providers: [.apt(["z-dev"])]),
            .target(name: "ArchiveBytes", swiftSettings: strict),
            .target(
                name: "Low",
                dependencies: [
                    "ArchiveBytes", "CZ", systemPackage,
                ], swiftSettings: strict),
            .executableTarget(name: "cli", dependencies: ["Low"], path: "Sources/tool"),
        ]
        """
    )

    // MARK: Layers

    @Test func `reads the targets of a manifest`() {
        #expect(
            manifest.targets == [
                .init(name: "CZ", directory: "Sources/CZ", dependencies: []),
                .init(name: "ArchiveBytes", directory: "Sources/ArchiveBytes", dependencies: []),
                .init(
                    name: "Low",
                    directory: "Sources/Low",
                    dependencies: ["ArchiveBytes", "CZ", "systemPackage"]
                ),
                .init(name: "cli", directory: "Sources/tool", dependencies: ["Low"]),
            ]
        )
    }

    @Test func `finds a target that needs one below it`() {
        #expect(LayerRules.order(manifest) == [])
        let turned = Manifest(
            """
            .target(name: "High", dependencies: ["Low"]), .target(name: "Low", dependencies: ["Low"]),
            """
        )
        #expect(
            LayerRules.order(turned) == [
                "Package.swift: High needs Low above it", "Package.swift: Low needs Low above it",
            ]
        )
    }

    @Test func `finds an import that the manifest does not allow`() {
        let path = "Sources/Low/A.swift"
        let allowed = "package import ArchiveBytes\nimport SystemPackage\nimport Dispatch\n"
        #expect(LayerRules.imports(file(allowed, at: path), manifest) == [])
        let code = "// import cli\nimport Glibc\n@testable import cli\nimport struct Low.X\n"
        #expect(
            LayerRules.imports(file(code, at: path), manifest) == [
                "Sources/Low/A.swift:2: Low may not import Glibc",
                "Sources/Low/A.swift:3: Low may not import cli",
                "Sources/Low/A.swift:4: Low may not import Low",
            ]
        )
        #expect(
            LayerRules.imports(file("import Glibc\n", at: "Sources/tool/A.swift"), manifest).count
                == 1
        )
        #expect(LayerRules.imports(file("", at: "Sources/Stray/A.swift"), manifest).count == 1)
    }

    // MARK: Lengths

    @Test(arguments: ["Sources/A/A.swift", "Tests/ATests/A.swift", "tools/a.py"])
    func `finds a file that is too long`(path: String) {
        let (most, more) = (LengthRules.fileLimit, LengthRules.fileLimit + 1)
        #expect(LengthRules.files(file(String(repeating: "\n", count: most), at: path)) == [])
        #expect(LengthRules.files(file(String(repeating: "\n", count: more), at: path)).count == 1)
    }

    @Test(arguments: [
        "func a() {", "    init(\n        x: (Int) -> Void = { _ in }\n    ) throws(E) {",
        "deinit {",
        "func a<T>(_ b: T) async throws -> [T]\nwhere T: B\n{", "subscript(_ a: Int) -> Int {",
    ])
    func `finds a function that is too long`(head: String) {
        let headCount = head.split(separator: "\n").count
        func sample(_ lines: Int) -> SourceFile {
            let body = String(repeating: "    x()\n", count: lines - headCount - 1)
            return file("struct S {\n" + head + "\n" + body + "}\n}\n")
        }
        #expect(LengthRules.functions(sample(70)) == [])
        #expect(LengthRules.functions(sample(71)).count == 1)
        #expect(LengthRules.functions(sample(71)).first?.contains("A.swift:2:") == true)
    }

    @Test func `does not take a requirement or a call for a function`() {
        let long = String(repeating: "    case a\n", count: 80)
        let code = """
            protocol P {
                func a(_ b: Int)
                init()
                subscript(_ a: Int) -> Int { get }
            }
            enum E {
                static let a = E.init(rawValue: 1)
            \(long)}
            """
        #expect(LengthRules.functions(file(code)) == [])
    }

    // MARK: Words

    @Test func `finds memory handled by hand in a wrong room`() {
        let code =
            "let a = unsafe b\n// unsafe\nlet c = \"unsafe \\(unsafe) \"\nlet unsafeName = 1\n"
        #expect(
            WordRules.ownMemory(file(code)) == [
                "Sources/ArchiveBytes/A.swift:1: `unsafe` belongs to the rooms that own memory"
            ]
        )
        #expect(WordRules.ownMemory(file(code, at: "Tests/CrashTests/A.swift")).count == 1)
        #expect(WordRules.ownMemory(file(code, at: "Sources/ArchiveCodecs/A.swift")) == [])
        #expect(WordRules.ownMemory(file(code, at: "Sources/ArchiveBytes/Copying.swift")) == [])
    }

    @Test func `finds every banned word`() {
        for code in [
            "fatalError()", "try! a()", "a as! B", "assert(a)", "assertionFailure()",
            "// " + ["TO", "DO"].joined() + " later",
        ] {
            #expect(WordRules.words(file(code + "\n")).count == 1, "\(code)")
            #expect(WordRules.words(file(code, at: "Tests/A/A.swift")) == [])
        }
        let fine =
            "try a() as? B\n// fatalError\nlet s = \"try! as!\"\n\"\"\"\n assert(a)\n\"\"\"\n"
        #expect(WordRules.words(file(fine)) == [])
    }

    @Test func `finds what is public in an inner room`() {
        for code in [
            "public struct A {}", "    public func a()", "open class A {}", "public import B",
            "    open func a()",
        ] {
            #expect(WordRules.visibility(file(code)).count == 1)
            #expect(WordRules.visibility(file(code, at: "Sources/StrongroomVaults/A.swift")) == [])
        }
        #expect(
            WordRules.visibility(file("open(path)\nlet file = try open(path)\n// public\n")) == []
        )
    }

    @Test func `finds Foundation`() {
        #expect(WordRules.foundation(file("import Foundation\n")).count == 1)
        #expect(WordRules.foundation(file("import FoundationEssentials\n")).count == 1)
        #expect(WordRules.foundation(file("// no Foundation\n")) == [])
        #expect(WordRules.foundation(file("import Foundation\n", at: "Tests/A/A.swift")) == [])
    }

    @Test func `finds unclean lines`() {
        for code in ["a\tb\n", "a \n", "a\r\n", "a"] {
            #expect(WordRules.whitespace(file(code)).count == 1, "\(code.debugDescription)")
        }
        #expect(WordRules.whitespace(file("a b\n\n")) == [])
        #expect(WordRules.whitespace(file("")) == [])
    }

    @Test func `finds a place of one machine`() {
        for name in ["work", "home", "root", "Users"] {
            #expect(WordRules.machinePaths(file("see /\(name)/x\n")).count == 1)
        }
        #expect(WordRules.machinePaths(file("../" + "shared/data\n")).count == 1)
        #expect(WordRules.machinePaths(file("/srv/records /mnt/vault homework/\n")) == [])
    }

    @Test func `finds a tool that cannot run or says nothing`() {
        func findings(_ text: String, isExecutable: Bool = true) -> Int {
            ToolRules.scripts(file(text, at: "tools/a", isExecutable: isExecutable)).count
        }
        #expect(findings("#!/bin/sh\n# Does this.\n") == 0)
        #expect(findings("#!/usr/bin/env python3\n\"\"\"Does that.\"\"\"\n") == 0)
        #expect(findings("#!/bin/sh\n# Does this.\n", isExecutable: false) == 1)
        #expect(findings("# Does this.\n") == 2)
        #expect(findings("#!/bin/sh\nrm -r x\n") == 1)
        #expect(findings("") == 2)
    }

    @Test func `sees through every kind of string and comment`() {
        let code = ##"""
            let a = 1 /* b /* c */ d */ + e // f
            let g = "h \"i\" \(j("k")) l" + m
            let n = #"o "p" \(q) \#(r) s"# + t
            let u = """
                v "w" \("x")
                """ + y
            func `z z`() {}
            """##
        let words = StrippedCode(code).words.flatMap { $0 }
        #expect(
            words == [
                "let", "a", "1", "e", "let", "g", "m", "let", "n", "t", "let", "u", "y", "func",
            ]
        )
    }
}
