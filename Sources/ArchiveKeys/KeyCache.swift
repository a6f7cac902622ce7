import ArchiveSealing

/// The domain keys that were used last, bounded.
///
/// Two halves: a key that is used moves to the young half, and when that is full the old one is
/// dropped and the young becomes old. So no more than ``limit`` keys are kept, and one that is used
/// at least once while half as many others are is never dropped.
struct KeyCache {
    /// A walk of the erasure tree costs tens of microseconds; a key takes some 200 bytes.
    ///
    /// Half as many are sure to stay: the subjects of a gigabyte, which a look into directories meets
    /// again and again.
    static let limit = 32_768

    struct Place: Hashable {
        let tag: DomainTag
        let epoch: UInt32
    }

    private let halfLimit: Int
    private var young: [Place: SecretKey] = [:]
    private var old: [Place: SecretKey] = [:]

    /// Makes an empty cache that keeps so many keys.
    init(limit: Int = Self.limit) { halfLimit = limit / 2 }

    var count: Int { young.count + old.count }

    /// The key at `place`, which now counts as just used.
    mutating func key(at place: Place) -> SecretKey? {
        if let key = young[place] { return key }
        guard let key = old.removeValue(forKey: place) else { return nil }
        insert(key, at: place)
        return key
    }

    mutating func insert(_ key: SecretKey, at place: Place) {
        if young.count >= halfLimit {
            old = young
            young = [:]
        }
        old[place] = nil
        young[place] = key
    }

    /// Forgets what was derived for `tag` before its domain was known.
    mutating func removeAll(of tag: DomainTag) {
        young = young.filter { $0.key.tag != tag }
        old = old.filter { $0.key.tag != tag }
    }
}
