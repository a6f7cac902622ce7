import ArchiveBytes

extension FHIRScanner {
    /// Passes an entry of a Bundle; its resource becomes one of ``resources``.
    ///
    /// `entry` is also a member of List, where it holds no resource: whether the outer resource is a
    /// Bundle may only be known later, so entries are noted anywhere and judged at the end.
    mutating func entry(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONFault) {
        let (index, start) = (entries.count, cursor.at)
        entries.append(EntryScan(bundle: current, range: start..<start))
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .fullUrl: entries[index].fullURL = try cursor.text(bytes, depth: depth &+ 1)
            case .resource where isAt(bytes, "{") && entries[index].resource == nil:
                entries[index].resource = resources.count
                try resource(bytes, depth: depth &+ 1)
            case .request: try request(bytes, depth &+ 1, index)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
        entries[index].range = start..<cursor.at
    }

    private mutating func request(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ index: Int
    ) throws(JSONFault) {
        guard isAt(bytes, "{") else { return try skip(bytes, depth) }
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .method: entries[index].method = try cursor.text(bytes, depth: depth &+ 1)
            case .url: entries[index].url = try cursor.text(bytes, depth: depth &+ 1)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }
}
