import ArchiveFileIO
import ArchiveFormat
import Foundation
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// Harm to an archive, its vault and its thin form that hold each structure the format knows: the right
/// data come of it, or an error or a finding that names the place.
///
/// With `STRONGROOM_EVERY_BYTE=1` every bit is turned, every sector zeroed and swapped, every length
/// cut at, and every frame and page exchanged with several others; else a few of each. As that takes
/// hours, `STRONGROOM_SHARE=K/N` does the K-th of N equal shares of it, counted from 0: all N together
/// are the whole.
@Suite struct `A spoiled structure` {
    fileprivate static let environment = ProcessInfo.processInfo.environment
    fileprivate static let isFull = environment["STRONGROOM_EVERY_BYTE"] != nil
    fileprivate static let share: (number: Int, count: Int) = {
        let parts = (environment["STRONGROOM_SHARE"] ?? "0/1").split(separator: "/")
            .compactMap { Int($0) }
        precondition(
            parts.count == 2 && parts[0] >= 0 && parts[0] < parts[1],
            "a share is K/N, with K below N"
        )
        return (parts[0], parts[1])
    }()

    // MARK: What is done to bytes

    enum Harm: CaseIterable, Sendable {
        case bit, zeroedSector, swappedSectors, cut

        /// All ways to spoil a file of so many bytes, or some of them, as far as they are this share's.
        func places(in byteCount: Int) -> [(offset: Int, bit: Int)] {
            let (number, count) = SpoiledPlaces.share
            return all(in: byteCount).enumerated().filter { $0.offset % count == number }
                .map(\.element)
        }

        private func all(in byteCount: Int) -> [(offset: Int, bit: Int)] {
            let step = SpoiledPlaces.isFull ? 1 : 7
            switch self {
            case .bit where SpoiledPlaces.isFull:
                return (0..<(byteCount * 8)).map { ($0 / 8, $0 % 8) }
            case .bit: return stride(from: 0, to: byteCount, by: 307).map { ($0, $0 % 8) }
            case .zeroedSector, .swappedSectors:
                return stride(from: 0, to: byteCount, by: 512 * step).map { ($0, 0) }
            case .cut:
                if SpoiledPlaces.isFull { return (0..<byteCount).map { ($0, 0) } }
                // Where a header or a slot ends, nothing is torn: only others know what is missing.
                let ends = [512, 4_096, 8_192].filter { $0 < byteCount && $0 % 1_901 != 0 }
                return (stride(from: 0, to: byteCount, by: 1_901) + ends).map { ($0, 0) }
            }
        }

        /// The spoiled bytes; nil if nothing differs.
        func apply(_ whole: [UInt8], at place: (offset: Int, bit: Int)) -> [UInt8]? {
            var bytes = whole
            let range = place.offset..<min(place.offset + 512, whole.count)
            switch self {
            case .bit: bytes[place.offset] ^= 1 << UInt8(place.bit)
            case .zeroedSector:
                bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
            case .swappedSectors:
                let next = range.upperBound..<min(range.upperBound + range.count, whole.count)
                guard next.count == range.count else { return nil }
                bytes.replaceSubrange(range, with: whole[next])
                bytes.replaceSubrange(next, with: whole[range])
            case .cut: bytes.removeLast(whole.count - place.offset)
            }
            return bytes == whole ? nil : bytes
        }
    }

    // MARK: An archive

    @Test(arguments: Harm.allCases)
    func `of an archive brings the right records, or is named`(harm: Harm) throws {
        let whole = try WholeFormat.make()
        var counts = SpoiledPlaces()
        for path in whole.archive.files.filePaths {
            guard let bytes = whole.archive.files.bytes(of: path) else { continue }
            let copy = whole.archive.files.clone()
            for place in harm.places(in: bytes.count) {
                guard let spoiled = harm.apply(bytes, at: place) else { continue }
                copy.replaceBytes(of: path, with: spoiled)
                counts.note(path.string, place) {
                    try whole.examine(copy, path, byWriterToo: harm != .bit)
                }
            }
        }
        counts.expect("\(harm) of an archive", atLeast: 15)
    }

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

    // MARK: A vault

    @Test(arguments: Harm.allCases)
    func `of a vault brings the right records, or is named`(harm: Harm) async throws {
        let whole = try WholeFormat.make()
        let vault = try await whole.vault()
        var counts = SpoiledPlaces()
        for name in try await vault.names {
            let bytes = try await vault.bytes(name)
            for place in harm.places(in: bytes.count) {
                guard let spoiled = harm.apply(bytes, at: place) else { continue }
                try await vault.replace(name, spoiled)
                // What no recovery reads need not be recovered from for each bit of it.
                let isRead = !VaultPart.isOfOthers(name) || (place.offset * 8 + place.bit) % 61 == 0
                await counts.note(name, place) {
                    try await whole.examine(vault, name, recovering: isRead)
                }
            }
            try await vault.replace(name, bytes)
        }
        counts.expect("\(harm) of a vault", atLeast: 8)
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

    // MARK: A thin archive

    @Test(arguments: Harm.allCases)
    func `of a thin archive brings the right records, or is named`(harm: Harm) async throws {
        let whole = try WholeFormat.make()
        let vault = try await whole.vault()
        let thin = try await whole.thinned(to: vault)
        var counts = SpoiledPlaces()
        for path in thin.archive.files.filePaths
        where ["stub", "json", "piece"].contains(path.extension ?? "piece") {
            guard
                path.string.contains("thin") || path.string.contains("stub")
                    || path.string.contains("/cache/"),
                let bytes = thin.archive.files.bytes(of: path)
            else { continue }
            for (turn, place) in harm.places(in: bytes.count).enumerated()
            where harm != .bit || !Self.isFull || turn % 13 == 0 {
                guard let spoiled = harm.apply(bytes, at: place) else { continue }
                let copy = thin.on(thin.archive.files.clone())
                copy.archive.files.replaceBytes(of: path, with: spoiled)
                await counts.note(path.string, place) {
                    try await copy.examineThin(vault, path)
                }
            }
        }
        counts.expect("\(harm) of a thin archive", atLeast: 3)
    }
}

/// What came of many damages.
private struct SpoiledPlaces {
    static let isFull = `A spoiled structure`.isFull
    static let share = `A spoiled structure`.share
    private(set) var count = 0
    private var noticedCount = 0
    private var failures = 0

    mutating func note(_ what: String, _ place: (Int, Int), _ body: () throws -> Bool) {
        end(what, place, Result { try body() })
    }

    mutating func note(
        _ what: String,
        _ place: (Int, Int),
        _ body: () async throws -> Bool
    ) async {
        do { end(what, place, .success(try await body())) } catch {
            end(what, place, .failure(error))
        }
    }

    private mutating func end(
        _ what: String,
        _ place: (Int, Int),
        _ result: Result<Bool, any Error>
    ) {
        count += 1
        switch result {
        case .success(let isNoticed): noticedCount += isNoticed ? 1 : 0
        case .failure(let error):
            failures += 1
            if failures < 20 { Issue.record("\(what) at \(place): \(error)") }
        }
    }

    func expect(_ what: String, atLeast least: Int) {
        if Self.isFull { print("\(what): \(count) damages, \(noticedCount) named, the rest inert") }
        #expect(failures == 0)
        if Self.share.count == 1 { #expect(count >= least && noticedCount > 0) }
    }
}

private enum VaultPart {
    /// Whether a recovery does without it.
    static func isOfOthers(_ name: String) -> Bool {
        ["checks/", "prune/", "sweeping/", "arriving/"].contains { name.hasPrefix($0) }
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

private struct BrokenPromise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension WholeFormat {
    /// Words one of which tells a reader where to look.
    private static func names(of path: String) -> [String] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let stem = name.split(separator: ".").first.map(String.init) ?? name
        var names = [name, stem]
        if let number = SegmentNumber(stem: stem) { names.append("segment \(number.value)") }
        if path.contains("/index/") { names.append("index") }
        return names
    }

    private static func require(_ path: String, in texts: [String]) throws {
        let names = names(of: path)
        guard texts.contains(where: { text in names.contains { text.contains($0) } }) else {
            throw BrokenPromise("no place is named: \(texts)")
        }
    }

    private func requireRight(_ found: [String: [UInt8]], isWhole: Bool) throws {
        let wrong = found.filter { contents[$0.key] != $0.value }.keys.sorted()
        guard wrong.isEmpty, !isWhole || found.count == contents.count else {
            throw BrokenPromise("\(found.count) of \(contents.count) records, wrong: \(wrong)")
        }
    }

    /// Whether the damage is noticed; throws if it is neither named nor without harm.
    fileprivate func examine(
        _ files: SimulatedFileSystem,
        _ path: FilePath,
        byWriterToo: Bool
    ) throws -> Bool {
        var isNoticed = false
        for isWriter in byWriterToo ? [false, true] : [false] {
            let address = try Self.address(isWriter ? files.clone() : files)
            do {
                let engine =
                    isWriter ? try Engine.open(address) : try Engine.openForReading(address)
                let report = try engine.verify()
                if report.isSound {
                    try requireRight(try Self.contents(of: engine), isWhole: true)
                } else {
                    isNoticed = true
                    try Self.require(path.string, in: report.findings)
                    if let found = try? Self.contents(of: engine) {
                        try requireRight(found, isWhole: false)
                    }
                }
            } catch let error as ArchiveError {
                isNoticed = true
                try Self.require(path.string, in: [error.message])
            }
        }
        return isNoticed
    }

    /// The same of a vault's object.
    fileprivate func examine(
        _ vault: MemoryStore,
        _ name: String,
        recovering: Bool
    ) async throws -> Bool {
        let keys = VaultKeys(try ArchiveKey.keyFile(Self.keyFile))
        do {
            let report = try await VaultVerification(of: vault, unlocking: keys).run()
            if !report.findings.isEmpty {
                try Self.require(name, in: report.findings.map(\.description))
                return true
            }
        } catch let error as RecoveryError {
            try Self.require(name, in: [error.message])
            return true
        }
        guard recovering else { return false }
        let host = SimulatedFileSystem()
        let recovery = Recovery(
            from: vault,
            unlocking: keys,
            on: host,
            configuration: Self.configuration,
            parallelism: 1
        )
        guard try await recovery.run(to: TestArchive.path).isComplete else {
            throw BrokenPromise("the vault is sound, and its recovery is not complete")
        }
        let engine = try Engine.openForReading(try Self.address(host))
        try requireRight(try Self.contents(of: engine), isWhole: true)
        return false
    }

    /// The same of a file of a thin archive, whose vault is whole.
    fileprivate func examineThin(_ vault: MemoryStore, _ path: FilePath) async throws -> Bool {
        do {
            let report = try await archive.verifyThin(vault)
            guard report.isSound else {
                try Self.require(path.string, in: report.findings)
                return true
            }
        } catch let error as ArchiveError {
            try Self.require(path.string, in: [error.message])
            return true
        }
        let expected = contents.filter { $0.key.hasPrefix("records/") }
        let found = try await archive.readThin(vault)
        guard
            found.allSatisfy({ record in
                expected.contains {
                    $0.key.hasPrefix("records/\(record.key)#") && $0.value == record.value
                }
            }), found.count > 7
        else { throw BrokenPromise("\(found.count) records are read") }
        return false
    }
}
