import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing
import Support
import Synchronization
import Testing

@testable import StrongroomVaults

@Suite struct `A bucket` {
    private let fake = FakeS3()
    private let name: ObjectName

    init() throws { name = try ObjectName("segments/1.seg") }

    private func small(_ configuration: inout S3Configuration) { configuration.partByteCount = 100 }

    // MARK: Trying again

    static let passing: [FakeS3.Fault] = [
        .failure(HTTPFailure(.cut, "reset")), .failure(HTTPFailure(.timedOut, "slow")),
        .failure(HTTPFailure(.unreachable, "refused")), .answer(500, code: "InternalError"),
        .answer(503, code: "SlowDown"), .answer(429, code: "TooManyRequests"),
        .answer(400, code: "RequestTimeout"), .answer(400, code: "BadDigest"),
        .answer(409, code: "ConditionalRequestConflict"),
    ]

    @Test(arguments: passing)
    func `is asked again for what may succeed later`(fault: FakeS3.Fault) async throws {
        let store = try fake.store()
        for method in ["GET", "HEAD", "PUT"] { fake.fail(method, times: 2, fault) }
        try await store.put(name, [1, 2, 3])
        #expect(try await store.readAll(name, limit: 9) == [1, 2, 3])
    }

    @Test(arguments: passing)
    func `is given up after a number of tries`(fault: FakeS3.Fault) async throws {
        let store = try fake.store()
        fake.fail("HEAD", times: 10, fault)
        let found = await code { _ = try await store.status(self.name) }
        #expect(found == .unreachable || found == .damaged || found == .failed)
        #expect(fake.log.count == 10)
    }

    @Test func `is left alone as long as it asks`() async throws {
        let clock = FakeClock()
        let store = S3Store(
            try fake.store().configuration,
            over: fake,
            clock: clock.clock
        )
        try await store.put(name, [1])
        fake.fail("HEAD", .answer(503, code: "SlowDown", fields: ["retry-after": "7"]))
        _ = try await store.status(name)
        #expect(clock.waits == [.seconds(7)])
    }

    @Test(arguments: [false, true])
    func `has what was put although the answer was lost`(inParts: Bool) async throws {
        let store = try fake.store { if inParts { small(&$0) } }
        let bytes = [UInt8](repeating: 7, count: 250)
        fake.fail(inParts ? "POST" : "PUT", query: inParts ? "?uploadId" : nil, .lostAnswer)
        try await store.put(name, bytes)
        #expect(try await store.readAll(name, limit: 250) == bytes)
        #expect(fake.state.withLock { $0.uploads.isEmpty })
    }

    @Test func `tells a lost answer from an object of somebody else`() async throws {
        let store = try fake.store()
        fake.fail("PUT", .lostAnswer)
        fake.fail("PUT", .answer(412, code: "PreconditionFailed"))
        let rival = try fake.store()
        fake.change { $0.objects["other"] = ([1], [:]) }
        try await store.put(name, [1])
        #expect(await code { try await rival.put(self.name, [1]) } == .alreadyExists)
    }

    // MARK: Parts

    @Test func `takes a large object in parts with their checksums`() async throws {
        let store = try fake.store { small(&$0) }
        var generator = SeededGenerator(seed: 2)
        let bytes = generator.bytes(1050)
        for fault in Self.passing { fake.fail("PUT", query: "partNumber", fault) }
        try await store.put(name, bytes)
        #expect(try await store.readAll(name, limit: 1050) == bytes)
        #expect(await code { try await store.put(self.name, bytes) } == .alreadyExists)
        try await store.put(name, bytes + [1], mode: .replace)
        #expect(try await store.status(name)?.byteCount == 1051)
    }

    @Test func `takes parts without checksums where it keeps none`() async throws {
        fake.change { $0.checksChecksums = false }
        let store = try fake.store { small(&$0) }
        let bytes = [UInt8](repeating: 3, count: 300)
        try await store.put(name, bytes)
        #expect(try await store.readAll(name, limit: 300) == bytes)
    }

    @Test func `tells the checksums that the server keeps, and of parts that they are of parts`()
        async throws
    {
        let store = try fake.store { small(&$0) }
        let (short, long) = ([UInt8](repeating: 3, count: 90), [UInt8](repeating: 4, count: 250))
        try await store.put(name, short)
        #expect(try await store.checksum(of: name) == .whole(SHA256.hash(short.span).bytes))
        let other = try ObjectName("long")
        try await store.put(other, long)
        let parts = stride(from: 0, to: 250, by: 100).flatMap { start in
            let part = long[start..<min(start + 100, 250)]
            return SHA256.hash(Array(part).span).bytes
        }
        let composite = SHA256.hash(parts.span).bytes
        #expect(try await store.checksum(of: other) == .parts(composite, count: 3))
        #expect(await code { _ = try await store.checksum(of: ObjectName("no")) } == .notFound)
    }

    @Test(arguments: [
        nil, "", "-2", "AAAA", "\(zeros)-", "\(zeros)-0", "\(zeros)-x", "\(zeros)-1-1",
        "\(zeros)-10001",
    ])
    func `takes nothing for a checksum that it does not understand`(text: String?) async throws {
        let store = try fake.store()
        try await store.put(name, [1])
        fake.change { $0.checksums = $0.checksums.mapValues { _ in text ?? "" } }
        if text == nil { fake.change { $0.checksums = [:] } }
        #expect(try await store.checksum(of: name) == nil)
    }

    private static let zeros = Base64.encode([UInt8](repeating: 0, count: 32))

    @Test func `is rid of the parts of a put that failed`() async throws {
        let store = try fake.store { small(&$0) }
        let wrong = [UInt8](repeating: 0, count: 32)
        let source = MemorySource([UInt8](repeating: 3, count: 300))
        let damaged = await code {
            try await store.put(self.name, from: source, mode: .writeOnce, expectedDigest: wrong)
        }
        #expect(damaged == .damaged)
        fake.fail("PUT", query: "partNumber=2", .answer(403, code: "AccessDenied"))
        let refused = await code {
            try await store.put(self.name, from: source, mode: .writeOnce, expectedDigest: nil)
        }
        #expect(refused == .refused)
        fake.fail("POST", query: "?uploadId", .answer(200, code: "InternalError"))
        fake.fail("POST", query: "?uploadId", .answer(400, code: "InvalidPart"))
        let incomplete = await code {
            try await store.put(self.name, from: source, mode: .writeOnce, expectedDigest: nil)
        }
        #expect(incomplete == .failed)
        #expect(try await store.list(prefix: "").isEmpty)
        #expect(fake.state.withLock { $0.uploads.isEmpty })
    }

    // MARK: What answers mean

    @Test(arguments: [
        (403, "AccessDenied", VaultError.Code.refused), (403, "SignatureDoesNotMatch", .refused),
        (403, "ExpiredToken", .refused), (403, "RequestTimeTooSkewed", .clockSkew),
        (301, "PermanentRedirect", .refused), (400, "AuthorizationHeaderMalformed", .refused),
        (404, "NoSuchBucket", .unreachable), (507, "XMinioStorageFull", .capacity),
        (403, "QuotaExceeded", .capacity), (400, "Odd", .failed), (501, "NotImplemented", .failed),
    ])
    func `says what an answer means`(
        status: Int,
        words: String,
        expected: VaultError.Code
    ) async throws {
        let store = try fake.store()
        let fields = ["date": "Sun, 22 Nov 2026 12:00:00 GMT", "x-amz-bucket-region": "eu-west-3"]
        fake.fail("GET", times: 2, .answer(status, code: words, fields: fields))
        let error = await #expect(throws: VaultError.self) { _ = try await store.list(prefix: "") }
        #expect(error?.code == expected)
        #expect(error?.message.contains("do-not-print") == false)
        #expect(error?.message.hasPrefix("cannot list in s3://fake: ") == true)
        if expected == .clockSkew {
            #expect(
                error?.message.contains("this one says 2026-11-18T11:06:40Z; the server's") == true
            )
        }
        if status == 301 { #expect(error?.message.contains("AWS_REGION=eu-west-3") == true) }
    }

    @Test(arguments: [
        (HTTPFailure.Kind.certificate, VaultError.Code.refused), (.tooLong, .failed),
        (.failed, .failed), (.unreachable, .unreachable),
    ])
    func `says what a failed connection means`(
        kind: HTTPFailure.Kind,
        expected: VaultError.Code
    ) async throws {
        let store = try fake.store()
        fake.fail("GET", times: 10, .failure(HTTPFailure(kind, "the reason")))
        let error = await #expect(throws: VaultError.self) { _ = try await store.list(prefix: "") }
        #expect(error?.code == expected)
    }

    @Test func `that is not there is unreachable, whatever is asked`() async throws {
        fake.change { $0.isThere = false }
        let store = try fake.store()
        #expect(await code { _ = try await store.status(self.name) } == .unreachable)
        #expect(await code { _ = try await store.read(self.name, range: 0..<1) } == .unreachable)
        #expect(await code { try await store.put(self.name, [1]) } == .unreachable)
        #expect(await code { try await store.remove(self.name) } == .unreachable)
    }

    @Test func `that sends another range than was asked for is not believed`() async throws {
        let store = try fake.store()
        try await store.put(name, [1, 2, 3])
        fake.change { $0.rangeShift = 1 }
        #expect(await code { _ = try await store.read(self.name, range: 0..<1) } == .failed)
    }

    @Test func `gets new credentials when the old have expired`() async throws {
        let given = Counter()
        let store = try fake.store {
            $0.credentials = {
                S3Credentials(accessKey: "AKIAFAKE", secretKey: "\(given.next())")
            }
        }
        _ = try await store.list(prefix: "")
        fake.fail("GET", .answer(400, code: "ExpiredToken"))
        _ = try await store.list(prefix: "")
        #expect(given.next() == 3)
    }

    @Test func `is listed page by page`() async throws {
        fake.change { state in
            state.pageObjectCount = 3
            for index in 0..<10 {
                state.objects["p/a/\(index)"] = ([UInt8](repeating: 0, count: index), [:])
            }
            state.objects["p/.probe-1"] = ([], [:])
            state.objects["p/with space"] = ([], [:])
            state.objects["pq/other"] = ([], [:])
        }
        let listed = try await fake.store(prefix: "p").list(prefix: "")
        #expect(listed.map(\.name.text) == (0..<10).map { "a/\($0)" })
        #expect(listed.map(\.byteCount) == Array(0..<10))
        #expect(fake.log.count == 4)
    }

    @Test func `gives new objects the storage class that is asked for`() async throws {
        for limit in [8 << 20, 10] {
            let store = try fake.store {
                $0.storageClass = "STANDARD_IA"
                $0.partByteCount = limit
            }
            try await store.put(name, [UInt8](repeating: 0, count: 25), mode: .replace)
            let fields = fake.state.withLock { $0.objects["segments/1.seg"]?.fields }
            #expect(fields?["x-amz-storage-class"] == "STANDARD_IA")
        }
    }

    @Test func `keeps to the speed that is allowed`() async throws {
        let clock = FakeClock()
        var configuration = try fake.store().configuration
        configuration.uploadBytesPerSecond = 1000
        configuration.downloadBytesPerSecond = 500
        let store = S3Store(configuration, over: fake, clock: clock.clock)
        for text in ["a", "b"] {
            try await store.put(try ObjectName(text), [UInt8](repeating: 0, count: 3000))
        }
        #expect(clock.waits == [.seconds(3)])
        for _ in 0..<2 { _ = try await store.read(try ObjectName("a"), range: 0..<1000) }
        #expect(clock.waits == [.seconds(3), .seconds(2)])
    }

    // MARK: Conditions

    @Test func `that knows no conditions is asked without`() async throws {
        fake.change { state in
            state.conditions = .refused
            state.partsConditions = .refused
        }
        for limit in [8 << 20, 1] {
            let store = try fake.store { $0.partByteCount = limit }
            let name = try ObjectName("of-\(limit)")
            try await store.put(name, [1, 2, 3])
            #expect(await code { try await store.put(name, [4]) } == .alreadyExists)
            #expect(try await store.readAll(name, limit: 3) == [1, 2, 3])
        }
    }

    @Test func `that keeps all is probed without a complaint, and nothing stays`() async throws {
        let probe = try await fake.store(prefix: "p").probe()
        #expect(probe.condition == .honoured)
        #expect(probe.partsCondition == .honoured)
        #expect(probe.checksChecksums)
        #expect(probe.warnings.isEmpty)
        #expect(fake.state.withLock { $0.objects.isEmpty && $0.uploads.isEmpty })
    }

    @Test(arguments: [
        (FakeS3.Conditions.ignored, FakeS3.Conditions.ignored, VaultProbe.Condition.ignored),
        (.refused, .refused, .refused), (.honoured, .ignored, .honoured),
    ])
    func `that keeps no condition is told of loudly`(
        whole: FakeS3.Conditions,
        parts: FakeS3.Conditions,
        expected: VaultProbe.Condition
    ) async throws {
        fake.change { state in
            state.conditions = whole
            state.partsConditions = parts
            state.checksChecksums = false
        }
        let probe = try await fake.store().probe()
        #expect(probe.condition == expected)
        #expect(probe.warnings.first?.hasPrefix("WRITE-ONCE IS NOT ENFORCED") == true)
        #expect(probe.warnings.contains { $0.contains("x-amz-checksum-sha256") })
    }

    @Test func `that lets nothing be removed is probed all the same`() async throws {
        fake.fail("DELETE", query: ".probe-", .answer(403, code: "AccessDenied"))
        fake.fail("DELETE", query: ".probe-", .answer(403, code: "AccessDenied"))
        let probe = try await fake.store().probe()
        #expect(!probe.removesObjects)
        #expect(probe.warnings.contains { $0.contains("may not remove") })
    }

    @Test func `prints no secret in what it sends or says`() async throws {
        let store = try fake.store()
        try await store.put(name, [1])
        let requests = fake.state.withLock { $0.requests }
        for request in requests { #expect(!"\(request)".contains("do-not-print")) }
        var dumped = ""
        dump(store.configuration, to: &dumped)
        #expect(!dumped.contains("do-not-print"))
    }
}

/// Counts from 1.
final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
