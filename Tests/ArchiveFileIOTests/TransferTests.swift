import Glibc
import Support
import SystemPackage
import Testing

@testable import ArchiveFileIO

/// A kernel that moves what it likes of what it is asked for, and is interrupted as it likes.
private final class MoodyKernel {
    private var random: SeededGenerator
    private let source: [UInt8]
    private(set) var target: [UInt8] = []
    private(set) var interruptionCount = 0
    private(set) var shortCount = 0
    /// The error of the call that would move the byte with this number.
    private let failure: (offset: Int, reason: Errno)?

    init(seed: UInt64, _ source: [UInt8], failing failure: (offset: Int, reason: Errno)?) {
        random = SeededGenerator(seed: seed)
        self.source = source
        self.failure = failure
    }

    /// One call as pread(2) and pwrite(2) answer it: a number of bytes, or -1 and `errno`.
    func move(from offset: Int, asked: Int) -> Int {
        if random.next() % 3 == 0 {
            interruptionCount += 1
            errno = EINTR
            return -1
        }
        var count = min(asked, source.count - offset)
        if let failure, offset + count > failure.offset {
            count = failure.offset - offset
            if count == 0 {
                errno = failure.reason.rawValue
                return -1
            }
        }
        if count > 1, random.next() % 2 == 0 {
            shortCount += 1
            count = 1 + Int(random.next() % UInt64(count - 1))
        }
        target += source[offset..<(offset + count)]
        return count
    }
}

@Suite struct `A transfer of bytes` {
    private static let seeds = 0..<400 as Range<UInt64>

    private static func run(
        _ kernel: MoodyKernel,
        _ total: Int
    ) -> Transfer {
        Transfer.run(total) { done throws(Errno) in
            try retrying { kernel.move(from: done, asked: total - done) }
        }
    }

    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) }
    }

    @Test func `moves each byte once and in order, however short or interrupted its calls`() {
        var (interruptions, shorts) = (0, 0)
        for seed in Self.seeds {
            let bytes = Self.bytes(Int(seed) * 3)
            let kernel = MoodyKernel(seed: seed, bytes, failing: nil)
            let transfer = Self.run(kernel, bytes.count)
            #expect(transfer.byteCount == bytes.count && transfer.failure == nil, "seed \(seed)")
            #expect(kernel.target == bytes, "seed \(seed)")
            interruptions += kernel.interruptionCount
            shorts += kernel.shortCount
        }
        #expect(interruptions > 100 && shorts > 100)
    }

    @Test func `ends with the bytes before the failure, and tells its reason`() {
        for seed in Self.seeds {
            let bytes = Self.bytes(1 + Int(seed) * 3)
            let offset = Int(seed * 7 % UInt64(bytes.count))
            for reason in [Errno.ioError, .noSpace] {
                let kernel = MoodyKernel(seed: seed, bytes, failing: (offset, reason))
                let transfer = Self.run(kernel, bytes.count)
                #expect(transfer.byteCount == offset && transfer.failure == reason, "seed \(seed)")
                #expect(kernel.target == Array(bytes[..<offset]), "seed \(seed)")
            }
        }
    }

    @Test func `ends where a file does`() {
        for seed in Self.seeds {
            let bytes = Self.bytes(Int(seed))
            let kernel = MoodyKernel(seed: seed, bytes, failing: nil)
            let transfer = Self.run(kernel, bytes.count + 1 + Int(seed))
            #expect(transfer.byteCount == bytes.count && transfer.failure == nil, "seed \(seed)")
        }
    }
}
