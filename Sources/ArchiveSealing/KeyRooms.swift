internal import CSealing
internal import Synchronization

/// Rooms for keys on pages that are kept out of swap: locking a page for each key would cost more than
/// deriving the key.
///
/// Pages are taken as they are needed, and stay: a key's room is the next key's.
@safe final class KeyRooms: Sendable {
    static let shared = KeyRooms()
    /// A key, or half of one that was agreed on.
    static let roomByteCount = 32
    /// Few enough pages for the smallest bounds on locked memory.
    private static let pieceByteCount = 16 << 10

    /// Addresses of rooms that are free, and zero.
    private let free = Mutex<[UInt]>([])

    /// A room of zeros.
    func take() -> UnsafeMutablePointer<UInt8> {
        let address = free.withLock { free in
            if free.isEmpty { Self.grow(&free) }
            return free.removeLast()
        }
        guard let room = unsafe UnsafeMutablePointer<UInt8>(bitPattern: address) else {
            preconditionFailure("a room for a key has an address")
        }
        return unsafe room
    }

    /// Takes a room back, which its owner has wiped.
    func giveBack(_ room: UnsafeMutablePointer<UInt8>) {
        let address = UInt(bitPattern: room)
        free.withLock { $0.append(address) }
    }

    private static func grow(_ free: inout [UInt]) {
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceByteCount,
            alignment: 4096
        )
        let bytes = unsafe piece.bindMemory(to: UInt8.self)
        unsafe bytes.initialize(repeating: 0)
        cs_lock(unsafe UnsafeBufferPointer(bytes).span)
        guard let start = bytes.baseAddress else { return }
        for offset in stride(from: 0, to: pieceByteCount, by: roomByteCount).reversed() {
            free.append(unsafe UInt(bitPattern: start + offset))
        }
    }
}
