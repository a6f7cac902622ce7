import Glibc
package import SystemPackage

extension FilePath {
    /// The path's bytes as the file system keeps them, UTF-8 or not.
    package var bytes: [UInt8] {
        unsafe withPlatformString {
            unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
        }
    }

    /// The path of these bytes; what follows a zero is not part of it.
    package init(bytes: [UInt8]) {
        let terminated = bytes + [0]
        let path = unsafe terminated.withUnsafeBytes { buffer in
            unsafe buffer.baseAddress.map {
                unsafe FilePath(platformString: $0.assumingMemoryBound(to: CChar.self))
            }
        }
        self = path ?? FilePath()
    }

    /// The directory that holds the path's last name; `.` for a bare name.
    package var directory: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }
}

extension FilePath.Component {
    /// The name's bytes as the file system keeps them, UTF-8 or not.
    package var bytes: [UInt8] {
        unsafe withPlatformString {
            unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
        }
    }

    /// The name of these bytes; nil if they are empty or hold a separator or a zero.
    package init?(bytes: [UInt8]) {
        guard !bytes.isEmpty, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")),
            let name = FilePath(bytes: bytes).lastComponent
        else { return nil }
        self = name
    }
}
