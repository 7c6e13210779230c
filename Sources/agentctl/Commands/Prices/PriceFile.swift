import Economics
import Values

/// A file of prices that is brought in or compared: LiteLLM's map, or lists in the form of our own.
struct PriceFile {
    let entries: [PriceListEntry]
    let unknownKeys: [(key: String, models: Int)]
    let leftOut: [(model: String, reason: String)]

    init(_ path: String) throws {
        let text = try RunInputs.text(of: path, what: "FILE")
        if let document = try? JSONParser.parse(text) {
            if let map = CommunityMap(document) {
                self.init(entries: map.entries, unknownKeys: map.unknownKeys, leftOut: map.leftOut)
                return
            }
            if let entries = document["entries"]?.arrayValue {
                try self.init(entries, path: path)
                return
            }
        }
        // Lines, of which the first may name the list.
        var lines: [JSONValue] = []
        for (index, line) in text.lines.enumerated() where !line.isBlank {
            do throws(JSONParseError) { lines.append(try JSONParser.parse(String(line))) } catch {
                throw UsageError(
                    "\(path):\(index + 1) is not JSON: \(error)",
                    hint: "a file of prices is LiteLLM's model_prices_and_context_window.json, {\"version\": …, \"entries\": […]}, or a line of JSON for each model")
            }
        }
        if lines.first?["provider"] == nil { lines = Array(lines.dropFirst()) }
        try self.init(lines, path: path)
    }

    private init(entries: [PriceListEntry], unknownKeys: [(key: String, models: Int)] = [], leftOut: [(model: String, reason: String)] = []) {
        self.entries = entries
        self.unknownKeys = unknownKeys
        self.leftOut = leftOut
    }

    /// Entries of our own form: each has to be right.
    private init(_ objects: [JSONValue], path: String) throws {
        var entries: [PriceListEntry] = []
        for object in objects {
            guard let entry = PriceListEntry(json: object) else { throw UsageError("\(path): an entry has a 'provider' and a 'model': \(object.jsonText.prefix(120))") }
            do throws(PriceError) { try entry.check() } catch { throw UsageError("\(path): \(error.description)") }
            entries.append(entry)
        }
        guard !entries.isEmpty else { throw UsageError("\(path) has no prices", hint: "it is LiteLLM's map, or entries with 'provider', 'model' and 'per_mtok_usd'") }
        self.init(entries: entries)
    }

    /// How an entry stands to what is known at a moment.
    struct Change {
        let entry: PriceListEntry
        /// By the place of a price: ours, and the file's; `nil` where there is none.
        let differences: [(place: String, known: Money?, other: Money?)]
        /// Whether the model has no price yet.
        let isNew: Bool
    }

    func changes(against book: PriceBook, at moment: Timestamp) throws -> [Change] {
        try entries.map { entry in
            let other: TextTable<Money>
            do throws(PriceError) { other = TextTable(try entry.prices().map { ($0.name, $0.price) }, uniquingKeysWith: { first, _ in first }) } catch { throw UsageError(error.description) }
            let sheet = book.sheet(provider: entry.provider, model: entry.model, at: moment)
            let known = TextTable((sheet?.everyRow ?? []).filter { $0.region == nil }.map { ($0.place, $0.price) }, uniquingKeysWith: { first, _ in first })
            // What the file does not state it does not deny.
            let differences = other.keys.sorted().compactMap { place in
                known[place] == other[place] ? nil : (place, known[place], other[place])
            }
            return Change(entry: entry, differences: differences, isNew: sheet == nil)
        }
    }
}
