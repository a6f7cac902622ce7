/// Words and characters that have no place, each with what to do instead.
enum WordRules {
    /// Rooms where memory is handled by hand, with a stated owner.
    static let unsafeRooms: Set<String> = [
        "Sources/ArchiveFileIO", "Sources/ArchiveHTTP", "Sources/ArchiveSealing",
        "Sources/ArchiveCodecs",
        "Tests/Support", "Tests/ArchiveFileIOTests", "Tests/ArchiveSealingTests", "Tests/Fuzzing",
    ]
    /// The one file of the byte helpers that copies.
    static let unsafeFiles: Set<String> = [
        "Sources/ArchiveBytes/Copying.swift", "Tests/StrongroomTests/ForkTests.swift",
    ]

    private static let banned = [
        "fatalError": "throw for the world's faults, use precondition for ours",
        "try!": "throw on",
        "as!": "use `as?` and say what was found",
        "assert": "it is gone in release; use precondition or throw",
        "assertionFailure": "it is gone in release; use preconditionFailure or throw",
    ]

    static func words(_ file: SourceFile) -> [String] {
        guard file.isSwift, file.isProduct else { return [] }
        var findings: [String] = []
        let mark = ["TO", "DO"].joined()
        for (index, line) in file.lines.enumerated()
        where line.utf8.contains(UInt8(ascii: "T")) && line.contains(mark) {
            findings.append(file.finding(index + 1, "\(mark): do it, or file an issue"))
        }
        for (index, words) in file.code.words.enumerated() {
            for word in words {
                guard let advice = banned[word] else { continue }
                findings.append(file.finding(index + 1, "\(word): \(advice)"))
            }
        }
        return findings
    }

    static func ownMemory(_ file: SourceFile) -> [String] {
        guard file.isSwift, !unsafeRooms.contains(file.room), !unsafeFiles.contains(file.path)
        else { return [] }
        return lines(of: file, with: ["unsafe"]).map {
            file.finding($0, "`unsafe` belongs to the rooms that own memory")
        }
    }

    static func visibility(_ file: SourceFile) -> [String] {
        guard file.isSwift, file.isProduct, !file.path.hasPrefix("Sources/Strongroom") else {
            return []
        }
        return file.code.words.enumerated().compactMap { index, words in
            // `open` alone is also what one does with a file.
            let isOpen = ["class", "func", "var"].contains { words.starts(with: ["open", $0]) }
            guard words.first == "public" || isOpen else { return nil }
            return file.finding(index + 1, "inner rooms use `package`")
        }
    }

    static func foundation(_ file: SourceFile) -> [String] {
        guard file.isSwift, file.isProduct else { return [] }
        return lines(of: file, with: ["Foundation", "FoundationEssentials"]).map {
            file.finding($0, "no Foundation: it costs start time and hides allocations")
        }
    }

    static func whitespace(_ file: SourceFile) -> [String] {
        var findings: [String] = []
        for (index, line) in file.lines.enumerated() {
            if line.utf8.contains(UInt8(ascii: "\t")) {
                findings.append(file.finding(index + 1, "a tab"))
            }
            if line.utf8.last == UInt8(ascii: "\r") {
                findings.append(file.finding(index + 1, "a carriage return"))
            }
            if line.utf8.last == UInt8(ascii: " ") {
                findings.append(file.finding(index + 1, "a space at the end"))
            }
        }
        if file.lines.last?.isEmpty == false {
            findings.append(file.finding(file.lines.count, "no newline at the end"))
        }
        return findings
    }

    static func machinePaths(_ file: SourceFile) -> [String] {
        // Put together here, so that this file keeps its own rule.
        let places = ["work", "home", "root", "Users"].map { "/" + $0 + "/" } + ["../" + "shared"]
        return file.lines.enumerated().flatMap { index, line in
            !line.utf8.contains(UInt8(ascii: "/"))
                ? []
                : places.filter { line.contains($0) }.map {
                    file.finding(index + 1, "\($0): this path is only on one machine")
                }
        }
    }

    private static func lines(of file: SourceFile, with words: Set<String>) -> [Int] {
        file.code.words.enumerated().compactMap { index, found in
            words.isDisjoint(with: found) ? nil : index + 1
        }
    }
}

/// What a script must be.
enum ToolRules {
    static func scripts(_ file: SourceFile) -> [String] {
        var findings: [String] = []
        if !file.isExecutable { findings.append(file.finding(1, "not executable")) }
        let lines = file.lines
        if !lines[0].hasPrefix("#!") { findings.append(file.finding(1, "no interpreter")) }
        let second = lines.count > 1 ? lines[1] : ""
        let isComment = second.hasPrefix("# ") || second.hasPrefix("\"\"\"")
        if !isComment {
            findings.append(file.finding(2, "the second line says what the script does"))
        }
        return findings
    }
}
