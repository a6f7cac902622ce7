/// Things counted, as people say it.
package enum Counted {
    /// The count and the word, with an s unless there is one: `1 segment`, `2 segments`.
    package static func text(_ count: some BinaryInteger, _ singular: String) -> String {
        count == 1 ? "1 \(singular)" : "\(count) \(singular)s"
    }
}
