/// The release.
public enum StrongroomVersion {
    /// The version of this library and its command line.
    public static let current = "0.1.0"
}
