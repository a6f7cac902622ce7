import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import ArchiveKeys
import SystemPackage

extension Engine {
    /// Reads identity and keyring and opens the keyring.
    static func unlock(
        _ address: ArchiveAddress
    ) throws(ArchiveError) -> (ArchiveDocument, KeyringKeys) {
        let layout = address.layout
        let document = try readDocument(address.fileSystem, layout)
        do {
            guard try address.fileSystem.status(of: layout.keyring) != nil else {
                throw ArchiveError(
                    .corrupt,
                    "\(layout.keyring.string) is missing, and without it nobody can open the archive; "
                        + "put a copy of it back, or recover the archive from a vault, which has one"
                )
            }
            let bytes = try address.fileSystem.readAll(
                layout.keyring,
                limit: KeyringFile.byteCountLimit
            )
            let file = try KeyringFile(decoding: bytes.span)
            let keyring = try address.keyring ?? file.open(address.credential)
            guard keyring.archiveID == document.archiveID, keyring.publicKey == document.publicKey
            else {
                throw ArchiveError(
                    .corrupt,
                    "\(layout.keyring.string) is the keyring of another archive than "
                        + "\(layout.document.string)"
                )
            }
            return (document, KeyringKeys(keyring))
        } catch let error as KeyError {
            let found = ArchiveError(error)
            throw ArchiveError(found.code, "\(address.path.string): \(found.message)")
        } catch {
            throw ArchiveError.wrapping(error, in: layout.keyring.string)
        }
    }

    /// Reads `archive.json`, whose signature is checked under the key that it names itself.
    package static func readDocument(
        _ fileSystem: any FileSystem,
        _ layout: ArchiveLayout
    ) throws(ArchiveError) -> ArchiveDocument {
        do {
            guard try fileSystem.status(of: layout.document) != nil else {
                throw ArchiveError(
                    .notFound,
                    "\(layout.root.string) holds no archive: there is no archive.json; make one with "
                        + "`strongroom init`, or name the right directory"
                )
            }
            let bytes = try fileSystem.readAll(layout.document, limit: 1 << 20)
            return try ArchiveDocument(decoding: bytes.span)
        } catch let error as SystemError where error.errno == .notDirectory {
            throw ArchiveError(
                .notFound,
                "\(layout.root.string) is no archive but a file; name the archive's directory"
            )
        } catch {
            throw ArchiveError.wrapping(error, in: layout.document.string)
        }
    }

    static func lock(_ address: ArchiveAddress) throws(ArchiveError) -> any File {
        do {
            let file = try openLock(address, .openOrCreate)
            guard try file.tryLock(byte: 0, exclusively: true) else {
                throw ArchiveError(
                    .locked,
                    "\(address.path.string): another process is writing to the archive; wait for it "
                        + "to end, or read meanwhile"
                )
            }
            return file
        } catch {
            throw ArchiveError.wrapping(error, in: address.layout.lock.string)
        }
    }

    private static func openLock(
        _ address: ArchiveAddress,
        _ access: FileAccess
    ) throws(ArchiveError) -> any File {
        do {
            return try address.fileSystem.open(address.layout.lock, access)
        } catch {
            throw ArchiveError(error)
        }
    }

    /// The file in which a reader says which version of the index it reads; nil if there is none, as
    /// in a copy that nobody writes to.
    static func pinFile(_ address: ArchiveAddress) throws(ArchiveError) -> (any File)? {
        do {
            guard try address.fileSystem.status(of: address.layout.lock) != nil else { return nil }
        } catch {
            throw ArchiveError(error)
        }
        return try openLock(address, .read)
    }
}
