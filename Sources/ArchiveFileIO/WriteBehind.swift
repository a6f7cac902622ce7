/// Keeps the disk busy while a file is written from front to back.
///
/// Without it the disk would rest until the file is synchronized, and the writer would then wait for
/// all of it.
package struct WriteBehind {
    /// Enough for a disk to be worth a request, little beside what is still to come.
    private static let stepByteCount: UInt64 = 4 << 20

    private var begun: UInt64 = 0

    package init() {}

    /// The file has been written up to `end`.
    package mutating func wrote(_ file: any File, upTo end: UInt64) {
        guard end >= begun + Self.stepByteCount else { return }
        file.beginWriting(begun..<end)
        begun = end
    }
}
