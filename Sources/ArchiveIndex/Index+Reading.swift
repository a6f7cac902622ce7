internal import ArchiveFileIO

extension Index {
    /// Opens one version of the tree to read, in a process that does not write.
    ///
    /// It stays as it is for as long as the view lives, whatever a writer elsewhere does.
    package static func read(
        _ place: IndexPlace,
        _ options: IndexOptions
    ) throws(IndexError) -> IndexView {
        let file = try place.open(.read)
        let authenticator = try place.authenticator()
        let readers = ReaderRegistry(locks: options.readerLocks, takesLocks: true)
        // A writer may finish checkpoints between reading the slot and pinning its version: then the
        // version's pages may be in use again already, and the newer one is taken instead.
        while true {
            let meta = try readMeta(of: file, place, authenticator)
            let pin: ReaderPin
            do throws(SystemError) { pin = try readers.pin(meta.transaction) } catch {
                throw .system(error)
            }
            let now = try readMeta(of: file, place, authenticator)
            if now.transaction == meta.transaction {
                let pages = place.pages(
                    of: meta,
                    in: file,
                    cacheByteLimit: options.cacheByteLimit
                )
                return IndexView(pages: pages, meta: meta, pin: pin)
            }
        }
    }
}

extension Index {
    /// Checks every page of the file, as ``verifyAllPages()`` does, in a process that only reads.
    package static func verify(
        _ place: IndexPlace,
        _ options: IndexOptions
    ) throws(IndexError) -> IndexReport {
        let file = try place.open(.read)
        let authenticator = try place.authenticator()
        let slots: MetaSlots
        do throws(SystemError) {
            slots = try MetaSlots(reading: file, archive: place.archive, authenticator)
        } catch {
            throw .system(error)
        }
        let meta = try readMeta(of: file, place, authenticator)
        let pages = place.pages(of: meta, in: file, cacheByteLimit: options.cacheByteLimit)
        return try IndexInvariants(pages, meta).check(slots)
    }
}
