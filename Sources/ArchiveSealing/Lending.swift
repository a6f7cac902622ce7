// The compiler lends a single span to a counted C parameter by itself. For several it makes a
// wrapper of nested closures that belong to no source file, on which the optimizing compiler
// crashes (Swift 6.3.1, more than one thread). So the nesting is written out here, once: a pointer
// never leaves the closure that it is lent to.

typealias LentBytes = UnsafeBufferPointer<UInt8>

/// Lends two spans to `body`.
@inline(__always)
func lend(
    _ first: Span<UInt8>,
    _ second: Span<UInt8>,
    to body: (LentBytes, LentBytes) -> CInt
) -> CInt {
    unsafe first.withUnsafeBufferPointer { first in
        unsafe second.withUnsafeBufferPointer { second in unsafe body(first, second) }
    }
}

/// Lends three spans to `body`.
@inline(__always)
func lend(
    _ first: Span<UInt8>,
    _ second: Span<UInt8>,
    _ third: Span<UInt8>,
    to body: (LentBytes, LentBytes, LentBytes) -> CInt
) -> CInt {
    unsafe lend(first, second) { first, second in
        unsafe third.withUnsafeBufferPointer { third in unsafe body(first, second, third) }
    }
}

/// Lends four spans to `body`.
@inline(__always)
func lend(
    _ first: Span<UInt8>,
    _ second: Span<UInt8>,
    _ third: Span<UInt8>,
    _ fourth: Span<UInt8>,
    to body: (LentBytes, LentBytes, LentBytes, LentBytes) -> CInt
) -> CInt {
    unsafe lend(first, second) { first, second in
        unsafe lend(third, fourth) { third, fourth in unsafe body(first, second, third, fourth) }
    }
}

/// A cipher of libcrypto: a key, a nonce, associated data and a message come in, each behind its
/// length, and the other message goes out.
typealias CipherFunction = (
    OpaquePointer?, Int, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt8>?,
    Int, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?
) -> CInt

/// Lends a message with all that belongs to it to `cipher`.
@inline(__always)
func run(
    _ cipher: CipherFunction,
    _ context: OpaquePointer?,
    key: SecretKey,
    nonce: Span<UInt8>,
    associated: Span<UInt8>,
    from input: Span<UInt8>,
    into output: inout MutableSpan<UInt8>
) -> CInt {
    key.withSpan { key in
        unsafe lend(key, nonce, associated, input) { key, nonce, extra, input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe cipher(
                    context,
                    key.count,
                    key.baseAddress,
                    nonce.count,
                    nonce.baseAddress,
                    extra.count,
                    extra.baseAddress,
                    input.count,
                    input.baseAddress,
                    output.count,
                    output.baseAddress
                )
            }
        }
    }
}
