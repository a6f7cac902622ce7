internal import CSealing

/// The algorithms of libcrypto, fetched once for the process.
///
/// The memory is never written after the fetch and never freed, so that every thread may use it.
@safe struct Library: @unchecked Sendable {
    static let shared = unsafe Library(handle: cs_library_fetch(0))
    /// For SHA-256 and nothing else: who has no key hashes, and should not wait for ciphers.
    static let hashing = unsafe Library(handle: cs_library_fetch(1))

    /// Nil if libcrypto lacks an algorithm; each operation then fails as a library failure.
    let handle: OpaquePointer?
}
