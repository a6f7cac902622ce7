import ArchiveBytes
import Testing

@testable import ArchiveIndex

/// A page tells which of its keys are not above the one before, where entries share bytes with that
/// one and where, every 16th time, they share them with the first.
@Suite struct `The order of a page's keys` {
    /// Whether each key but the first is above the one before, as the page tells; nil if it is none.
    private func rises(_ keys: [[UInt8]]) -> [Bool]? {
        var page = PendingPage(capacity: 4_096)
        let payload: [UInt8] = [7]
        for key in keys {
            let isAdded = page.append(key.span, payload: payload.span)
            #expect(isAdded)
        }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        page.encode(into: &bytes)
        guard let body = PageBody(bytes, level: 0, keyByteLimit: 64) else { return nil }
        var room = [UInt8](repeating: 0, count: 64)
        var rises: [Bool] = []
        var slot = 0
        body.forEachEntry(&room) { isAbove, key, value in
            #expect(Array(copying: key) == keys[slot] && Array(copying: value) == payload)
            if slot > 0 { rises.append(isAbove) }
            slot += 1
            return true
        }
        #expect(slot == keys.count)
        return rises
    }

    @Test(arguments: [1, 5, 15, 16, 17, 32, 39])
    func `is told wherever it is broken`(slot: Int) {
        let keys = (0..<40 as Range<UInt8>).map { [1, $0 / 8, $0, 5] }
        #expect(rises(keys)?.contains(false) == false)
        let before = keys[slot - 1]
        func told(_ wrong: [UInt8]) -> [Bool]? {
            var changed = keys
            changed[slot] = wrong
            return rises(changed)
        }
        let found = told(before.dropLast() + [4])
        #expect(found?[slot - 1] == false && found?.count { !$0 } == 1)
        // Keys that cannot be written so make the page none, which is as good.
        for wrong in [before, Array(before.dropLast()), [1, 0, 0], [0]] {
            #expect(told(wrong)?[slot - 1] != true)
        }
        var longer = keys
        longer[slot] = before + [0]
        #expect(rises(longer)?.contains(false) == false)
    }
}
