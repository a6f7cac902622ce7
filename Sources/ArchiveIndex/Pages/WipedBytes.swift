internal import ArchiveBytes

/// Bytes that are overwritten with zeros before their memory is freed.
///
/// Pages and runs hold names and dates of patients, which must not stay behind in freed memory. The
/// owner is not copyable, so at the end nobody else holds the array and it is overwritten in place.
struct WipedBytes: ~Copyable, Sendable {
    let content: Content

    /// What the end consumes, because only then may it be written to.
    struct Content: ~Copyable, Sendable {
        fileprivate(set) var array: [UInt8]

        fileprivate consuming func wipe() {
            array.wipe()
        }
    }

    /// Takes the bytes over; the caller must not keep a copy.
    init(_ bytes: consuming [UInt8]) { content = Content(array: bytes) }

    @inline(__always)
    func withBytes<Result, Failure: Error>(
        _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try use(content.array.span)
    }

    deinit { content.wipe() }
}
