import ArchiveFileIO
import ArchiveFormat
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Frames, pages and files of an archive and of its vault in each other's place, or in that of a twin's:
/// the right data come of it, or an error or a finding that names the place.
///
/// How much of it is tried, ``SpoiledPlaces`` says.
@Suite struct `An exchanged part` {
    @Test func `of an archive is noticed in another's place`() throws {
        let whole = try WholeFormat.make()
        let twin = try WholeFormat.build(seed: 2)
        var counts = SpoiledPlaces()
        for path in whole.archive.files.filePaths {
            guard let bytes = whole.archive.files.bytes(of: path) else { continue }
            let copy = whole.archive.files.clone()
            let givers = [whole.archive.files, twin.archive.files]
            for (what, spoiled) in try Exchange(path.string, bytes).ofThisShare(givers) {
                copy.replaceBytes(of: path, with: spoiled)
                counts.note("\(path) \(what)", (0, 0)) {
                    try whole.examine(copy, path, byWriterToo: true)
                }
            }
        }
        counts.expect("parts of an archive in another's place", atLeast: 30)
    }

    @Test func `of a vault is noticed in another's place`() async throws {
        let whole = try WholeFormat.make()
        let vault = try await whole.vault()
        let (host, other) = (SimulatedFileSystem(), SimulatedFileSystem())
        let twin = try await WholeFormat.build(seed: 2).vault()
        for (store, files) in [(vault, host), (twin, other)] {
            for name in try await store.names {
                let path = FilePath("/v/" + name)
                try files.makeDirectories(path.directory)
                files.replaceBytes(of: path, with: try await store.bytes(name))
            }
        }
        var counts = SpoiledPlaces()
        for name in try await vault.names where !VaultPart.isOfOthers(name) {
            let bytes = try await vault.bytes(name)
            let exchange = Exchange("/v/" + name, bytes)
            for (what, spoiled) in try exchange.ofThisShare([host, other]) {
                try await vault.replace(name, spoiled)
                await counts.note("\(name) \(what)", (0, 0)) {
                    try await whole.examine(vault, name, recovering: true)
                }
            }
            try await vault.replace(name, bytes)
        }
        counts.expect("parts of a vault in another's place", atLeast: 20)
    }
}

/// A file with parts of others, or other parts of itself, in the places of its own.
private struct Exchange {
    let path: String
    let bytes: [UInt8]

    init(_ path: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    func ofThisShare(
        _ givers: [SimulatedFileSystem]
    ) throws -> [(what: String, bytes: [UInt8])] {
        let (number, count) = SpoiledPlaces.share
        return try all(givers).enumerated().filter { $0.offset % count == number }.map(\.element)
    }

    /// Frames, pages and the whole, of each giver.
    private func all(_ givers: [SimulatedFileSystem]) throws -> [(what: String, bytes: [UInt8])] {
        var found: [(what: String, bytes: [UInt8])] = []
        for (number, giver) in givers.enumerated() {
            let from = number == 0 ? "of its own" : "of the twin"
            for other in giver.filePaths where other.extension == FilePath(path).extension {
                guard let theirs = giver.bytes(of: other), theirs != bytes else { continue }
                // A document of the same name, a segment, a list of pages.
                found.append(("as \(other) \(from)", theirs))
                if path.contains("/segments/") { found += try frames(theirs, from) }
                if path.hasSuffix(".btree") { found += pages(theirs, from) }
            }
            if path.hasSuffix(".btree") { found += pages(bytes, "elsewhere") }
            if path.contains("/segments/") { found += try frames(bytes, "elsewhere") }
        }
        return found
    }

    private func frames(
        _ theirs: [UInt8],
        _ from: String
    ) throws -> [(what: String, bytes: [UInt8])] {
        guard let own = try? SegmentFrame.all(in: bytes),
            let others = try? SegmentFrame.all(in: theirs)
        else { return [] }
        var found: [(what: String, bytes: [UInt8])] = []
        for (number, frame) in own.enumerated() {
            let alike = others.filter { $0.kind == frame.kind }
            let few = SpoiledPlaces.isFull ? alike[...] : alike.dropFirst(number % 3).prefix(1)
            for other in few where theirs[other.range] != bytes[frame.range] {
                var spliced = bytes
                spliced.replaceSubrange(frame.range, with: theirs[other.range])
                found.append(("frame at \(frame.range.lowerBound) \(from)", spliced))
            }
        }
        return found
    }

    private func pages(_ theirs: [UInt8], _ from: String) -> [(what: String, bytes: [UInt8])] {
        var found: [(what: String, bytes: [UInt8])] = []
        let step = SpoiledPlaces.isFull ? 512 : 512 * 5
        for offset in stride(from: 8_192, to: bytes.count, by: step) {
            for shift in SpoiledPlaces.isFull ? 0..<6 : 0..<2 {
                let start = 8_192 + (offset + shift * 512 - 8_192) % max(512, theirs.count - 8_192)
                let range = offset..<min(offset + 512, bytes.count)
                let page = theirs[start..<min(start + 512, theirs.count)]
                guard page.count == range.count, page != bytes[range] else { continue }
                var spliced = bytes
                spliced.replaceSubrange(range, with: page)
                found.append(("page at \(offset) \(from)", spliced))
            }
        }
        return found
    }
}
