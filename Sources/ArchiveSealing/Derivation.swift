internal import CSealing
internal import Synchronization

/// HKDF with SHA-256 (RFC 5869).
package enum HKDF {
    /// The longest output: 255 blocks.
    package static let derivedLimit = 255 * 32
    /// The longest info.
    package static let infoLimit = 1024

    /// An authenticator under no key of anybody, which one thread has at a time.
    private struct Idle: @unchecked Sendable {
        let hmac: HMACSHA256
    }

    /// As many as ever derived at a time.
    private static let idle = Mutex<[Idle]>([])

    /// Extracts from `secret` with `salt`, then expands with `info` to `count` bytes.
    package static func derive(
        secret: Span<UInt8>,
        salt: Span<UInt8>,
        info: Span<UInt8>,
        count: Int = 32
    ) throws(SealingError) -> SecretBytes {
        try run(expandOnly: 0, secret, salt, info, count)
    }

    /// Expands `secret`, which is uniform already, with `info` to `count` bytes.
    package static func expand(
        secret: Span<UInt8>,
        info: Span<UInt8>,
        count: Int = 32
    ) throws(SealingError) -> SecretBytes {
        let salt: [UInt8] = []
        return try run(expandOnly: 1, secret, salt.span, info, count)
    }

    private static func run(
        expandOnly: CInt,
        _ secret: Span<UInt8>,
        _ salt: Span<UInt8>,
        _ info: Span<UInt8>,
        _ count: Int
    ) throws(SealingError) -> SecretBytes {
        guard (1...derivedLimit).contains(count), info.count <= infoLimit else {
            throw .invalidParameter
        }
        var derived = SecretBytes(zeroed: count)
        let idle = Self.idle.withLock { $0.popLast() } ?? Idle(hmac: HMACSHA256())
        defer { Self.idle.withLock { $0.append(idle) } }
        let status = derived.withMutableSpan { derived in
            unsafe lend(secret, salt, info) { secret, salt, info in
                unsafe derived.withUnsafeMutableBufferPointer { derived in
                    unsafe cs_hkdf(
                        idle.hmac.context,
                        expandOnly,
                        secret.count,
                        secret.baseAddress,
                        salt.count,
                        salt.baseAddress,
                        info.count,
                        info.baseAddress,
                        derived.count,
                        derived.baseAddress
                    )
                }
            }
        }
        guard status == 1 else { throw .libraryFailure }
        return derived
    }
}

/// scrypt (RFC 7914), whose parameters are bounded before any memory is taken.
package enum Scrypt {
    /// The cost, as it is stored beside what it protects.
    package struct Parameters: Hashable, Sendable {
        /// The binary logarithm of N.
        package let logN: Int
        /// The block size.
        package let r: Int
        /// The parallelism.
        package let p: Int

        /// 128 MiB and about a third of a second: N = 2^17, r = 8, p = 1.
        package static let standard = Parameters(checkedLogN: 17, r: 8, p: 1)

        /// Takes parameters that a file or a caller names.
        ///
        /// - Throws: ``SealingError/invalidParameter`` outside logN 10...20, r 1...16, p 1...4, or
        ///   above 1 GiB of memory: a file must not be able to exhaust the machine that opens it.
        package init(logN: Int, r: Int, p: Int) throws(SealingError) {
            guard (10...20).contains(logN), (1...16).contains(r), (1...4).contains(p),
                128 << logN * r <= Self.memoryLimit
            else { throw .invalidParameter }
            self.init(checkedLogN: logN, r: r, p: p)
        }

        private init(checkedLogN logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        static let memoryLimit = 1 << 30
    }

    /// Derives `count` bytes from `passphrase` and `salt`.
    package static func derive(
        passphrase: Span<UInt8>,
        salt: Span<UInt8>,
        parameters: Parameters,
        count: Int = 32
    ) throws(SealingError) -> SecretBytes {
        guard (1...HKDF.derivedLimit).contains(count) else { throw .invalidParameter }
        let cost = UInt64(1) << UInt64(parameters.logN)
        // What the algorithm needs, with libcrypto's few working blocks beside it.
        let memory = UInt64(128 * parameters.r) * (cost + UInt64(parameters.p) + 4)
        var derived = SecretBytes(zeroed: count)
        let status = derived.withMutableSpan { derived in
            unsafe lend(passphrase, salt) { passphrase, salt in
                unsafe derived.withUnsafeMutableBufferPointer { derived in
                    unsafe cs_scrypt(
                        passphrase.count,
                        passphrase.baseAddress,
                        salt.count,
                        salt.baseAddress,
                        cost,
                        UInt64(parameters.r),
                        UInt64(parameters.p),
                        memory,
                        derived.count,
                        derived.baseAddress
                    )
                }
            }
        }
        guard status == 1 else { throw .libraryFailure }
        return derived
    }
}
