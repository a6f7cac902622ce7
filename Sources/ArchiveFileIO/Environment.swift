import Glibc

/// The program's environment.
package enum Environment {
    /// The bytes of a variable; nil if it is not set or empty: getenv(3).
    package static func bytes(of name: String) -> [UInt8]? {
        guard var next = unsafe getenv(name) else { return nil }
        var bytes: [UInt8] = []
        while unsafe next.pointee != 0 {
            unsafe bytes.append(UInt8(bitPattern: next.pointee))
            unsafe next += 1
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// The text of a variable; nil if it is not set or empty.
    package static func text(of name: String) -> String? {
        bytes(of: name).map { String(decoding: $0, as: UTF8.self) }
    }
}
