import CCodecs
import Synchronization

/// Text that both sides know before the first byte, so that small records compress like large ones.
///
/// Its bytes are digested once for reading and once for each level of writing; many compressors
/// share the digests.
@safe package final class CompressionDictionary: Sendable {
    /// The number that frames name it by, for ever.
    package let number: UInt16
    /// The dictionary in the format of RFC 8878 §5.
    package let bytes: [UInt8]
    private let reading: DictionaryDigest
    private let writing: Mutex<[Int: DictionaryDigest]>

    /// Digests `bytes`; throws ``CodecError/malformedDictionary`` if they are none.
    package init(number: UInt16, bytes: [UInt8]) throws(CodecError) {
        precondition(number > 0, "zero means no dictionary")
        // Without its magic number the library would take any bytes for a dictionary.
        guard bytes.count > 8, bytes.starts(with: [0x37, 0xa4, 0x30, 0xec]),
            let digest = DictionaryDigest(bytes, level: Compressor.defaultLevel)
        else { throw .malformedDictionary }
        self.number = number
        self.bytes = bytes
        reading = digest
        writing = Mutex([Compressor.defaultLevel: digest])
    }

    /// The built-in dictionary for FHIR in JSON, number 1, trained on synthetic records only.
    package static let fhirJSON: CompressionDictionary = {
        var byteCount = 0
        let start = unsafe cc_fhir_json_dictionary(&byteCount)
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: byteCount))
        do {
            return try CompressionDictionary(number: 1, bytes: bytes)
        } catch {
            preconditionFailure("the built-in dictionary must be one")
        }
    }()

    /// The text that compressed bytes refer to, without the entropy tables in front of it.
    package var text: ArraySlice<UInt8> {
        let bytes = bytes
        let start = cc_zstd_dictionary_text(bytes.span)
        return bytes[(start < 0 ? bytes.count : Int(start))...]
    }

    /// What a decompressor needs; it lives as long as the dictionary.
    var pointerForReading: OpaquePointer { unsafe reading.pointer }

    /// What a compressor of `level` needs, or nil if memory is short.
    func digestForWriting(level: Int) -> DictionaryDigest? {
        writing.withLock { digests in
            if let digest = digests[level] { return digest }
            guard let digest = DictionaryDigest(bytes, level: level) else { return nil }
            digests[level] = digest
            return digest
        }
    }
}

/// One dictionary in the form the library works with.
///
/// `@unchecked`: after it is made the library only reads it, from any number of threads.
@safe final class DictionaryDigest: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(_ bytes: [UInt8], level: Int) {
        guard let digest = unsafe cc_zstd_dictionary_new(Int32(level), bytes.span) else {
            return nil
        }
        unsafe pointer = digest
    }

    deinit { unsafe cc_zstd_dictionary_free(pointer) }
}
