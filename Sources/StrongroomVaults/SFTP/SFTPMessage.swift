import ArchiveBytes

/// What a message of SFTP version 3 is for.
enum SFTPKind: UInt8, Sendable {
    case initialize = 1
    case version = 2
    case open = 3
    case close = 4
    case read = 5
    case write = 6
    case linkStatus = 7
    case openDirectory = 11
    case readDirectory = 12
    case remove = 13
    case makeDirectory = 14
    case realPath = 16
    case status = 17
    case rename = 18
    case result = 101
    case handle = 102
    case bytes = 103
    case names = 104
    case attributes = 105
    case extended = 200
    case extendedReply = 201
}

/// Why a request failed.
enum SFTPFailure: Error, Sendable {
    /// The server answers with a code of the protocol, and says something.
    case refused(code: UInt32, String)
    /// The connection is of no use any more.
    case lost(String)

    static let endOfFile: UInt32 = 1
    static let noSuchFile: UInt32 = 2
    static let permissionDenied: UInt32 = 3
    static let badMessage: UInt32 = 5
    static let unsupported: UInt32 = 8

    func isCode(_ expected: UInt32) -> Bool {
        if case .refused(let code, _) = self { code == expected } else { false }
    }
}

/// Puts a message together: a length, a kind, and big-endian numbers and counted texts.
struct SFTPWriter {
    private(set) var bytes: [UInt8]

    init(_ kind: SFTPKind, reserving byteCount: Int = 64) {
        bytes = []
        bytes.reserveCapacity(byteCount + 64)
        bytes += [0, 0, 0, 0, kind.rawValue]
    }

    mutating func append(_ value: UInt32) {
        for shift in stride(from: 24 as UInt32, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }

    mutating func append(_ text: String) { append(Array(text.utf8).span) }

    mutating func append(_ span: Span<UInt8>) {
        append(UInt32(truncatingIfNeeded: span.count))
        bytes.append(copying: span)
    }

    /// Nothing but permissions: of the owner alone, since records are nobody else's.
    mutating func append(permissions: UInt32?) {
        append(permissions == nil ? 0 : SFTPAttributes.permissionsFlag)
        if let permissions { append(permissions) }
    }

    /// The whole message.
    consuming func finished() -> [UInt8] {
        let count = UInt32(truncatingIfNeeded: bytes.count - 4)
        for place in 0..<4 {
            bytes[place] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * place))
        }
        return bytes
    }
}

/// Takes a message apart; what is too short loses the connection, since nothing after it fits.
struct SFTPReader: Sendable {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(SFTPFailure) -> UInt8 {
        guard position < bytes.count else { throw Self.tooShort }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(SFTPFailure) -> UInt32 {
        guard bytes.count - position >= 4 else { throw Self.tooShort }
        defer { position += 4 }
        return bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func longNumber() throws(SFTPFailure) -> UInt64 {
        let high = try number()
        return UInt64(high) << 32 | UInt64(try number())
    }

    mutating func counted() throws(SFTPFailure) -> ArraySlice<UInt8> {
        let count = Int(try number())
        guard count <= bytes.count - position else { throw Self.tooShort }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func text() throws(SFTPFailure) -> String {
        String(decoding: try counted(), as: UTF8.self)
    }

    mutating func attributes() throws(SFTPFailure) -> SFTPAttributes {
        let flags = try number()
        var found = SFTPAttributes()
        if flags & SFTPAttributes.sizeFlag != 0 { found.byteCount = try longNumber() }
        if flags & SFTPAttributes.ownerFlag != 0 { _ = (try number(), try number()) }
        if flags & SFTPAttributes.permissionsFlag != 0 { found.mode = try number() }
        if flags & SFTPAttributes.timesFlag != 0 {
            _ = try number()
            found.modified = try number()
        }
        if flags & SFTPAttributes.extendedFlag != 0 {
            for _ in 0..<(try number()) { _ = (try counted(), try counted()) }
        }
        return found
    }

    private static let tooShort = SFTPFailure.lost("the server's message is too short")
}

/// What a server says of a file.
struct SFTPAttributes: Sendable {
    static let sizeFlag: UInt32 = 1
    static let ownerFlag: UInt32 = 2
    static let permissionsFlag: UInt32 = 4
    static let timesFlag: UInt32 = 8
    static let extendedFlag: UInt32 = 0x8000_0000

    var byteCount: UInt64 = 0
    var mode: UInt32 = 0
    /// In seconds since 1970, by the server's clock.
    var modified: UInt32 = 0

    func status(of name: ObjectName) -> ObjectStatus {
        ObjectStatus(
            name: name,
            byteCount: byteCount,
            modified: modified > 0 ? Int64(modified) * 1_000_000 : nil
        )
    }

    var isFile: Bool { mode & 0o170000 == 0o100000 }
    var isDirectory: Bool { mode & 0o170000 == 0o040000 }
}
