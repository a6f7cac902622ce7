import Glibc

// The fuzzer's own `main` calls this for every input; the variable says which target it is for, as
// in tools/fuzz. A target returns whatever the bytes are: it ends the process only if a promise of
// the parser behind it is broken, and then the fuzzer keeps the bytes.

/// What is fuzzed, by name.
enum FuzzTarget {
    typealias Target = @Sendable (inout FuzzInput) throws -> Void

    static let all: [String: Target] = [
        "arguments": fuzzArguments,
        "directory": fuzzDirectory,
        "fhir": fuzzFHIR,
        "frame": fuzzFrame,
        "hl7": fuzzHL7,
        "index-meta": fuzzIndexMeta,
        "index-page": fuzzIndexPage,
        "intake": fuzzIntake,
        "json": fuzzJSON,
        "keyring": fuzzKeyring,
        "manifest": fuzzManifest,
        "note": fuzzNote,
        "recovery": fuzzRecovery,
        "replies": fuzzReplies,
        "scan": fuzzScan,
        "segment-header": fuzzSegmentHeader,
    ]

    static let chosen: Target = {
        let name = unsafe getenv("STRONGROOM_FUZZ").map { unsafe String(cString: $0) } ?? ""
        guard let target = all[name] else {
            preconditionFailure("STRONGROOM_FUZZ is one of \(all.keys.sorted())")
        }
        return target
    }()
}

/// What the fuzzer calls for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    var input = FuzzInput(bytes)
    // An error is an answer; a trap is not.
    try? FuzzTarget.chosen(&input)
    return 0
}
