package import ArchiveFileIO
package import ArchiveFormat
package import SystemPackage

/// The folder `segments` of an archive or vault, and how its files are named.
package struct SegmentDirectory: Sendable {
    package let fileSystem: any FileSystem
    package let path: FilePath

    package init(_ fileSystem: any FileSystem, _ path: FilePath) {
        self.fileSystem = fileSystem
        self.path = path
    }

    /// One segment's file, sealed (`.seg`) or active (`.open`).
    package struct Name: Hashable, Sendable {
        package let number: SegmentNumber
        package let isSealed: Bool

        package init(_ number: SegmentNumber, isSealed: Bool) {
            self.number = number
            self.isSealed = isSealed
        }

        package var text: String { number.stem + (isSealed ? ".seg" : ".open") }
    }

    package func path(_ name: Name) -> FilePath { path.appending(name.text) }

    /// The segments there are, in order.
    ///
    /// Names that are not segments' are passed over.
    package func names() throws(LogError) -> [Name] {
        do {
            return try fileSystem.names(in: path).compactMap(Self.name).sorted {
                ($0.number, $0.isSealed ? 0 : 1) < ($1.number, $1.isSealed ? 0 : 1)
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw LogError(
                .corrupt,
                "the directory of segments \(path.string) is missing; put it back, or recover the "
                    + "archive from a vault with `strongroom recover`",
                cause: error
            )
        } catch {
            throw LogError(error)
        }
    }

    /// Tells whether nothing was ever written behind a segment's header.
    ///
    /// The header is durable before the first batch is written: a file without a whole one holds no
    /// batch if this is true, and if it is not, the header was damaged afterwards.
    package func isUnused(_ name: Name) throws(LogError) -> Bool {
        do {
            let file = try fileSystem.open(path(name), .read)
            return try LogTail.isEmpty(file, from: UInt64(SegmentHeader.byteCount))
        } catch {
            throw LogError(error, segment: name.number)
        }
    }

    /// What to say of a segment that something names and that has no file.
    package func missing(_ number: SegmentNumber) -> LogError {
        LogError(
            .corrupt,
            segment: number,
            "its file is missing from \(path.string); put it back, or recover the archive from a "
                + "vault with `strongroom recover`"
        )
    }

    private static func name(_ component: FilePath.Component) -> Name? {
        let text = component.string
        for (suffix, isSealed) in [(".seg", true), (".open", false)] where text.hasSuffix(suffix) {
            return SegmentNumber(stem: String(text.dropLast(suffix.count)))
                .map { Name($0, isSealed: isSealed) }
        }
        return nil
    }

    /// Opens a segment and checks its header.
    package func open(
        _ name: Name,
        access: FileAccess = .read,
        archiveID: ArchiveID
    ) throws(LogError) -> (file: any File, header: SegmentHeader) {
        let file: any File
        let bytes: [UInt8]
        do {
            file = try fileSystem.open(path(name), access)
            bytes = try file.read(at: 0, byteCount: SegmentHeader.byteCount)
        } catch {
            throw LogError(error, segment: name.number)
        }
        let header: SegmentHeader
        do {
            header = try SegmentHeader(decoding: bytes.span)
        } catch {
            throw LogError(error, segment: name.number, offset: 0)
        }
        guard header.archiveID == archiveID else {
            throw LogError(
                .foreign,
                segment: name.number,
                offset: 0,
                "the segment is of another archive"
            )
        }
        guard header.number == name.number else {
            throw LogError(
                .corrupt,
                segment: name.number,
                offset: 0,
                "the header says segment \(header.number.value)"
            )
        }
        return (file, header)
    }
}
