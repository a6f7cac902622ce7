public import SystemPackage

/// Where a vault is, as a user writes it.
///
/// `s3://bucket/prefix`, `sftp://user@host:port/path` (below the login's own directory as
/// `sftp://host/~/path`), or the path of a directory.
public enum VaultLocation: Hashable, Sendable {
    /// A directory of this machine.
    case directory(FilePath)
    /// A bucket, and what the names of all objects in it begin with.
    case s3(bucket: String, prefix: String)
    /// A directory of another machine.
    case sftp(SFTPLocation)

    /// Reads what a user wrote.
    public init(_ text: String) throws(VaultError) {
        guard let colon = text.firstRange(of: "://") else {
            // With one slash it would be a directory whose name nobody meant.
            for scheme in ["s3:", "sftp:"] where text.lowercased().hasPrefix(scheme) {
                throw VaultError(
                    .invalidName,
                    "\(text.debugDescription) lacks the two slashes of \(scheme)//; a directory of "
                        + "that name is ./\(text)"
                )
            }
            self = .directory(FilePath(text))
            return
        }
        let rest = text[colon.upperBound...]
        switch text[..<colon.lowerBound].lowercased() {
        case "s3": self = try Self.bucket(rest, text)
        case "sftp": self = .sftp(try SFTPLocation(rest, in: text))
        case let scheme:
            throw VaultError(
                .invalidName,
                "there are no vaults of the kind \(scheme.debugDescription); write "
                    + "s3://bucket/prefix, sftp://host/path, or the path of a directory"
            )
        }
    }

    private static func bucket(
        _ rest: Substring,
        _ text: String
    ) throws(VaultError) -> VaultLocation {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bucket = String(parts.first ?? "")
        var prefix = parts.count > 1 ? parts[1] : ""
        while prefix.last == "/" { prefix.removeLast() }
        let isName = bucket.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        // The prefix keeps the rules of names, so that it is the same for every server.
        guard isName, (3...255).contains(bucket.utf8.count),
            prefix.isEmpty || ObjectName.isValid(String(prefix))
        else {
            throw VaultError(
                .invalidName,
                "\(text.debugDescription) names no bucket; write s3://bucket or s3://bucket/prefix, a "
                    + "bucket's name having 3 characters or more"
            )
        }
        return .s3(bucket: bucket, prefix: String(prefix))
    }
}

extension VaultLocation: CustomStringConvertible {
    /// The location as a user writes it.
    public var description: String {
        switch self {
        case .directory(let path): path.string
        case .s3(let bucket, let prefix): "s3://" + bucket + (prefix.isEmpty ? "" : "/" + prefix)
        case .sftp(let location): location.description
        }
    }
}

/// How vaults elsewhere are reached; the usual values suit most.
public struct VaultAccess: Sendable {
    /// Whether S3 may be spoken without encryption.
    public var allowsPlainHTTP = false
    /// The address of the S3 server; else as AWS's environment says.
    public var endpoint: String?
    /// The region; else as AWS's environment says.
    public var region: String?
    /// How requests name the bucket; else AWS's way for AWS, and by path elsewhere.
    public var addressing: S3Configuration.Addressing?
    /// The storage class of new objects.
    public var storageClass: String?
    /// How segments and manifests in S3 are locked when they are put; nil for no lock.
    public var newObjectLock: (mode: ObjectLock.Mode, span: Duration)?
    /// A file of certificates to trust instead of the system's.
    public var authorities: String?
    /// The most bytes a second to a vault.
    public var uploadBytesPerSecond: UInt64?
    /// The most bytes a second from a vault.
    public var downloadBytesPerSecond: UInt64?
    /// The program that reaches another machine, with its first arguments.
    public var sshCommand = ["ssh"]

    var settings = AWSSettings.system

    /// Nothing out of the ordinary.
    public init() {}
}

extension VaultLocation {
    /// The store at this location; nothing is touched or connected yet.
    public func store(_ access: VaultAccess = VaultAccess()) throws(VaultError) -> any ObjectStore {
        switch self {
        case .directory(let path): return DirectoryStore(at: path)
        case .sftp(let location): return SFTPStore(at: location, access)
        case .s3(let bucket, let prefix):
            let configuration = try S3Configuration(bucket: bucket, prefix: prefix, access)
            #if S3
            return S3Store(configuration)
            #else
            throw VaultError(
                .failed,
                "cannot reach \(configuration.place): this program was built without S3; build it "
                    + "with `swift build -c release --traits S3`"
            )
            #endif
        }
    }
}

extension S3Configuration {
    /// Finds out how a bucket is reached: what is asked for first, then AWS's environment and files.
    init(bucket: String, prefix: String, _ access: VaultAccess) throws(VaultError) {
        let settings = access.settings
        var region = access.region
        if region == nil { region = try settings.region() }
        let usualRegion = region ?? "us-east-1"
        var named = access.endpoint
        if named == nil { named = try settings.endpoint() }
        let endpoint: S3Endpoint
        if let named {
            endpoint = try S3Endpoint(named)
        } else {
            endpoint = try S3Endpoint.aws(region: usualRegion)
        }
        guard endpoint.isSecure || access.allowsPlainHTTP else {
            throw VaultError(
                .refused,
                "\(endpoint) is not encrypted: what passes can be seen and changed on the way; use "
                    + "https, or say --allow-plain-http if nobody else is on that network"
            )
        }
        let asked = try settings.addressing().flatMap(Addressing.init)
        // A dot in a bucket's name is none that a certificate for the server covers.
        let usual: Addressing =
            named == nil && (!bucket.contains(".") || !endpoint.isSecure) ? .virtual : .path
        self.init(
            bucket: bucket,
            prefix: prefix,
            endpoint: endpoint,
            region: usualRegion,
            addressing: access.addressing ?? asked ?? usual,
            credentials: { () throws(VaultError) in try settings.credentials() }
        )
        storageClass = access.storageClass
        newObjectLock = access.newObjectLock
        authorities = access.authorities
        if authorities == nil { authorities = try settings.authorities() }
        uploadBytesPerSecond = access.uploadBytesPerSecond
        downloadBytesPerSecond = access.downloadBytesPerSecond
    }
}
