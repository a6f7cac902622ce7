import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing
import Synchronization

/// Something that is asked of a bucket.
struct S3Call: Sendable {
    /// What for, in messages: "put segments/1.seg".
    let attempt: String
    let method: String
    /// The whole key; nil for the bucket itself.
    let key: String?
    var query: [(name: String, value: String)] = []
    var fields: [HTTPField] = []
    var body: [UInt8] = [] {
        didSet { bodyDigest = nil }
    }
    /// The body's SHA-256, where it is known already.
    private(set) var bodyDigest: Digest?
    /// Bytes of an object that come back, which a limit counts.
    var objectByteCount = 0
    /// Heads, errors and acknowledgements are short.
    var answerLimit = 64 << 10
    var accepted: Set<Int> = [200]
    /// Fewer tries than usual, where the answer matters little.
    var tryLimit: Int?
    /// Failures that the caller knows how to take; they come back instead of an error.
    var expected: Set<Int> = []

    init(_ attempt: String, _ method: String, _ key: String?) {
        self.attempt = attempt
        self.method = method
        self.key = key
    }

    /// Takes a body and names S3's own checksum of it, which is returned.
    ///
    /// The signature is over the same hash, which is taken once.
    mutating func carry(_ body: [UInt8]) -> String {
        self.body = body
        let digest = SHA256.hash(body.span)
        bodyDigest = digest
        let checksum = Base64.encode(digest.bytes)
        fields.append(HTTPField("x-amz-checksum-sha256", checksum))
        return checksum
    }
}

/// A good answer, or an expected failure, and how many tries it took.
struct S3Answer: Sendable {
    let response: HTTPResponse
    /// More than one: an earlier one may have done its work without our hearing of it.
    let tries: Int
    let failure: S3Failure?
}

/// Signs requests, sends them, and tries again what may succeed later.
final class S3Client: Sendable {
    let configuration: S3Configuration
    let clock: VaultClock
    private let transport: any HTTPTransport
    private let patience: Patience
    private let signer: S3Signer
    private let credentials = Mutex<S3Credentials?>(nil)
    private let upload: Pacer
    private let download: Pacer

    init(
        _ configuration: S3Configuration,
        over transport: any HTTPTransport,
        patience: Patience,
        clock: VaultClock
    ) {
        self.configuration = configuration
        self.transport = transport
        self.patience = patience
        self.clock = clock
        signer = S3Signer(region: configuration.region)
        upload = Pacer(bytesPerSecond: configuration.uploadBytesPerSecond, clock: clock)
        download = Pacer(bytesPerSecond: configuration.downloadBytesPerSecond, clock: clock)
    }

    /// Sends until there is a good answer, an expected failure, or no hope.
    func send(_ call: S3Call) async throws(VaultError) -> S3Answer {
        let start = clock.elapsed()
        let bodyHash =
            call.body.isEmpty
            ? S3Signer.emptyBodyHash : (call.bodyDigest ?? SHA256.hash(call.body.span)).hex
        var tries = 0
        var hasRenewed = false
        while true {
            if Task.isCancelled { throw cancelled(call) }
            tries += 1
            await upload.wait(for: call.body.count)
            await download.wait(for: call.objectByteCount)
            let request = try signed(call, bodyHash)
            let failure: S3Failure
            do throws(HTTPFailure) {
                let response = try await transport.send(request)
                guard let found = S3Failure(response, accepting: call.accepted) else {
                    return S3Answer(response: response, tries: tries, failure: nil)
                }
                failure = found
            } catch {
                failure = .transport(error)
            }
            if let status = failure.status, call.expected.contains(status), !failure.isPassing,
                case .answer(let response, _, _, _) = failure
            {
                return S3Answer(response: response, tries: tries, failure: failure)
            }
            if failure.code == "ExpiredToken", !hasRenewed {
                // A long run outlives temporary credentials; whoever gave them may have new ones.
                hasRenewed = true
                credentials.withLock { $0 = nil }
                continue
            }
            let delay = patience.delay(
                afterTries: max(tries, patience.tryLimit - (call.tryLimit ?? patience.tryLimit)),
                elapsed: clock.elapsed() - start,
                asked: failure.askedDelay,
                chance: clock.chance()
            )
            guard failure.isPassing, let delay else {
                throw failure.error(
                    call.attempt,
                    at: configuration.place,
                    tries: tries,
                    now: clock.now()
                )
            }
            await clock.sleep(delay)
        }
    }

    private func cancelled(_ call: S3Call) -> VaultError {
        VaultError(.cancelled, "cannot \(call.attempt): it was cancelled; nothing is stored")
    }

    private func signed(_ call: S3Call, _ bodyHash: String) throws(VaultError) -> HTTPRequest {
        var request = Self.request(call, configuration)
        request.fields += signer.fields(
            signing: request,
            bodyHash: bodyHash,
            with: try currentCredentials(),
            at: clock.now()
        )
        let scheme = configuration.endpoint.isSecure ? "https://" : "http://"
        let query = request.queryText
        return HTTPRequest(
            request.method,
            scheme + request.host + request.path + (query.isEmpty ? "" : "?" + query),
            fields: request.fields,
            body: call.body,
            answerLimit: call.answerLimit
        )
    }

    private func currentCredentials() throws(VaultError) -> S3Credentials {
        if let known = credentials.withLock({ $0 }) { return known }
        let found = try configuration.credentials()
        credentials.withLock { $0 = found }
        return found
    }

    /// Where a call goes.
    static func request(_ call: S3Call, _ configuration: S3Configuration) -> S3Request {
        let endpoint = configuration.endpoint
        let key = "/" + S3Text.encoded(call.key ?? "", keepingSlashes: true)
        let bucket = S3Text.encoded(configuration.bucket)
        return switch configuration.addressing {
        case .path:
            S3Request(
                method: call.method,
                host: endpoint.host,
                path: endpoint.path + "/" + bucket + (call.key == nil ? "" : key),
                query: call.query,
                fields: call.fields
            )
        case .virtual:
            S3Request(
                method: call.method,
                host: bucket + "." + endpoint.host,
                path: endpoint.path + key,
                query: call.query,
                fields: call.fields
            )
        }
    }
}
