internal import ArchiveBytes

/// Room for one entry, which a search fills; to be used again for the next one.
package struct IndexEntry: Equatable, Sendable {
    package var key: [UInt8] = []
    package var value: [UInt8] = []

    package init() {}

    package init(key: [UInt8], value: [UInt8]) {
        self.key = key
        self.value = value
    }

    mutating func set(key: Span<UInt8>, value: Span<UInt8>) {
        self.key.removeAll(keepingCapacity: true)
        self.key.append(copying: key)
        self.value.removeAll(keepingCapacity: true)
        self.value.append(copying: value)
    }
}
