package import ArchiveFileIO
package import ArchiveSealing
package import SystemPackage

/// Why the index could not be opened, read or written.
///
/// The index is a cache of the log: whatever is wrong with it but the disk itself, and a newer
/// format, is healed by rebuilding it. The messages say so.
package enum IndexError: Error, Equatable {
    /// There is no index file.
    case missing(FilePath)
    /// The file belongs to another archive.
    case foreign(FilePath)
    /// The file was written by a later version of the program, whose format number this is.
    case newerFormat(FilePath, version: UInt32)
    /// Neither meta slot can be believed, or the file is shorter than they say.
    case damaged(FilePath, finding: String)
    /// One page is not what its parent expects.
    case corrupt(FilePath, page: UInt64, finding: PageFinding)
    /// The operating system failed.
    case system(SystemError)
    /// libcrypto or the kernel's randomness failed.
    case sealing(SealingError)
    /// An earlier failure left it open what is on the disk; the index takes no more changes.
    case poisoned(SystemError)
}

/// What is wrong with a page.
package enum PageFinding: String, Equatable, Sendable {
    case truncated = "the file ends inside it"
    case noPage = "its header is not one of a page"
    case stale = "it is an older version of itself, or another page"
    case unauthentic = "its bytes do not authenticate"
    case malformed = "its entries are not well-formed"
    case disorder = "its keys are not in order"
    case outsideFences = "it holds a key that its parent places elsewhere"
    case forgetful = "it is of a filter that does not know a key of its tree"
    case sharedByParents = "more than one parent refers to it"
    case outsideFile = "its number lies outside the file"
}

extension IndexError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path):
            "cannot open the index \(path): it does not exist; rebuild it from the segments"
        case .foreign(let path):
            "cannot open the index \(path): it belongs to another archive; "
                + "put the right one back or rebuild it from the segments"
        case .newerFormat(let path, let version):
            "cannot open the index \(path): its format \(version) is newer than this program; "
                + "use a newer one, or rebuild the index"
        case .damaged(let path, let finding):
            "cannot open the index \(path): \(finding); rebuild it from the segments"
        case .corrupt(let path, let page, let finding):
            "cannot read page \(page) of the index \(path): \(finding.rawValue); "
                + "rebuild the index from the segments"
        case .system(let error): error.description
        case .sealing: "cannot seal or open a page of the index: libcrypto or the kernel refused"
        case .poisoned(let error):
            "cannot write the index after an earlier failure (\(error)); open the archive again"
        }
    }
}
