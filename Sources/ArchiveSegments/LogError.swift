package import ArchiveFileIO
package import ArchiveFormat
import SystemPackage

/// Why the log could not be read or written, and where.
package struct LogError: Error, Equatable {
    package enum Code: Equatable, Sendable {
        /// Bytes are not what was written. Nothing of them was returned.
        case corrupt
        /// Acknowledged commits are missing: the log was cut or put back.
        case loss
        /// The file belongs to another archive.
        case foreign
        /// A newer program is needed.
        case unsupported
        /// The operating system refused; `cause` says what.
        case system
        /// No space is left; nothing of the batch was written, and writing may be tried again.
        case full
        /// An earlier failure makes this writer unfit; reopen the archive.
        case poisoned
        /// A write or sync failed after it began: the batch may or may not survive.
        case durabilityUnknown
        /// The subject's key was destroyed.
        case erased
        /// A key is not in the keyring.
        case missingKey
        /// The batch is beyond a limit.
        case overLimit
    }

    package let code: Code
    package let segment: SegmentNumber?
    package let offset: UInt64?
    /// What was found, in a sentence without names or contents.
    package let finding: String
    package let cause: SystemError?

    package init(
        _ code: Code,
        segment: SegmentNumber? = nil,
        offset: UInt64? = nil,
        _ finding: String,
        cause: SystemError? = nil
    ) {
        self.code = code
        self.segment = segment
        self.offset = offset
        self.finding = finding
        self.cause = cause
    }

    /// A failed system call.
    package init(_ cause: SystemError, segment: SegmentNumber? = nil) {
        // An open file of a disk is never gone; one in a vault can be.
        let code: Code = cause.isFull ? .full : cause.isLost ? .corrupt : .system
        self.init(code, segment: segment, cause.description, cause: cause)
    }

    /// A vault that answers does not have what lives in it alone.
    var isLost: Bool { cause?.isLost ?? false }

    /// Bytes that do not follow the format, at a place.
    package init(_ error: FormatError, segment: SegmentNumber?, offset: UInt64? = nil) {
        let code: Code =
            switch error.code {
            case .foreign: .foreign
            case .unsupported: .unsupported
            case .truncated, .damaged, .overLimit: .corrupt
            }
        self.init(code, segment: segment, offset: offset, error.finding)
    }
}

extension LogError: CustomStringConvertible {
    package var description: String {
        switch (segment, offset) {
        case (let segment?, let offset?):
            "segment \(segment.value), offset \(offset): \(finding)"
        case (let segment?, nil): "segment \(segment.value): \(finding)"
        default: finding
        }
    }
}

extension SystemError {
    fileprivate var isLost: Bool { operation == .read && errno == .noSuchFileOrDirectory }
}
