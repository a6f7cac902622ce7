import ArchiveBytes

extension FHIRReader {
    /// The facts of the whole text: of its one resource, or of a Bundle with all its entries.
    mutating func summary(_ bytes: Span<UInt8>) -> RecordFacts {
        var facts = RecordFacts()
        if scanner.entries.isEmpty || !isBundle(0, bytes) {
            facts = builder.facts(of: 0, scanner, bytes, &decoder)
        } else {
            facts = bundleSummary(bytes)
        }
        if bytes.starts(with: "\u{feff}") { facts.quirks.append("bom") }
        if scanner.cursor.hasHighBytes, (try? UTF8Span(validating: bytes)) == nil {
            facts.quirks.append("invalid-utf8")
        }
        return facts
    }

    /// The entries of the text, each with the facts of its resource.
    mutating func bundleEntries(_ bytes: Span<UInt8>) -> [BundleEntry] {
        var builder = FactsBuilder(names: entryNames(bytes))
        var entries: [BundleEntry] = []
        for (index, entry) in scanner.entries.enumerated() where isBundle(entry.bundle, bytes) {
            var facts = RecordFacts()
            var range = entry.range
            if let resource = entry.resource {
                builder.fullURL = fullURL(of: entry, bytes)
                facts = builder.facts(of: resource, scanner, bytes, &decoder)
                range = scanner.resources[resource].range
            }
            entries.append(
                BundleEntry(
                    index: index,
                    fullURL: text(entry.fullURL, bytes),
                    method: text(entry.method, bytes),
                    requestURL: text(entry.url, bytes),
                    range: range,
                    facts: facts
                )
            )
        }
        return entries
    }

    private mutating func bundleSummary(_ bytes: Span<UInt8>) -> RecordFacts {
        var builder = FactsBuilder(names: entryNames(bytes))
        var whole = FactsUnion(builder.facts(of: 0, scanner, bytes, &decoder))
        for entry in scanner.entries {
            guard isBundle(entry.bundle, bytes), let resource = entry.resource else { continue }
            builder.fullURL = fullURL(of: entry, bytes)
            whole.add(builder.facts(of: resource, scanner, bytes, &decoder))
        }
        return whole.facts()
    }

    /// What the entries are called in references among them: `urn:uuid:…` to `Type/id`.
    private mutating func entryNames(_ bytes: Span<UInt8>) -> [ExactText: String] {
        var names: [ExactText: String] = [:]
        for entry in scanner.entries {
            guard let resource = entry.resource, let fullURL = text(entry.fullURL, bytes),
                fullURL.utf8.starts(with: "urn:".utf8),
                let type = text(scanner.resources[resource].type, bytes),
                let id = text(scanner.resources[resource].id, bytes)
            else { continue }
            names[ExactText(text: fullURL)] = type + "/" + id
        }
        return names
    }

    private mutating func fullURL(of entry: EntryScan, _ bytes: Span<UInt8>) -> String? {
        text(entry.fullURL, bytes)
    }

    private mutating func isBundle(_ resource: Int, _ bytes: Span<UInt8>) -> Bool {
        text(scanner.resources[resource].type, bytes) == "Bundle"
    }

    private mutating func text(_ place: JSONText?, _ bytes: Span<UInt8>) -> String? {
        guard let place else { return nil }
        return decoder.string(place, in: bytes)
    }
}
