import ArchiveBytes
import Support
import Testing

@testable import ArchiveIndex

@Suite struct CacheTests {
    private func page(_ number: UInt64, version: UInt64 = 1) -> Page {
        var pending = PendingPage(capacity: 400)
        let (key, value): ([UInt8], [UInt8]) = ([1, 2], [3])
        let fits = pending.append(key.span, payload: value.span)
        precondition(fits, "one entry fits")
        var body = [UInt8](repeating: 0, count: 456)
        pending.encode(into: &body)
        return Page(
            PageBody(trusted: body, level: 0),
            reference: PageReference(
                number: number,
                transaction: version,
                tag: PageTag(low: version, high: 0)
            ),
            level: 0
        )
    }

    @Test
    func `the cache never holds more than its budget`() {
        let cache = PageCache(byteLimit: 10 * 512, pageByteCount: 512)
        #expect(cache.pageLimit == 10)
        for number in 1...1_000 as ClosedRange<UInt64> {
            cache.insert(page(number), isHot: number % 3 == 0)
            #expect(cache.pageCount <= 10)
        }
        #expect(cache.pageCount == 10)
        cache.removeAll()
        #expect(cache.pageCount == 0)
    }

    @Test
    func `a meter says what the pages take, up to the end of the cache`() {
        let meter = CacheMeter()
        do {
            let cache = PageCache(byteLimit: 10 * 512, pageByteCount: 512, meter: meter)
            for number in 1...30 as ClosedRange<UInt64> {
                cache.insert(page(number), isHot: false)
                #expect(meter.byteCount == cache.pageCount * 512)
            }
            _ = cache.remove(page(30).reference)
            #expect(meter.byteCount == 9 * 512)
            cache.removeAll()
            #expect(meter.byteCount == 0)
            cache.insert(page(1), isHot: false)
        }
        #expect(meter.byteCount == 0)
    }

    @Test
    func `what leaves the cache is freed at once, and wiped with it`() {
        let cache = PageCache(byteLimit: 4 * 512, pageByteCount: 512)
        weak var first: Page?
        do {
            let page = page(1)
            first = page
            cache.insert(page, isHot: false)
        }
        #expect(first != nil)
        for number in 2...5 as ClosedRange<UInt64> { cache.insert(page(number), isHot: false) }
        #expect(first == nil)
    }

    @Test
    func `a page that is asked for outlives those that are not`() {
        let cache = PageCache(byteLimit: 4 * 512, pageByteCount: 512)
        let hot = page(1)
        cache.insert(hot, isHot: false)
        for number in 2...100 as ClosedRange<UInt64> {
            #expect(cache.page(hot.reference) != nil)
            cache.insert(page(number), isHot: false)
        }
    }

    @Test
    func `another version of a page is not taken for it`() {
        let cache = PageCache(byteLimit: 4 * 512, pageByteCount: 512)
        let old = page(1, version: 1)
        let new = page(1, version: 2)
        cache.insert(old, isHot: false)
        #expect(cache.page(new.reference) == nil)
        #expect(!cache.remove(new.reference))
        cache.insert(new, isHot: false)
        #expect(cache.page(old.reference) == nil)
        #expect(cache.page(new.reference) === new)
        #expect(cache.pageCount == 1)
        #expect(cache.remove(new.reference))
        #expect(cache.pageCount == 0)
    }

    @Test
    func `a budget below one page means no cache`() {
        let cache = PageCache(byteLimit: 511, pageByteCount: 512)
        let page = page(1)
        cache.insert(page, isHot: true)
        #expect(cache.page(page.reference) == nil)
        #expect(!cache.remove(page.reference))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `the table finds exactly what was put in and not taken out`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = PageTable(pageLimit: 50)
        var model: [UInt64: Page] = [:]
        for _ in 0..<5_000 {
            // Multiples of a large power of two fall on few places.
            let number = UInt64.random(in: 1...80, using: &generator) << 40
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                let page = page(number)
                if let evicted = table.insert(page, isHot: false),
                    evicted.reference.number != number
                {
                    model[evicted.reference.number] = nil
                }
                model[number] = page
            case 1:
                let removed = table.remove(page(number).reference)
                #expect(removed === model[number])
                model[number] = nil
            default:
                #expect(table.page(page(number).reference) === model[number])
            }
            #expect(table.count == model.count)
        }
    }
}
