package import ArchiveFileIO
package import ArchiveSealing
package import SystemPackage

/// Which index file, of which archive, under which key.
package struct IndexPlace: Sendable {
    package let fileSystem: any FileSystem
    package let path: FilePath
    /// The archive's 16 bytes.
    package let archive: [UInt8]
    package let key: SecretKey

    package init(
        fileSystem: any FileSystem,
        path: FilePath,
        archive: [UInt8],
        key: SecretKey
    ) {
        precondition(archive.count == 16, "an archive id has 16 bytes")
        self.fileSystem = fileSystem
        self.path = path
        self.archive = archive
        self.key = key
    }

    /// A place beside this one, whose name is longer by `suffix`.
    func adding(_ suffix: String) -> IndexPlace {
        IndexPlace(
            fileSystem: fileSystem,
            path: path(adding: suffix),
            archive: archive,
            key: key
        )
    }

    func path(adding suffix: String) -> FilePath {
        guard let name = path.lastComponent,
            let longer = FilePath.Component(bytes: name.bytes + Array(suffix.utf8))
        else { preconditionFailure("the index is a file with a name") }
        return path.directory.appending(longer)
    }

    /// The key of the meta slots' MAC, which is not that of the pages.
    func authenticator() throws(IndexError) -> HMACSHA256 {
        let label = Array("strongroom/v1/index/meta".utf8)
        do throws(SealingError) {
            let secret = try key.withSpan { key throws(SealingError) in
                try HKDF.expand(secret: key, info: label.span)
            }
            return secret.withSpan { HMACSHA256(key: $0) }
        } catch {
            throw .sealing(error)
        }
    }

    func pages(of meta: IndexMeta, in file: any File, _ options: IndexOptions) -> PageFile {
        guard let geometry = PageGeometry(pageByteCount: meta.pageByteCount) else {
            preconditionFailure("the page size was checked before")
        }
        return PageFile(
            file,
            geometry: geometry,
            key: key,
            archive: archive,
            generation: meta.generation,
            cacheByteLimit: options.cacheByteLimit,
            cacheMeter: options.cacheMeter,
            stemByteCount: options.stemByteCount
        )
    }

    /// Opens the file; a missing one is an error of its own.
    func open(_ access: FileAccess) throws(IndexError) -> any File {
        do throws(SystemError) {
            return try fileSystem.open(path, access)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw .missing(path)
        } catch {
            throw .system(error)
        }
    }
}

/// How many bytes at the start of a key are its stem; 0 if it has none.
///
/// Keys of one stem stand one behind the other, and no stem is the beginning of another.
package typealias StemByteCount = @Sendable (_ key: Span<UInt8>) -> Int

/// How an index is kept in memory and shared.
package struct IndexOptions: Sendable {
    /// The size of a page, which is chosen when the index is created.
    package var pageByteCount = 16_384
    /// The memory for opened pages.
    package var cacheByteLimit = 64 * 1_024 * 1_024
    /// Learns what the opened pages take.
    package var cacheMeter: CacheMeter?
    /// How readers in other processes are seen; nil if there are none.
    package var readerLocks: ReaderLocks?
    /// Trees that together have so few entries are merged at once: writing them anew costs a few
    /// pages, and every reader would have to look into each.
    package var smallTreeEntryCount = 1_024

    /// Threads that write an index anew.
    package var threadCount = 1
    /// A thread for fewer entries than this costs more than it saves.
    package var entryCountPerThread = 32_768

    /// Which beginnings of keys are looked for although they may not be there: each tree then has a filter,
    /// which answers for most that are not.
    package var stemByteCount: StemByteCount?

    package init() {}
}
