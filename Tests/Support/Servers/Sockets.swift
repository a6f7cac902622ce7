import Glibc

/// TCP on this machine's own address, as the fault proxy needs it.
enum Sockets {
    private static let pieceByteCount = 64 << 10

    /// Runs a body on a thread of its own: one that waits must not take one that somebody else needs.
    static func run(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            box
        )
        precondition(result == 0, "no thread is left")
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func listen(_ port: UInt16) throws -> (CInt, UInt16) {
        let listener = try make()
        var on: CInt = 1
        unsafe _ = setsockopt(
            listener,
            SOL_SOCKET,
            SO_REUSEADDR,
            &on,
            socklen_t(MemoryLayout<CInt>.size)
        )
        var address = address(port)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, Glibc.listen(listener, 64) == 0 else { throw failure("listen") }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(listener, $0, &length)
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    static func connect(_ port: UInt16) throws -> CInt {
        let made = try make()
        var address = address(port)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(made)
            throw failure("connect")
        }
        return made
    }

    /// What has come, empty at the end, nil if the connection broke.
    static func receive(_ socket: CInt) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: pieceByteCount)
        let count = unsafe recv(socket, &bytes, bytes.count, 0)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    static func send(_ socket: CInt, _ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let rest = Array(bytes[done...])
            let count = unsafe Glibc.send(socket, rest, rest.count, CInt(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Ends a connection without the usual good-bye, once it is closed.
    static func breakOff(_ socket: CInt) {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe _ = setsockopt(
            socket,
            SOL_SOCKET,
            SO_LINGER,
            &now,
            socklen_t(MemoryLayout<linger>.size)
        )
        shutdown(socket, CInt(SHUT_RDWR))
    }

    static func reset(_ socket: CInt) {
        breakOff(socket)
        close(socket)
    }

    static func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds > 0 || attoseconds > 0 else { return }
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        unsafe _ = nanosleep(&time, nil)
    }

    private static func make() throws -> CInt {
        let made = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { throw failure("socket") }
        return made
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func failure(_ call: String) -> ServerFailure {
        ServerFailure(text: "\(call): errno \(errno)")
    }
}
