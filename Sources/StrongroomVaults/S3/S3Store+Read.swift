import ArchiveBytes
import ArchiveHTTP

extension S3Store {
    /// About 1 GB of names: whoever has more objects splits the vault.
    private static let objectLimit = 10_000_000
    /// A thousand keys of the longest kind, with all that S3 says of each.
    private static let pageByteLimit = 4 << 20
    private static let pageObjectCount = 1000

    /// Reads a range of an object; see ``ObjectStore``.
    public func read(
        _ name: ObjectName,
        range: Range<UInt64>
    ) async throws(VaultError) -> [UInt8] {
        if range.isEmpty || range.upperBound - range.lowerBound > Self.readByteLimit {
            // What S3 has no words for, and what must not be asked for before it is known to exist.
            guard let status = try await status(name) else { throw missing("read", name) }
            guard range.upperBound <= status.byteCount else {
                throw tooShort(name, range, status.byteCount)
            }
        }
        // The usual case, and one that copies nothing.
        if range.upperBound - range.lowerBound <= Self.readByteLimit, !range.isEmpty {
            return try await piece(name, range)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var start = range.lowerBound
        while start < range.upperBound {
            let end = start + min(Self.readByteLimit, range.upperBound - start)
            bytes += try await piece(name, start..<end)
            start = end
        }
        return bytes
    }

    /// Reads a range in one request.
    private func piece(
        _ name: ObjectName,
        _ range: Range<UInt64>
    ) async throws(VaultError) -> [UInt8] {
        var call = S3Call("read \(name)", "GET", key(name))
        call.fields = [HTTPField("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        call.accepted = [200, 206]
        call.expected = [404, 416]
        call.objectByteCount = range.count
        // Room for the error that a short range may bring instead.
        call.answerLimit = max(range.count, 16 << 10)
        let answer = try await client.send(call)
        if let failure = answer.failure {
            if failure.code == "NoSuchBucket" {
                throw failure.error(
                    call.attempt,
                    at: configuration.place,
                    tries: answer.tries,
                    now: client.clock.now()
                )
            }
            guard failure.status == 416 else { throw missing("read", name) }
            throw tooShort(name, range, nil)
        }
        let body = answer.response.body
        guard Self.start(of: answer.response) == range.lowerBound else {
            throw VaultError(
                .failed,
                "cannot read \(name) in \(configuration.place): the server sends another range than "
                    + "was asked for"
            )
        }
        guard body.count >= range.count else {
            throw tooShort(name, range, range.lowerBound + UInt64(body.count))
        }
        return body.count == range.count ? body : Array(body.prefix(range.count))
    }

    /// Where the bytes of an answer begin; servers that know no ranges send the whole.
    private static func start(of response: HTTPResponse) -> UInt64? {
        // As in `bytes 10-19/300`, which some servers send with the status of a whole answer.
        guard let text = response.fields["content-range"] else {
            return response.status == 200 ? 0 : nil
        }
        return UInt64(text.drop { !$0.isNumber }.prefix { $0.isNumber })
    }

    private func tooShort(
        _ name: ObjectName,
        _ range: Range<UInt64>,
        _ byteCount: UInt64?
    ) -> VaultError {
        let finding = byteCount.map { "it has \($0)" } ?? "it is shorter"
        return VaultError(
            .outOfRange,
            "cannot read bytes \(range.lowerBound) to \(range.upperBound) of \(name) in "
                + "\(configuration.place): \(finding); verify the vault"
        )
    }

    // MARK: Listing

    /// All objects whose names begin with `prefix`; see ``ObjectStore``.
    public func list(prefix: String) async throws(VaultError) -> [ObjectStatus] {
        // No name begins so, and servers differ in what they make of it.
        let beginning = prefix.hasSuffix("/") ? prefix + "a" : prefix
        guard prefix.isEmpty || ObjectName.isValid(beginning) else { return [] }
        var found: [ObjectStatus] = []
        var next: String?
        repeat {
            let page = try await page(
                prefix: key(prefix),
                limit: Self.pageObjectCount,
                after: next
            )
            found += page.objects
            // A server that gives the same page again and again would never end.
            guard page.next == nil || page.next != next, found.count <= Self.objectLimit else {
                throw VaultError(
                    .failed,
                    "cannot list \(configuration.place): the list does not end, or has more than "
                        + "\(Self.objectLimit) objects"
                )
            }
            next = page.next
        } while next != nil
        return found.sorted { $0.name < $1.name }
    }

    struct Page: Sendable {
        let objects: [ObjectStatus]
        /// Where the next page begins.
        let next: String?
    }

    /// One page of a list; what cannot be an object's name is left out.
    func page(
        prefix: String,
        limit: Int,
        after next: String?
    ) async throws(VaultError) -> Page {
        var call = S3Call("list", "GET", nil)
        call.query = [
            ("list-type", "2"), ("prefix", prefix), ("max-keys", String(limit)),
            ("encoding-type", "url"),
        ]
        if let next { call.query.append(("continuation-token", next)) }
        call.answerLimit = Self.pageByteLimit
        let answer = try await client.send(call)
        guard let root = XMLElement(answer.response.body), root.name == "ListBucketResult" else {
            throw VaultError(
                .failed,
                "cannot list \(configuration.place): the server's answer is no list of S3"
            )
        }
        let isEncoded = root["EncodingType"] == "url"
        let start = key("")
        var objects: [ObjectStatus] = []
        for element in root.all("Contents") {
            guard let text = element["Key"], let byteCount = element["Size"].flatMap({ UInt64($0) })
            else { continue }
            let key = isEncoded ? S3Text.decoded(text) : text
            guard key.hasPrefix(start),
                let name = try? ObjectName(String(key.dropFirst(start.count)))
            else { continue }
            let modified = element["LastModified"].flatMap(Timestamp.init)?.microseconds
            objects.append(
                ObjectStatus(name: name, byteCount: byteCount, modified: modified)
            )
        }
        let goesOn = root["IsTruncated"] == "true"
        return Page(objects: objects, next: goesOn ? root["NextContinuationToken"] : nil)
    }
}
