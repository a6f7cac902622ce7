import ArchiveFileIO

/// Turns the user's wish to stop into an error where a command has come to a safe point.
enum Interrupted {
    static func check() throws {
        if Interruption.isRequested { throw CancellationError() }
    }
}
