/// A directory that is reached over SSH.
public struct SFTPLocation: Hashable, Sendable, CustomStringConvertible {
    /// The user; nil leaves it to the configuration of SSH.
    public let user: String?
    /// The host, or what the configuration of SSH knows by that name.
    public let host: String
    /// The port; nil leaves it to the configuration of SSH.
    public let port: UInt16?
    /// Absolute, or below the login's own directory.
    public let path: String

    /// Names a directory.
    public init(user: String? = nil, host: String, port: UInt16? = nil, path: String) {
        self.user = user
        self.host = host
        self.port = port
        self.path = path
    }

    /// Reads what follows `sftp://`.
    init(_ rest: Substring, in text: String) throws(VaultError) {
        guard let slash = rest.firstIndex(of: "/") else { throw Self.invalid(text) }
        var authority = rest[..<slash]
        var path = rest[slash...]
        if path.hasPrefix("/~/") { path = path.dropFirst(3) }
        while path.count > 1, path.last == "/" { path.removeLast() }
        var user: String?
        if let at = authority.lastIndex(of: "@") {
            user = String(authority[..<at])
            authority = authority[authority.index(after: at)...]
        }
        var port: UInt16?
        var host = authority
        if authority.first == "[", let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            authority = authority[authority.index(after: end)...]
        }
        if let colon = authority.lastIndex(of: ":") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0
            else {
                throw Self.invalid(text)
            }
            port = number
            if host.endIndex > colon { host = host[..<colon] }
        }
        // SSH would take a dash for an option; a colon in the user begins a password.
        let isSafe = ([host] + (user.map { [Substring($0)] } ?? [])).allSatisfy { part in
            !part.isEmpty && part.first != "-"
                && part.utf8.allSatisfy {
                    $0 > 0x20 && $0 < 0x7f && !"'\"\\`$;&|<>()".utf8.contains($0)
                }
        }
        guard isSafe, user?.contains(":") != true, !path.isEmpty, path != "/",
            path.utf8.allSatisfy({ $0 != 0 && $0 != 10 })
        else { throw Self.invalid(text) }
        self.init(user: user, host: String(host), port: port, path: String(path))
    }

    /// The location as a user writes it.
    public var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        let port = port.map { ":\($0)" } ?? ""
        return "sftp://" + (user.map { $0 + "@" } ?? "") + host + port
            + (path.hasPrefix("/") ? path : "/~/" + path)
    }

    private static func invalid(_ text: String) -> VaultError {
        // What stands before an @ may be a password.
        let shown = text.split(separator: "@").last.map(String.init) ?? text
        return VaultError(
            .invalidName,
            "\(shown.debugDescription) names no place over SFTP; write sftp://user@host/path, or "
                + "sftp://host/~/path below the login's own directory; passwords are not taken, SSH "
                + "has keys and agents"
        )
    }
}
