import ArchiveBytes
import Support
import SystemPackage
import Testing

@testable import ArchiveIndex

@Suite struct `A search on a page` {
    /// Keys that begin alike, end inside the heads of others, and hold zeros where those have ended.
    private static func keys(_ generator: inout SeededGenerator) -> [[UInt8]] {
        let beginning = [UInt8](repeating: 7, count: Int.random(in: 0...9, using: &generator))
        let digits: [UInt8] = Bool.random(using: &generator) ? [0, 1] : [0, 1, 97, 200, 255]
        let longest = Int.random(in: 3...12, using: &generator)
        var keys: Set<[UInt8]> = []
        for _ in 0..<Int.random(in: 1...120, using: &generator) {
            var key = beginning
            for _ in 0..<Int.random(in: 1...longest, using: &generator) {
                key.append(digits.randomElement(using: &generator) ?? 0)
            }
            keys.insert(key)
        }
        return keys.sorted { KeyOrder.compare($0.span, $1.span) < 0 }
    }

    private static func page(_ keys: [[UInt8]]) throws -> Page {
        let geometry = try #require(PageGeometry(pageByteCount: 4_096))
        var pending = PendingPage(capacity: geometry.bodyByteCount)
        for (number, key) in keys.enumerated() {
            // Values of every length that has a form of its own, and of some that have not.
            let value = [UInt8](repeating: UInt8(number), count: number % 9)
            let fits = pending.append(key.span, payload: value.span)
            try #require(fits)
        }
        var body = [UInt8](repeating: 0, count: geometry.bodyByteCount)
        pending.encode(into: &body)
        guard let checked = PageBody(body, level: 0, keyByteLimit: geometry.keyByteLimit) else {
            throw IndexError.corrupt("page", page: 16, finding: .malformed)
        }
        return Page(
            checked,
            reference: PageReference(number: 16, transaction: 1, tag: PageTag(low: 0, high: 0)),
            level: 0
        )
    }

    /// Keys that are there, and their neighbours.
    private static func wanted(_ keys: [[UInt8]]) -> [[UInt8]] {
        var wanted: [[UInt8]] = [[], [0], [6], [255]]
        for key in keys {
            let shorter = Array(key.dropLast())
            wanted += [key, key + [0], key + [255], shorter, shorter + [98]]
        }
        return wanted
    }

    @Test(arguments: 0..<60)
    func `finds the first entry that is not before a key`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let keys = Self.keys(&generator)
        let page = try Self.page(keys)
        var entry = IndexEntry()
        for wanted in Self.wanted(keys) {
            let slot = keys.firstIndex { KeyOrder.compare($0.span, wanted.span) >= 0 } ?? keys.count
            let found = page.lowerBound(wanted.span)
            #expect(found.slot == slot && found.isEqual == keys.contains(wanted), "\(wanted)")
            for count in 0...wanted.count {
                let begins = slot < keys.count && keys[slot].starts(with: wanted.prefix(count))
                #expect(page.begins(found, with: wanted.span, count: count) == begins, "\(wanted)")
            }
            guard slot < keys.count else { continue }
            page.copy(found, near: wanted.span, into: &entry)
            #expect(entry.key == keys[slot], "\(wanted)")
            #expect(entry.value == [UInt8](repeating: UInt8(slot), count: slot % 9))
        }
    }

    @Test func `is not led astray by a head or common bytes that are not the keys'`() throws {
        let geometry = try #require(PageGeometry(pageByteCount: 4_096))
        var pending = PendingPage(capacity: geometry.bodyByteCount)
        for number in 0..<100 {
            let key = [5, 5, UInt8(number), 9]
            let fits = pending.append(key.span, payload: key.span)
            try #require(fits)
        }
        var body = [UInt8](repeating: 0, count: geometry.bodyByteCount)
        pending.encode(into: &body)
        // Common bytes, then heads and offsets of seven entries.
        for place in 4..<(6 + 7 * 6) {
            var spoiled = body
            spoiled[place] ^= 1
            let page = PageBody(spoiled, level: 0, keyByteLimit: geometry.keyByteLimit)
            switch page {
            case .none: break
            case .some: Issue.record("byte \(place) counts as well-formed")
            }
        }
    }
}
