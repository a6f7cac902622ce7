/// A bounded set of pages, found by number, with the hand of a clock for choosing who leaves.
///
/// An open hash table with linear probing leads from numbers to slots; it is at most half full, and a
/// removal moves what follows up, so there are no marks of removed pages to walk over.
struct PageTable {
    private let pageLimit: Int
    private let mask: Int
    /// Slot numbers plus one; zero for an empty place.
    private var places: [UInt32]
    private var numbers: [UInt64]
    private var pages: [Page?]
    private var wasUsed: [Bool]
    private var freeSlots: [Int] = []
    private var hand = 0
    private(set) var count = 0

    init(pageLimit: Int) {
        self.pageLimit = pageLimit
        var size = 4
        while size < 2 * pageLimit { size *= 2 }
        mask = size - 1
        places = Array(repeating: 0, count: size)
        numbers = []
        pages = []
        wasUsed = []
    }

    mutating func page(_ reference: PageReference) -> Page? {
        guard let slot = slot(at: place(of: reference.number)), let page = pages[slot],
            page.reference == reference
        else { return nil }
        wasUsed[slot] = true
        return page
    }

    /// Takes a page in; the page that it takes the place of, if any.
    mutating func insert(_ page: Page, isHot: Bool) -> Page? {
        let number = page.reference.number
        if let slot = slot(at: place(of: number)) {
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
            numbers.append(0)
            wasUsed.append(false)
        } else {
            slot = victim()
            evicted = vacate(slot)
        }
        // Only now, because making room may have moved the empty place.
        places[place(of: number)] = UInt32(slot + 1)
        numbers[slot] = number
        pages[slot] = page
        wasUsed[slot] = isHot
        count += 1
        return evicted
    }

    mutating func remove(_ reference: PageReference) -> Page? {
        guard let slot = slot(at: place(of: reference.number)),
            pages[slot]?.reference == reference
        else { return nil }
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
        while let slot = slot(at: place), numbers[slot] != number { place = (place &+ 1) & mask }
        return place
    }

    private func slot(at place: Int) -> Int? {
        let entry = places[place]
        return entry == 0 ? nil : Int(entry) &- 1
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
        var hole = place(of: numbers[slot])
        var next = (hole + 1) & mask
        while let follower = self.slot(at: next) {
            // What stands as far from its home as from the hole may move into the hole.
            let distance = (next - home(of: numbers[follower])) & mask
            if distance >= (next - hole) & mask {
                places[hole] = places[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        places[hole] = 0
        count -= 1
        return pages[slot].take()
    }
}
