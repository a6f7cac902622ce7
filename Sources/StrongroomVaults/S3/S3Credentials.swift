import ArchiveBytes
import ArchiveFileIO
import SystemPackage

/// Who asks: an access key and its secret.
///
/// It describes itself without the secret.
public struct S3Credentials: Sendable, CustomStringConvertible, CustomReflectable {
    /// The public half, which stands in every request.
    public let accessKey: String
    let secretKey: String
    let sessionToken: String?

    /// Makes credentials; a session token belongs to temporary ones.
    public init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// The access key alone.
    public var description: String { "access key \(accessKey)" }
    /// Nothing but the description, so that no dump shows the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What AWS's own tools would take: environment first, then the profile's files.
///
/// Known are `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_PROFILE`,
/// `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_CA_BUNDLE`,
/// `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE`; in the files the same settings,
/// `credential_process` and `s3`'s `addressing_style`.
struct AWSSettings: Sendable {
    /// A larger file holds no profiles.
    private static let fileByteLimit: UInt64 = 1 << 20
    /// A larger answer of a credential process holds no credentials.
    private static let processByteLimit = 64 << 10

    /// A variable's text.
    let variable: @Sendable (String) -> String?
    /// A file's bytes; nil if there is none.
    let file: @Sendable (FilePath) throws(SystemError) -> [UInt8]?

    static let system = AWSSettings(
        variable: { Environment.text(of: $0) },
        file: { path throws(SystemError) in
            let files = PosixFileSystem()
            guard try files.status(of: path) != nil else { return nil }
            return try files.readAll(path, limit: Int(fileByteLimit))
        }
    )

    /// The profile's name; whether it was asked for, so that it must be there.
    private var profileName: (text: String, isNamed: Bool) {
        guard let name = variable("AWS_PROFILE") else { return ("default", false) }
        return (name, true)
    }

    func region() throws(VaultError) -> String? {
        if let region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") { return region }
        return try profile()["region"]
    }

    func endpoint() throws(VaultError) -> String? {
        if let endpoint = variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL") {
            return endpoint
        }
        return try profile()["endpoint_url"]
    }

    func authorities() throws(VaultError) -> String? {
        if let file = variable("AWS_CA_BUNDLE") { return file }
        return try profile()["ca_bundle"]
    }

    func addressing() throws(VaultError) -> String? { try profile()["s3.addressing_style"] }

    func credentials() throws(VaultError) -> S3Credentials {
        if let accessKey = variable("AWS_ACCESS_KEY_ID") {
            guard let secretKey = variable("AWS_SECRET_ACCESS_KEY") else {
                throw VaultError(
                    .refused,
                    "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; set both or neither"
                )
            }
            return S3Credentials(
                accessKey: accessKey,
                secretKey: secretKey,
                sessionToken: variable("AWS_SESSION_TOKEN")
            )
        }
        let profile = try profile()
        if let accessKey = profile["aws_access_key_id"],
            let secretKey = profile["aws_secret_access_key"]
        {
            return S3Credentials(
                accessKey: accessKey,
                secretKey: secretKey,
                sessionToken: profile["aws_session_token"]
            )
        }
        if let command = profile["credential_process"] { return try run(command) }
        throw VaultError(
            .refused,
            "there are no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put "
                + "them into the profile \(profileName.text) of ~/.aws/credentials"
        )
    }

    // MARK: Profile files

    /// The settings of the chosen profile; the credentials file wins over the other.
    private func profile() throws(VaultError) -> [String: String] {
        let (name, isNamed) = profileName
        let heads = name == "default" ? [name, "profile default"] : ["profile " + name]
        var settings: [String: String] = [:]
        var isThere = false
        for (text, sections) in [
            (try text("AWS_CONFIG_FILE", ".aws/config"), heads),
            (try text("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), [name]),
        ] {
            let found = Self.parse(text)
            for section in sections {
                guard let values = found[section] else { continue }
                isThere = true
                settings.merge(values) { $1 }
            }
        }
        guard isThere || !isNamed else {
            throw VaultError(.refused, "AWS_PROFILE names \(name), and no file has that profile")
        }
        return settings
    }

    private func text(_ name: String, _ usual: String) throws(VaultError) -> String {
        let path: FilePath
        if let named = variable(name) {
            path = FilePath(named)
        } else if let home = variable("HOME") {
            path = FilePath(home).appending(usual)
        } else {
            return ""
        }
        do {
            return String(decoding: try file(path) ?? [], as: UTF8.self)
        } catch {
            throw VaultError(.refused, "\(error); mend it or name another with \(name)")
        }
    }

    /// The sections of a profile file; a setting below another is named `other.setting`.
    static func parse(_ text: String) -> [String: [String: String]] {
        var sections: [String: [String: String]] = [:]
        var section = ""
        var outer = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let isNested = line.first == " " || line.first == "\t"
            let trimmed = trimmed(line)
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                let name = trimmed.dropFirst().prefix { $0 != "]" }
                section = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                outer = ""
                // A section without settings is there all the same.
                sections[section, default: [:]].merge([:]) { $1 }
                continue
            }
            guard let equals = trimmed.firstIndex(of: "=") else { continue }
            let name = self.trimmed(trimmed[..<equals]).lowercased()
            let value = String(self.trimmed(trimmed[trimmed.index(after: equals)...]))
            if isNested, !outer.isEmpty {
                sections[section, default: [:]][outer + "." + name] = value
            } else {
                outer = value.isEmpty ? name : ""
                sections[section, default: [:]][name] = value.isEmpty ? nil : value
            }
        }
        return sections
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    // MARK: Credential process

    private func run(_ command: String) throws(VaultError) -> S3Credentials {
        let failure = VaultError(
            .refused,
            "the credential_process of the profile \(profileName.text) gave no credentials; run it "
                + "by hand to see why"
        )
        guard
            let outcome = try? Subprocess.run(shell: command, outputLimit: Self.processByteLimit),
            outcome.status == 0,
            let answer = try? JSONValue(parsing: outcome.output.span),
            let accessKey = answer["AccessKeyId"]?.asText,
            let secretKey = answer["SecretAccessKey"]?.asText
        else { throw failure }
        return S3Credentials(
            accessKey: accessKey,
            secretKey: secretKey,
            sessionToken: answer["SessionToken"]?.asText
        )
    }
}
