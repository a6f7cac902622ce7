package import SystemPackage

extension FilePath.Component {
    /// The name's bytes as the file system keeps them, UTF-8 or not.
    package var bytes: [UInt8] {
        unsafe withPlatformString { start in
            var bytes: [UInt8] = []
            var next = unsafe start
            while unsafe next.pointee != 0 {
                unsafe bytes.append(UInt8(bitPattern: next.pointee))
                unsafe next += 1
            }
            return bytes
        }
    }

    /// The name of these bytes; nil if they are empty or hold a separator or a zero.
    package init?(bytes: [UInt8]) {
        guard !bytes.isEmpty, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")) else {
            return nil
        }
        let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
        let component = unsafe terminated.withUnsafeBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe FilePath.Component(platformString: $0) }
        }
        guard let component else { return nil }
        self = component
    }
}

extension FilePath {
    /// The directory that holds the path's last name; `.` for a bare name.
    package var directory: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }
}
