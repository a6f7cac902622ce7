import ArchiveBytes

/// Walks over the JSON of a resource or a Bundle and notes what an archive must be able to find.
///
/// One pass, no tree: each function stands at a value and passes it to its end, taking down
/// ``Finding``s on the way; whatever has no name in ``FHIRKey`` is passed unread, but checked. A value
/// of another kind than the standard has there (an object where an array belongs, a number for a
/// text) is taken if it makes sense and passed if not: old systems write such things, and a wrong
/// member must not hide a record.
///
/// Where a key occurs twice, the first `resourceType`, `id` and `versionId` count, and of all other
/// members every occurrence.
struct FHIRScanner {
    var cursor = JSONCursor()
    private(set) var findings: [Finding] = []
    var resources: [ResourceScan] = []
    var entries: [EntryScan] = []
    private let keys = FHIRKeyTable()

    /// The place in ``resources`` of the one whose members are being read.
    var current = 0

    /// Reads the whole text, which must be one JSON object.
    mutating func scan(_ bytes: Span<UInt8>, from start: Int) throws(JSONFault) {
        cursor = JSONCursor(at: start)
        findings.removeAll(keepingCapacity: true)
        resources.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        cursor.space(bytes)
        guard cursor.at < bytes.count else { throw .truncated }
        guard bytes[cursor.at] == UInt8(ascii: "{") else {
            try cursor.skipValue(bytes, depth: 0)
            try cursor.finish(bytes)
            return
        }
        try resource(bytes, depth: 0)
        try cursor.finish(bytes)
    }

    /// The places of the findings among which those of a resource are; the others belong to the
    /// resources inside it.
    func places(of resource: Int) -> Range<Int> {
        let range = resources[resource].findings
        // What is open when a text breaks off has no end yet.
        return range.isEmpty ? range.lowerBound..<findings.count : range
    }
}

// MARK: - Reading members

extension FHIRScanner {
    /// Passes `{` and, if there is one, the first key with its colon.
    @inline(__always)
    mutating func firstKey(
        _ bytes: Span<UInt8>,
        depth: Int
    ) throws(JSONFault) -> Member {
        try cursor.enter(bytes, depth: depth, closing: UInt8(ascii: "}"))
            ? .key(keys.key(try cursor.key(bytes), in: bytes)) : .end
    }

    /// Passes what follows a value in an object and the next key with its colon.
    @inline(__always)
    mutating func nextKey(_ bytes: Span<UInt8>) throws(JSONFault) -> Member {
        try cursor.goOn(bytes, closing: UInt8(ascii: "}"))
            ? .key(keys.key(try cursor.key(bytes), in: bytes)) : .end
    }

    /// What comes next in an object: a member, whose name may be unknown, or its end.
    enum Member {
        case key(FHIRKey?)
        case end
    }

    @inline(__always)
    func isAt(_ bytes: Span<UInt8>, _ character: Unicode.Scalar) -> Bool {
        cursor.at < bytes.count && bytes[cursor.at] == UInt8(ascii: character)
    }

    mutating func skip(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONFault) {
        try cursor.skipValue(bytes, depth: depth)
    }

    mutating func note(_ kind: Finding.Kind, _ field: FHIRKey, _ text: JSONText?) {
        guard let text else { return }
        note(kind, field, nil, text)
    }

    mutating func note(
        _ kind: Finding.Kind,
        _ field: FHIRKey,
        _ system: JSONText?,
        _ text: JSONText?
    ) {
        guard let text else { return }
        findings.append(
            Finding(
                kind: kind,
                field: field,
                owner: Int32(truncatingIfNeeded: current),
                text: text,
                system: system
            )
        )
    }

    /// Passes a text and notes it.
    mutating func text(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        note(kind, field, try cursor.text(bytes, depth: depth))
    }
}
