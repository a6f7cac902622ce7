import ArchiveBytes
import ArchiveFileIO
import ArchiveKeys
import ArchiveSealing
import Strongroom
import SystemPackage

/// The golden archive and its keys: the fuzzer seals with them what it makes up, so that it gets
/// behind the tags.
enum Golden {
    static let directory = FilePath(#filePath).removingLastComponent()
        .appending("../../../StrongroomTests/Golden/v1")

    static func bytes(_ name: String) -> [UInt8] {
        do {
            return try PosixFileSystem().readAll(directory.appending(name), limit: 1 << 20)
        } catch {
            preconditionFailure("the golden archive is in Tests/StrongroomTests: \(error)")
        }
    }

    /// What a folder of the golden archive holds, in the order of the names.
    static func names(_ folder: String) -> [String] {
        do {
            return try PosixFileSystem().names(in: directory.appending(folder)).map(\.string)
                .sorted()
        } catch {
            preconditionFailure("the golden archive is in Tests/StrongroomTests: \(error)")
        }
    }

    static let credential: Credential = {
        do {
            return try .keyFile(SecretBytes(copying: bytes("key-file").span))
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    static let keyring: Keyring = {
        do {
            let file = try KeyringFile(decoding: bytes("archive/keyring.json").span)
            return try file.open(credential)
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    static let keys = KeyringKeys(keyring)
}
