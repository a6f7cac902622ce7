/// A bounded set of pages, found by number, with the hand of a clock for choosing who leaves.
///
/// An open hash table with linear probing leads from numbers to slots; it is at most half full, and a
/// removal moves what follows up, so there are no marks of removed pages to walk over.
struct PageTable {
    private let pageLimit: Int
    private let mask: Int
    private var places: [Place]
    private var pages: [Page?]
    private var wasUsed: [Bool]
    private var freeSlots: [Int] = []
    private var hand = 0
    private(set) var count = 0

    /// What stands in the table: number 0, which is no page's, for an empty place.
    private struct Place: BitwiseCopyable {
        var number: UInt64 = 0
        var slot = 0
    }

    init(pageLimit: Int) {
        self.pageLimit = pageLimit
        var size = 4
        while size < 2 * pageLimit { size *= 2 }
        mask = size - 1
        places = Array(repeating: Place(), count: size)
        pages = []
        wasUsed = []
    }

    mutating func page(_ reference: PageReference) -> Page? {
        guard let slot = slot(of: reference.number), let page = pages[slot],
            page.reference == reference
        else { return nil }
        // Written only where it changes, so that a hot page's mark stays in every processor's cache.
        if !wasUsed[slot] { wasUsed[slot] = true }
        return page
    }

    /// Takes a page in; the page that it takes the place of, if any.
    mutating func insert(_ page: Page, isHot: Bool) -> Page? {
        let number = page.reference.number
        if let slot = slot(of: number) {
            let evicted = pages[slot].take()
            pages[slot] = page
            wasUsed[slot] = isHot
            return evicted
        }
        let slot: Int
        var evicted: Page?
        if let free = freeSlots.popLast() {
            slot = free
        } else if pages.count < pageLimit {
            slot = pages.count
            pages.append(nil)
            wasUsed.append(false)
        } else {
            slot = victim()
            evicted = vacate(slot)
        }
        // Only now, because making room may have moved the empty place.
        places[place(of: number)] = Place(number: number, slot: slot)
        pages[slot] = page
        wasUsed[slot] = isHot
        count += 1
        return evicted
    }

    mutating func remove(_ reference: PageReference) -> Page? {
        guard let slot = slot(of: reference.number), pages[slot]?.reference == reference else {
            return nil
        }
        freeSlots.append(slot)
        return vacate(slot)
    }

    mutating func removeAll() -> [Page?] {
        let removed = pages
        self = PageTable(pageLimit: pageLimit)
        return removed
    }

    /// Where a number stands in the table, or the empty place where it would.
    private func place(of number: UInt64) -> Int {
        var place = home(of: number)
        while places[place].number != number, places[place].number != 0 {
            place = (place &+ 1) & mask
        }
        return place
    }

    private func slot(of number: UInt64) -> Int? {
        let place = places[place(of: number)]
        return place.number == 0 ? nil : place.slot
    }

    private func home(of number: UInt64) -> Int {
        Int(truncatingIfNeeded: (number &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
    }

    /// The slot that the hand finds unused; it marks those it passes as unused.
    private mutating func victim() -> Int {
        while true {
            let slot = hand
            hand = (hand + 1) % pages.count
            if !wasUsed[slot] { return slot }
            wasUsed[slot] = false
        }
    }

    /// Takes the page of a slot out of the slot and the table.
    private mutating func vacate(_ slot: Int) -> Page? {
        guard let page = pages[slot].take() else { return nil }
        var hole = place(of: page.reference.number)
        var next = (hole + 1) & mask
        while places[next].number != 0 {
            // What stands as far from its home as from the hole may move into the hole.
            let distance = (next - home(of: places[next].number)) & mask
            if distance >= (next - hole) & mask {
                places[hole] = places[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        places[hole] = Place()
        count -= 1
        return page
    }
}
