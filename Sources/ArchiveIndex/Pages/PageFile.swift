internal import ArchiveBytes
internal import ArchiveFileIO
internal import ArchiveSealing
internal import Synchronization

/// The pages of one index file, for any number of readers at once.
final class PageFile: Sendable {
    let file: any File
    let geometry: PageGeometry
    let cache: PageCache
    private let key: SecretKey
    private let archive: [UInt8]
    let generation: UInt64
    /// Which beginnings of keys the filters of trees know; nil if they have none.
    let stemByteCount: StemByteCount?
    /// Sealers that no reader is using.
    ///
    /// There are never more than there were readers at once.
    private let idle = Mutex<[LentSealer]>([])

    init(
        _ file: any File,
        geometry: PageGeometry,
        key: SecretKey,
        archive: [UInt8],
        generation: UInt64,
        cacheByteLimit: Int,
        cacheMeter: CacheMeter? = nil,
        stemByteCount: StemByteCount? = nil
    ) {
        self.file = file
        self.geometry = geometry
        cache = PageCache(
            byteLimit: cacheByteLimit,
            pageByteCount: geometry.pageByteCount,
            meter: cacheMeter
        )
        self.key = key
        self.archive = archive
        self.generation = generation
        self.stemByteCount = stemByteCount
    }

    /// The page that a parent names, from the cache or the file.
    func page(_ reference: PageReference, level: UInt8) throws(IndexError) -> Page {
        if let page = cache.page(reference) { return page }
        let page = try read(reference, level: level)
        cache.insert(page, isHot: false)
        return page
    }

    /// The same for a walk that comes by each page once: it does not push out what others come back
    /// to.
    func pageInPassing(_ reference: PageReference, level: UInt8) throws(IndexError) -> Page {
        if let page = cache.page(reference) { return page }
        return try read(reference, level: level)
    }

    /// The page that a parent names, from the file.
    func read(_ reference: PageReference, level: UInt8) throws(IndexError) -> Page {
        try lendSealer(for: reference.number) { (sealer: inout PageSealer) throws(PageFault) in
            try fill(&sealer, with: reference.number)
            let body = PageBody(
                try sealer.open(reference, level: level),
                level: level,
                keyByteLimit: geometry.keyByteLimit
            )
            guard let body else { throw .finding(.malformed) }
            return Page(body, reference: reference, level: level)
        }
    }

    /// How often a page or slot that a writer may just be writing is read until it counts as
    /// damaged; what is whole is whole at the second time.
    static let rereadLimit = 3

    /// Makes sure that a page that no parent names is harmless: all zeros, or a version of itself.
    func checkAlone(_ number: UInt64) throws(IndexError) {
        for _ in 1..<Self.rereadLimit {
            do throws(IndexError) {
                return try checkAloneOnce(number)
            } catch .corrupt {
                continue
            }
        }
        try checkAloneOnce(number)
    }

    private func checkAloneOnce(_ number: UInt64) throws(IndexError) {
        try lendSealer(for: number) { (sealer: inout PageSealer) throws(PageFault) in
            do throws(PageFault) {
                try fill(&sealer, with: number)
            } catch .finding(.truncated) {
                // The rest of the page is not there; zeros stand for it.
            }
            if KeyOrder.isZero(sealer.scratch.span, sealer.scratch.indices) { return }
            _ = try sealer.openAlone(number: number)
        }
    }

    /// A sealer of the writer's own.
    func newSealer() -> PageSealer {
        PageSealer(geometry: geometry, key: key, archive: archive, generation: generation)
    }

    private func fill(_ sealer: inout PageSealer, with number: UInt64) throws(PageFault) {
        // What a page names is as good as the page: its number may be any.
        guard number <= UInt64(Int64.max) / UInt64(geometry.pageByteCount) else {
            throw .finding(.outsideFile)
        }
        do throws(SystemError) {
            var target = sealer.scratch.mutableSpan
            let count = try file.read(at: geometry.offset(of: number), into: &target)
            guard count < target.count else { return }
            for index in count..<target.count { target[index] = 0 }
        } catch {
            throw .system(error)
        }
        throw .finding(.truncated)
    }

    private func lendSealer<Result>(
        for number: UInt64,
        _ use: (inout PageSealer) throws(PageFault) -> Result
    ) throws(IndexError) -> Result {
        let lent = idle.withLock { $0.popLast() } ?? LentSealer(newSealer())
        defer { idle.withLock { $0.append(lent) } }
        do throws(PageFault) {
            return try use(&lent.sealer)
        } catch {
            switch error {
            case .finding(let finding):
                throw .corrupt(file.path, page: number, finding: finding)
            case .sealing(let error): throw .sealing(error)
            case .system(let error): throw .system(error)
            }
        }
    }

    /// Sendable although its sealer is for one thread: it is either idle or in one reader's hands.
    private final class LentSealer: @unchecked Sendable {
        var sealer: PageSealer

        init(_ sealer: consuming PageSealer) { self.sealer = sealer }
    }
}
