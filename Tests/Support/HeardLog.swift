package import Logging

/// Hands over all that would be logged, metadata too, as one text each time.
package struct HeardLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel = Logger.Level.trace
    private let hear: @Sendable (String) -> Void

    /// A logger whose every message is heard.
    package static func logger(_ hear: @escaping @Sendable (String) -> Void) -> Logger {
        Logger(label: "test", factory: { _ in HeardLog(hear) })
    }

    private init(_ hear: @escaping @Sendable (String) -> Void) { self.hear = hear }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        hear("\(event.message) \(event.metadata ?? [:]) \(metadata)")
    }
}
