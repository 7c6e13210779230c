import CPriceCatalogue
import Values

/// A price list: the one that ships in the binary, one that a project keeps, or one that is read from a document. Data with a version, a
/// date and a source for each row.
public struct PriceCatalogue: Sendable {
    public let version: String
    private let store: Store

    private enum Store: Sendable {
        /// Lines that are read when somebody asks for their model.
        case text(CatalogueText)
        case lists(TextTable<[PriceList]>)
    }

    public static let empty = PriceCatalogue(version: "", store: .lists([:]))

    /// The catalogue of this build. Of its text only what is asked for is parsed.
    public static let shipped: PriceCatalogue = {
        var count = 0
        guard let start = price_catalogue(&count) else { preconditionFailure("the program has no price catalogue") }
        // The data is part of the binary and a test reads it: failing here means a broken build.
        do { return try PriceCatalogue(text: CatalogueText(UnsafeRawBufferPointer(start: start, count: count))) } catch {
            preconditionFailure("the shipped price catalogue is unreadable: \(error)")
        }
    }()

    private init(version: String, store: Store) {
        self.version = version
        self.store = store
    }

    private init(text: CatalogueText) {
        self.init(version: text.version, store: .text(text))
    }

    /// Reads lines of JSON, as ``CatalogueText`` says: a file that a project keeps.
    ///
    /// - Throws: `PriceError` naming the line, or the model.
    public init(lines: [UInt8]) throws(PriceError) {
        let text = try CatalogueText(lines)
        _ = try Self.checked(try text.all())
        self.init(text: text)
    }

    /// Reads one document: `{version, entries: […]}`, each entry as ``PriceEntry`` says.
    ///
    /// - Throws: `PriceError` naming the entry.
    public init(json: JSONValue) throws(PriceError) {
        guard let version = json["version"]?.stringValue, let entries = json["entries"]?.arrayValue else {
            throw PriceError("a price catalogue needs 'version' and 'entries'")
        }
        var lists: [(provider: String, list: PriceList)] = []
        for entry in entries { lists.append(try PriceEntry.read(entry)) }
        let checked = try Self.checked(lists)
        self.init(version: version, store: .lists(TextTable(grouping: checked, by: \.provider).mapValues { $0.map(\.list) }))
    }

    /// No row may stand twice.
    private static func checked(_ lists: [(provider: String, list: PriceList)]) throws(PriceError) -> [(provider: String, list: PriceList)] {
        var ids: TextSet = []
        for (provider, list) in lists {
            for row in list.rows where !ids.insert(row.id).inserted { throw PriceError("\(provider)/\(row.model): two entries start on the same day") }
        }
        return lists
    }

    // MARK: Asking

    /// What it has of a model, also by patterns.
    func lists(provider: String, model: String) -> [PriceList] {
        switch store {
        case .text(let text): text.lists(provider: provider, model: model)
        case .lists(let lists): (lists[provider] ?? []).filter { $0.fit(model) != nil }
        }
    }

    private var all: [(provider: String, list: PriceList)] {
        switch store {
        case .text(let text): (try? text.all()) ?? []
        case .lists(let lists): lists.sortedByKey.flatMap { provider, lists in lists.map { (provider, $0) } }
        }
    }

    /// All of it: hundreds of kilobytes of text are read for that.
    public var rows: [PriceRow] { all.flatMap(\.list.rows) }

    /// `provider/model` of every entry, for suggestions; patterns and other names left out.
    public var models: [String] {
        var seen: TextSet = []
        return all.compactMap { provider, list in
            let name = "\(provider)/\(list.names[0])"
            return list.names[0].endsWithBytes(of: "*") || !seen.insert(name).inserted ? nil : name
        }
    }

    /// The most tokens that a prompt can have, where known: none is counted longer than that.
    public func contextWindow(provider: String, model: String) -> Int? { best(provider, model) { $0.contextWindow } }

    /// What images are billed as, where the vendor documents it.
    public func imageTokens(provider: String, model: String) -> ImageTokens? { best(provider, model) { $0.imageTokens } }

    /// Of the entry that fits most closely, the last one of it.
    private func best<T>(_ provider: String, _ model: String, _ value: (PriceList) -> T?) -> T? {
        let fitting = lists(provider: provider, model: model).compactMap { list in list.fit(model).map { ($0, list) } }
        guard let closest = fitting.map(\.0).max() else { return nil }
        return fitting.last { $0.0 == closest && value($0.1) != nil }.flatMap { value($0.1) }
    }
}
