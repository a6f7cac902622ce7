/// Where a bucket is, and how it is spoken to.
public struct S3Configuration: Sendable {
    /// How a request names the bucket.
    public enum Addressing: String, Sendable, CaseIterable {
        /// As the first part of the path: what most servers of one's own expect.
        case path
        /// As the first part of the host's name: what AWS expects.
        case virtual
    }

    /// The bucket's name.
    public var bucket: String
    /// What the names of all objects begin with, without slashes at the ends; may be empty.
    public var prefix: String
    /// The server.
    public var endpoint: S3Endpoint
    /// The region that requests are signed for.
    public var region: String
    /// How a request names the bucket.
    public var addressing: Addressing
    /// The storage class of new objects; nil for the bucket's own.
    public var storageClass: String?
    /// How segments and manifests are locked when they are put; nil for no lock.
    public var newObjectLock: (mode: ObjectLock.Mode, span: Duration)?
    /// A file of certificates to trust instead of the system's.
    public var authorities: String?
    /// Requests at a time.
    public var parallelism = 8
    /// The most bytes a second, all requests together; nil for no limit.
    public var uploadBytesPerSecond: UInt64?
    /// The most bytes a second, all requests together; nil for no limit.
    public var downloadBytesPerSecond: UInt64?
    /// Asked for when they are needed, and again when they have expired.
    public var credentials: @Sendable () throws(VaultError) -> S3Credentials

    /// Where objects up to this size are sent in one piece, and larger ones in parts of it.
    var partByteCount = 8 << 20

    /// Says where a bucket is; the rest has usual values.
    public init(
        bucket: String,
        prefix: String = "",
        endpoint: S3Endpoint,
        region: String = "us-east-1",
        addressing: Addressing = .path,
        credentials: @escaping @Sendable () throws(VaultError) -> S3Credentials
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.endpoint = endpoint
        self.region = region
        self.addressing = addressing
        self.credentials = credentials
    }

    /// The bucket and prefix as a user writes them.
    var place: String { "s3://" + bucket + (prefix.isEmpty ? "" : "/" + prefix) }
}

/// A server that speaks S3.
public struct S3Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// Whether the connection is encrypted.
    public let isSecure: Bool
    /// The host's name, with its port if that is not the usual one.
    public let host: String
    /// What all paths begin with; mostly empty.
    let path: String

    /// Reads an address such as `https://s3.example.org:9000`.
    public init(_ text: String) throws(VaultError) {
        let parts = text.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else {
            throw Self.invalid(text)
        }
        isSecure = parts[0].lowercased() == "https"
        let rest = parts[1]
        let host = rest.prefix { $0 != "/" }
        let usualPort = isSecure ? ":443" : ":80"
        let named = host.hasSuffix(usualPort) ? host.dropLast(usualPort.count) : host
        // A name and password here would end up in messages.
        guard !named.isEmpty, named.utf8.allSatisfy(Self.isAllowed) else {
            throw Self.invalid(text)
        }
        self.host = named.lowercased()
        var path = rest[host.endIndex...]
        while path.last == "/" { path.removeLast() }
        guard !path.contains(where: { "?#".contains($0) }) else { throw Self.invalid(text) }
        self.path = String(path)
    }

    /// AWS's own for a region.
    public static func aws(region: String) throws(VaultError) -> S3Endpoint {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return try S3Endpoint("https://s3.\(region).\(domain)")
    }

    /// The address.
    public var description: String { (isSecure ? "https://" : "http://") + host + path }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && !"@?#%\"<>\\^`{|}".utf8.contains(byte)
    }

    private static func invalid(_ text: String) -> VaultError {
        // What stands before an @ may be a password.
        let shown = text.split(separator: "@").last.map(String.init) ?? text
        return VaultError(
            .invalidName,
            "\(shown.debugDescription) is no address of an S3 server; write it as "
                + "https://s3.example.org or https://s3.example.org:9000"
        )
    }
}
