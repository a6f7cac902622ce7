import ArchiveBytes

/// The list by which a source file is put together again from its records.
///
/// It is the body of a record in the collection `sources`: lines of ASCII, so that a stranger can
/// follow it. The first is `strongroom source 1`. Each other line stands for some bytes of the file,
/// in order:
///
///     r SEQUENCE TIME COUNT END   COUNT records with consecutive sequence numbers from SEQUENCE on,
///                                 recorded at TIME (microseconds since 1970), each followed by END
///     l BYTES                     bytes that belong to no record
///
/// END and BYTES are hexadecimal digits, or `-` for none.
package struct SourceManifest: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        case records(Run)
        case literal([UInt8])
    }

    /// Records of one commit that follow each other in the file.
    package struct Run: Equatable, Sendable {
        package var sequence: UInt64
        package var recorded: Int64
        package var count: UInt64
        package var terminator: [UInt8]
    }

    static let heading = "strongroom source 1"
    static let collection = "sources"
    static let mediaType = "application/vnd.strongroom.source"

    package private(set) var parts: [Part] = []

    package init() {}

    /// Adds records from that number on, and what follows each in the file.
    package mutating func append(
        sequence: UInt64,
        recorded: Int64,
        count: Int = 1,
        terminator: [UInt8]
    ) {
        if case .records(var run)? = parts.last, run.recorded == recorded,
            run.sequence + run.count == sequence, run.terminator == terminator
        {
            run.count += UInt64(count)
            parts[parts.count - 1] = .records(run)
            return
        }
        let run = Run(
            sequence: sequence,
            recorded: recorded,
            count: UInt64(count),
            terminator: terminator
        )
        parts.append(.records(run))
    }

    /// Adds bytes that belong to no record.
    package mutating func append(literal: [UInt8]) {
        guard !literal.isEmpty else { return }
        if case .literal(let known)? = parts.last {
            parts[parts.count - 1] = .literal(known + literal)
        } else {
            parts.append(.literal(literal))
        }
    }
}

extension SourceManifest {
    package var encoded: [UInt8] {
        var bytes = Array((Self.heading + "\n").utf8)
        for part in parts {
            let line =
                switch part {
                case .records(let run):
                    "r \(run.sequence) \(run.recorded) \(run.count) \(Self.hex(run.terminator))\n"
                case .literal(let literal): "l \(Self.hex(literal))\n"
                }
            bytes.append(contentsOf: line.utf8)
        }
        return bytes
    }

    private static func hex(_ bytes: [UInt8]) -> String { bytes.isEmpty ? "-" : Hex.encode(bytes) }

    private static func bytes(_ hex: Substring) -> [UInt8]? {
        hex == "-" ? [] : Hex.decode(String(hex))
    }

    /// Reads a list; nil if the bytes are none.
    package init?(decoding bytes: [UInt8]) {
        var lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.heading[...], lines.popLast() == "" else { return nil }
        for line in lines {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            switch (words[0], words.count) {
            case ("r", 5):
                guard let sequence = UInt64(words[1]), let recorded = Int64(words[2]),
                    let count = UInt64(words[3]), count > 0, let end = Self.bytes(words[4])
                else { return nil }
                parts.append(
                    .records(
                        Run(
                            sequence: sequence,
                            recorded: recorded,
                            count: count,
                            terminator: end
                        )
                    )
                )
            case ("l", 2):
                guard let literal = Self.bytes(words[1]) else { return nil }
                parts.append(.literal(literal))
            default: return nil
            }
        }
    }
}
