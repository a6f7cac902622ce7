import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing
import Synchronization

@testable import StrongroomVaults

/// A bucket in memory that answers like S3, and fails as it is told.
final class FakeS3: HTTPTransport {
    /// What happens to the next request that fits.
    enum Fault: Sendable {
        /// It never arrives.
        case failure(HTTPFailure)
        /// It gets this answer and is not carried out.
        case answer(Int, code: String, fields: [String: String] = [:])
        /// It is carried out and its answer is lost.
        case lostAnswer
    }

    /// What the server makes of `If-None-Match`.
    enum Conditions: Sendable { case honoured, ignored, refused }

    struct State: Sendable {
        var objects: [String: (bytes: [UInt8], fields: [String: String])] = [:]
        var uploads: [String: [Int: [UInt8]]] = [:]
        var uploadKeys: [String: String] = [:]
        var uploadsBegun = "2026-11-01T00:00:00.000Z"
        var uploadPageCount = 1000
        var uploadFields: [String: [String: String]] = [:]
        var faults: [(method: String?, query: String?, fault: Fault)] = []
        var requests: [HTTPRequest] = []
        var conditions = Conditions.honoured
        var partsConditions = Conditions.honoured
        var checksChecksums = true
        /// What was sent with objects, by their keys.
        var checksums: [String: String] = [:]
        var locksUploadsInParts = true
        var isThere = true
        var pageObjectCount = 1000
        var rangeShift = 0
    }

    let state = Mutex(State())

    /// The methods and keys of what arrived.
    var log: [String] {
        state.withLock { $0.requests.map { "\($0.method) \(Self.parts(of: $0).key)" } }
    }

    func change(_ body: @Sendable (inout State) -> Void) { state.withLock { body(&$0) } }

    /// The next request of a method, and with a query's name, fails.
    func fail(_ method: String? = nil, query: String? = nil, times: Int = 1, _ fault: Fault) {
        state.withLock { state in
            for _ in 0..<times { state.faults.append((method, query, fault)) }
        }
    }

    /// A store over this bucket, whose waits take no time.
    func store(
        prefix: String = "",
        patience: Patience = Patience(),
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) throws -> S3Store {
        var configuration = S3Configuration(
            bucket: "fake",
            prefix: prefix,
            endpoint: try S3Endpoint("https://s3.example.org"),
            credentials: { S3Credentials(accessKey: "AKIAFAKE", secretKey: "do-not-print") }
        )
        change(&configuration)
        return S3Store(configuration, over: self, patience: patience, clock: FakeClock().clock)
    }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        if Task.isCancelled { throw HTTPFailure(.cancelled, "cancelled") }
        let (answer, failure) = state.withLock { state -> (HTTPResponse?, HTTPFailure?) in
            state.requests.append(request)
            let place = state.faults.firstIndex { method, query, _ in
                (method ?? request.method) == request.method
                    && (query.map { request.url.contains($0) } ?? true)
            }
            guard let place else { return (Self.answer(request, &state), nil) }
            switch state.faults.remove(at: place).fault {
            case .failure(let failure): return (nil, failure)
            case .answer(let status, let code, let fields):
                return (Self.error(status, code, fields), nil)
            case .lostAnswer:
                _ = Self.answer(request, &state)
                return (nil, HTTPFailure(.cut, "the answer was lost"))
            }
        }
        if let failure { throw failure }
        guard let answer else { throw HTTPFailure(.failed, "no answer") }
        return answer
    }

    // MARK: Answers

    private static func parts(of request: HTTPRequest) -> (key: String, query: [String: String]) {
        let halves = request.url.split(separator: "?", maxSplits: 1)
        let path = halves[0].split(separator: "/", maxSplits: 3).dropFirst(2)
        var query: [String: String] = [:]
        for item in (halves.count > 1 ? halves[1] : "").split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1).map(String.init)
            query[pair[0]] = S3Text.decoded(pair.count > 1 ? pair[1] : "")
        }
        return (path.count > 1 ? S3Text.decoded(String(path.last ?? "")) : "", query)
    }

    private static func answer(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
        guard state.isThere else { return error(404, "NoSuchBucket") }
        let fields = Dictionary(
            request.fields.map { ($0.name.lowercased(), $0.value) },
            uniquingKeysWith: { $1 }
        )
        guard fields["authorization"]?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIAFAKE/") == true
        else { return error(403, "AccessDenied") }
        let hash = SHA256.hash(request.body.span)
        guard fields["x-amz-content-sha256"] == hash.hex else {
            return error(400, "XAmzContentSHA256Mismatch")
        }
        if state.checksChecksums, let checksum = fields["x-amz-checksum-sha256"],
            checksum != Base64.encode(hash.bytes)
        {
            return error(400, "BadDigest")
        }
        let (key, query) = parts(of: request)
        switch request.method {
        case "PUT": return put(request, key, query, fields, &state)
        case "POST": return post(request, key, query, fields, &state)
        case "DELETE":
            if let upload = query["uploadId"] {
                state.uploads[upload] = nil
            } else {
                state.objects[key] = nil
            }
            return HTTPResponse(status: 204)
        case "HEAD":
            guard let object = state.objects[key] else { return HTTPResponse(status: 404) }
            var head = object.fields.merging(["content-length": String(object.bytes.count)]) { $1 }
            let checksum = state.checksums[key]
            if fields["x-amz-checksum-mode"] == "ENABLED" {
                head["x-amz-checksum-sha256"] = checksum
            }
            return HTTPResponse(status: 200, fields: head)
        default: return key.isEmpty ? list(query, state) : get(key, fields, state)
        }
    }

    private static func put(
        _ request: HTTPRequest,
        _ key: String,
        _ query: [String: String],
        _ fields: [String: String],
        _ state: inout State
    ) -> HTTPResponse {
        if query["retention"] != nil {
            return lock(key, XMLElement(request.body), &state)
        }
        if let upload = query["uploadId"], let number = query["partNumber"].flatMap({ Int($0) }) {
            guard state.uploads[upload] != nil else { return error(404, "NoSuchUpload") }
            state.uploads[upload]?[number] = request.body
            var answer = ["etag": "\"\(number)\""]
            if state.checksChecksums {
                answer["x-amz-checksum-sha256"] = fields["x-amz-checksum-sha256"]
            }
            return HTTPResponse(status: 200, fields: answer)
        }
        if let refusal = refusal(key, fields, state.conditions, state) { return refusal }
        state.objects[key] = (request.body, kept(fields))
        state.checksums[key] = state.checksChecksums ? fields["x-amz-checksum-sha256"] : nil
        return HTTPResponse(status: 200, fields: ["etag": "\"1\""])
    }

    private static func lock(
        _ key: String,
        _ text: XMLElement?,
        _ state: inout State
    ) -> HTTPResponse {
        guard state.objects[key] != nil else { return error(404, "NoSuchKey") }
        for (field, name) in [("mode", "Mode"), ("retain-until-date", "RetainUntilDate")] {
            state.objects[key]?.fields["x-amz-object-lock-\(field)"] = text?[name]
        }
        return HTTPResponse(status: 200)
    }

    private static func refusal(
        _ key: String,
        _ fields: [String: String],
        _ conditions: Conditions,
        _ state: State
    ) -> HTTPResponse? {
        guard fields["if-none-match"] == "*" else { return nil }
        return switch conditions {
        case .honoured: state.objects[key] == nil ? nil : error(412, "PreconditionFailed")
        case .ignored: nil
        case .refused: error(501, "NotImplemented")
        }
    }

    private static func kept(_ fields: [String: String]) -> [String: String] {
        let kept = ["x-amz-meta-", "x-amz-storage-class", "x-amz-object-lock-"]
        return fields.filter { field in kept.contains { field.key.hasPrefix($0) } }
    }

    private static func post(
        _ request: HTTPRequest,
        _ key: String,
        _ query: [String: String],
        _ fields: [String: String],
        _ state: inout State
    ) -> HTTPResponse {
        guard let upload = query["uploadId"] else {
            let upload = "upload/\(state.requests.count)"
            state.uploads[upload] = [:]
            state.uploadKeys[upload] = key
            state.uploadFields[upload] = kept(fields).filter {
                state.locksUploadsInParts || !$0.key.contains("-lock-")
            }
            return xml("<I><UploadId>\(upload)</UploadId></I>")
        }
        guard let parts = state.uploads[upload] else { return error(404, "NoSuchUpload") }
        if let refusal = refusal(key, fields, state.partsConditions, state) { return refusal }
        let named = XMLElement(request.body)?.all("Part") ?? []
        var bytes: [UInt8] = []
        for part in named {
            guard let number = part["PartNumber"].flatMap({ Int($0) }), let found = parts[number],
                part["ETag"] == String(number),
                state.checksChecksums == (part["ChecksumSHA256"] != nil)
                    || key.contains(".probe-")
            else { return error(400, "InvalidPart") }
            bytes += found
        }
        state.objects[key] = (bytes, state.uploadFields[upload] ?? [:])
        state.uploads[upload] = nil
        state.checksums[key] = state.checksChecksums ? composite(named) : nil
        return xml("<CompleteMultipartUploadResult/>")
    }

    /// The checksum of an object that was sent in parts, of the parts' checksums.
    private static func composite(_ parts: [XMLElement]) -> String? {
        let digests = parts.compactMap { $0["ChecksumSHA256"].flatMap(Base64.decode) }
        guard digests.count == parts.count else { return nil }
        let all = digests.flatMap { $0 }
        return Base64.encode(SHA256.hash(all.span).bytes) + "-\(parts.count)"
    }

    private static func get(
        _ key: String,
        _ fields: [String: String],
        _ state: State
    ) -> HTTPResponse {
        guard let object = state.objects[key] else { return error(404, "NoSuchKey") }
        let bounds = (fields["range"] ?? "").dropFirst("bytes=".count).split(separator: "-")
            .compactMap { Int($0) }
        guard bounds.count == 2 else { return HTTPResponse(status: 200, body: object.bytes) }
        guard bounds[0] < object.bytes.count else { return error(416, "InvalidRange") }
        let end = min(bounds[1] + 1, object.bytes.count)
        return HTTPResponse(
            status: 206,
            fields: ["content-range": "bytes \(bounds[0] + state.rangeShift)-\(end)/\(end)"],
            body: Array(object.bytes[bounds[0]..<end])
        )
    }

    private static func list(_ query: [String: String], _ state: State) -> HTTPResponse {
        if query["versioning"] != nil { return xml("<VersioningConfiguration/>") }
        if query["uploads"] != nil { return listUploads(query, state) }
        let prefix = query["prefix"] ?? ""
        let after = query["continuation-token"] ?? ""
        let keys = state.objects.keys.filter { $0.hasPrefix(prefix) && $0 > after }.sorted()
        let limit = min(query["max-keys"].flatMap { Int($0) } ?? 1000, state.pageObjectCount)
        let page = keys.prefix(limit)
        var text = "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>"
        text += "<IsTruncated>\(page.count < keys.count)</IsTruncated>"
        if page.count < keys.count, let last = page.last {
            text += "<NextContinuationToken>\(last)</NextContinuationToken>"
        }
        for key in page {
            text += "<Contents><Key>\(S3Text.encoded(key))</Key>"
            text += "<Size>\(state.objects[key]?.bytes.count ?? 0)</Size></Contents>"
        }
        return xml(text + "</ListBucketResult>")
    }

    private static func listUploads(_ query: [String: String], _ state: State) -> HTTPResponse {
        let prefix = query["prefix"] ?? ""
        let after = (query["key-marker"] ?? "", query["upload-id-marker"] ?? "")
        let all = state.uploads.keys.map { (state.uploadKeys[$0] ?? "", $0) }
            .filter { $0.0.hasPrefix(prefix) && $0 > after }.sorted { $0 < $1 }
        let page = all.prefix(state.uploadPageCount)
        var text = "<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
        text += "<IsTruncated>\(page.count < all.count)</IsTruncated>"
        if page.count < all.count, let last = page.last {
            text += "<NextKeyMarker>\(S3Text.encoded(last.0))</NextKeyMarker>"
            text += "<NextUploadIdMarker>\(last.1)</NextUploadIdMarker>"
        }
        for (key, upload) in page {
            text += "<Upload><Key>\(S3Text.encoded(key))</Key><UploadId>\(upload)</UploadId>"
            text += "<Initiated>\(state.uploadsBegun)</Initiated></Upload>"
        }
        return xml(text + "</ListMultipartUploadsResult>")
    }

    private static func xml(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, body: Array(text.utf8))
    }

    private static func error(
        _ status: Int,
        _ code: String,
        _ fields: [String: String] = [:]
    ) -> HTTPResponse {
        HTTPResponse(
            status: status,
            fields: fields,
            body: Array("<Error><Code>\(code)</Code><Message>said so</Message></Error>".utf8)
        )
    }
}

/// Time that passes only where a store waits.
final class FakeClock: Sendable {
    private let passed = Mutex<[Duration]>([])

    /// How long each wait was.
    var waits: [Duration] { passed.withLock { $0 } }

    var clock: VaultClock {
        VaultClock(
            now: { Timestamp(microseconds: 1_795_000_000_000_000) },
            elapsed: { self.passed.withLock { $0.reduce(.zero, +) } },
            sleep: { duration in self.passed.withLock { $0.append(duration) } },
            chance: { 0.5 }
        )
    }
}
