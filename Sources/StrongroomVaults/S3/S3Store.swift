import ArchiveFileIO
import ArchiveHTTP
import ArchiveSealing
import Synchronization

/// Objects in a bucket of S3 or of a server that speaks it.
///
/// Every request is signed with the SHA-256 of its body and carries it once more as S3's own
/// checksum, since servers check the one or the other. Large objects go in parts, several at a time,
/// and appear when the last has arrived. An object is written with `If-None-Match: *`; since some
/// servers ignore that, the name is also looked for before, and ``probe()`` tells such servers.
///
/// A bucket has no directories, so that a name does not begin another is looked up, not enforced: of
/// two puts at the same time both may succeed.
public final class S3Store: ObjectStore {
    /// An object's body, read at once, is never longer.
    static let readByteLimit: UInt64 = 8 << 20

    /// The bucket and what it is reached by.
    public let configuration: S3Configuration
    let client: S3Client
    /// Reads the sources of puts, which may block.
    let pool: BlockingPool
    /// Beginnings of names that were found to be no objects.
    private let directories = Mutex<Set<String>>([])
    /// Whether the bucket was seen.
    private let isBucketKnown = Mutex(false)

    init(
        _ configuration: S3Configuration,
        over transport: any HTTPTransport,
        patience: Patience = Patience(),
        clock: VaultClock = .system
    ) {
        self.configuration = configuration
        client = S3Client(configuration, over: transport, patience: patience, clock: clock)
        pool = BlockingPool(label: "strongroom.s3-source", width: 4)
    }

    /// Describes an object; see ``ObjectStore``.
    public func status(_ name: ObjectName) async throws(VaultError) -> ObjectStatus? {
        guard let response = try await head(name) else {
            try await requireBucket()
            return nil
        }
        guard let byteCount = response.fields["content-length"].flatMap({ UInt64($0) }) else {
            throw VaultError(
                .failed,
                "cannot look for \(name) in \(configuration.place): the server does not say how long "
                    + "it is"
            )
        }
        return ObjectStatus(name: name, byteCount: byteCount)
    }

    /// Removes an object; see ``ObjectStore``.
    public func remove(_ name: ObjectName) async throws(VaultError) {
        // S3 removes what is not there as well, and says nothing of it.
        guard try await status(name) != nil else { throw missing("remove", name) }
        var call = S3Call("remove \(name)", "DELETE", key(name))
        call.accepted = [200, 204]
        _ = try await client.send(call)
    }

    /// Makes the bucket if it is missing; a bucket of one's own stays as it is.
    ///
    /// Only a new bucket can be made for locks, for ever.
    public func createBucket(forLocks: Bool = false) async throws(VaultError) {
        var call = S3Call("make the bucket", "PUT", nil)
        if forLocks {
            call.fields = [HTTPField("x-amz-bucket-object-lock-enabled", "true")]
        }
        call.expected = [409]
        // AWS's first region is the one that may not be named.
        if configuration.region != "us-east-1" {
            let text =
                "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<LocationConstraint>\(configuration.region)</LocationConstraint>"
                + "</CreateBucketConfiguration>"
            call.body = Array(text.utf8)
        }
        let answer = try await client.send(call)
        guard let failure = answer.failure, failure.code != "BucketAlreadyOwnedByYou" else {
            return
        }
        throw failure.error(
            call.attempt,
            at: configuration.place,
            tries: 1,
            now: client.clock.now()
        )
    }

    // MARK: Names

    func key(_ name: ObjectName) -> String { key(name.text) }

    func key(_ text: String) -> String {
        configuration.prefix.isEmpty ? text : configuration.prefix + "/" + text
    }

    func missing(_ action: String, _ name: ObjectName) -> VaultError {
        VaultError(.notFound, "cannot \(action) \(name): \(configuration.place) does not have it")
    }

    /// The head of an object; nil if there is none.
    func head(
        _ name: ObjectName,
        _ fields: [HTTPField] = []
    ) async throws(VaultError) -> HTTPResponse? {
        var call = S3Call("look for \(name)", "HEAD", key(name))
        call.fields = fields
        call.expected = [404]
        let answer = try await client.send(call)
        return answer.failure == nil ? answer.response : nil
    }

    /// Tells a bucket that is not there from an object that is not there: HEAD does not.
    private func requireBucket() async throws(VaultError) {
        if isBucketKnown.withLock({ $0 }) { return }
        _ = try await page(prefix: key(""), limit: 1, after: nil)
        isBucketKnown.withLock { $0 = true }
    }

    /// Refuses a name that is taken, begins another, or is begun by one.
    func requireFree(_ name: ObjectName, _ mode: PutMode) async throws(VaultError) {
        let below = try await page(prefix: key(name) + "/", limit: 1, after: nil)
        isBucketKnown.withLock { $0 = true }
        var blocker = below.objects.first.map { _ in name.text }
        var beginning = ""
        for part in name.components.dropLast() where blocker == nil {
            beginning += (beginning.isEmpty ? "" : "/") + part
            guard !directories.withLock({ $0.contains(beginning) }) else { continue }
            if try await head(try ObjectName(beginning)) != nil {
                blocker = beginning
            } else {
                let found = beginning
                _ = directories.withLock { $0.insert(found) }
            }
        }
        if let blocker {
            throw VaultError(
                .invalidName,
                "cannot put \(name) into \(configuration.place): \(blocker) begins another name; "
                    + "choose another name"
            )
        }
        if mode == .writeOnce, try await head(name) != nil { throw taken(name) }
    }

    func taken(_ name: ObjectName) -> VaultError {
        VaultError(
            .alreadyExists,
            "cannot put \(name) into \(configuration.place): it is there already; objects are "
                + "written once, compare it with yours"
        )
    }
}

#if S3
extension S3Store {
    /// Takes a bucket as a vault; nothing is sent yet.
    public convenience init(_ configuration: S3Configuration) {
        var options = CurlTransport.Options()
        options.authorities = configuration.authorities
        options.sentBytesPerSecond = configuration.uploadBytesPerSecond
        options.receivedBytesPerSecond = configuration.downloadBytesPerSecond
        self.init(
            configuration,
            over: CurlTransport(options, width: configuration.parallelism)
        )
    }
}
#endif
