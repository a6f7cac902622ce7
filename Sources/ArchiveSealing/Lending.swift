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
