/// The text below a command's abstract: what to know, an example, and the exit statuses beyond the
/// common ones.
enum Help {
    static func text(_ body: String, exits: [ExitStatus] = []) -> String {
        let statuses = [.ok, .failed, .usage] + exits
        let list = statuses.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ")
        return body + "\n\nExit status: " + list + "."
    }

    /// What opening an archive can end with.
    static let reading: [ExitStatus] = [
        .noArchive, .wrongKey, .integrity, .rollback, .interrupted,
    ]
    /// What writing to an archive can end with.
    static let writing: [ExitStatus] = [
        .noArchive, .locked, .wrongKey, .integrity, .rollback, .interrupted,
    ]
}
