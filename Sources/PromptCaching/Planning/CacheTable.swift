import CCacheTable
import Values

/// What vendors say of their prompt caches, by kind and model: dated data, lines of JSON. The first line names the table's version; the others are
///
/// - a cache: `{"cache": "anthropic", "control": …, "entries": {"marks": 4}, "least_tokens": …, "lifetimes": […], "read": 0.1, "as_of": …, "source": …}`, with the `hosts` at which it is found,
///   how many blocks it looks back, and the APIs by which a prompt can be written without an answer (`warm_up`). A lifetime may hold for some `apis` alone;
/// - what differs by model: `{"cache": "anthropic", "models": ["claude-opus-5", …], "least_tokens": 512, …}`. The name that fits most closely holds, and what it does not say is the cache's. `is` names
///   another cache that these models have;
/// - a name for the simulator: `{"rules": "anthropic-5m", "cache": "anthropic", "only": ["5m"]}`.
public struct CacheTable: Sendable {
    /// What is said of a cache, or of some models of it.
    public struct Row: Sendable, Hashable {
        /// A ``CacheKind``'s word, or the name of one that nothing here speaks.
        public let cache: String
        /// Names of models, by ``NameFit``; empty: of all.
        public let models: [String]
        public let leastTokens: Int?
        public let readPrice: Double?
        /// Of which day it is, and where it was read.
        public let asOf: String
        public let source: String
        /// Where sources differ, or something was taken to be so.
        public let note: String?
        fileprivate let fields: JSONObject
    }

    public let version: String
    public let rows: [Row]
    /// Those that the simulator knows by name, in order.
    public let named: [CacheRules]

    /// The table of this build.
    public static let shipped: CacheTable = {
        var count = 0
        guard let start = cache_table(&count) else { preconditionFailure("the program has no table of prompt caches") }
        // The data is part of the binary and a test reads it: failing here means a broken build.
        do { return try CacheTable(lines: UnsafeRawBufferPointer(start: start, count: count)) } catch { preconditionFailure("the table of prompt caches is unreadable: \(error)") }
    }()

    /// - Throws: `JSONParseError` of a line, or what is wrong with it.
    init(lines: UnsafeRawBufferPointer) throws {
        var objects: [JSONObject] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) where !line.isEmpty {
            guard let object = try JSONParser.parse(Array(line)).objectValue else { throw CacheTableError("a line is no object") }
            objects.append(object)
        }
        guard let version = objects.first?["version"]?.stringValue else { throw CacheTableError("the first line names no version") }
        self.version = version
        var rows: [Row] = []
        for object in objects.dropFirst() where object["rules"] == nil {
            guard let cache = object["cache"]?.stringValue, let asOf = object["as_of"]?.stringValue, let source = object["source"]?.stringValue else {
                throw CacheTableError("a line has no cache, as_of or source")
            }
            rows.append(
                Row(
                    cache: cache, models: object["models"]?.texts ?? [], leastTokens: object["least_tokens"]?.intValue.map { Int($0) }, readPrice: object["read"]?.doubleValue, asOf: asOf,
                    source: source, note: object["note"]?.stringValue, fields: object))
        }
        self.rows = rows
        var named: [CacheRules] = []
        for object in objects.dropFirst() {
            guard let name = object["rules"]?.stringValue else { continue }
            guard let cache = object["cache"]?.stringValue, let row = rows.first(where: { $0.cache.hasSameBytes(as: cache) && $0.models.isEmpty }),
                let rules = Self.rules(name: name, row, nil, api: nil, only: object["only"]?.texts)
            else { throw CacheTableError("the rules '\(name)' are of no cache") }
            var own = rules
            if let least = object["least_tokens"]?.intValue { own.leastTokens = Int(least) }
            named.append(own)
        }
        self.named = named
    }

    // MARK: Asking

    /// The rules of a model; `nil` for ``CacheKind/none`` and ``CacheKind/auto``.
    ///
    /// - Parameters:
    ///   - model: the id on the wire, or that of the model whose prices it has.
    ///   - api: the word of the API that it is asked by: `anthropic`, `openai-chat`, `openai-responses`.
    public func rules(_ kind: CacheKind, model: String, api: String) -> CacheRules? { rules(kind.rawValue, model: model, api: api) }

    private func rules(_ cache: String, model: String, api: String) -> CacheRules? {
        guard let general = rows.first(where: { $0.cache.hasSameBytes(as: cache) && $0.models.isEmpty }) else { return nil }
        let own = row(cache, model)
        if let other = own?.fields["is"]?.stringValue { return rules(other, model: model, api: api) }
        return Self.rules(name: cache, general, own, api: api, only: nil)
    }

    /// The row of a model's own, if there is one.
    public func row(_ cache: String, _ model: String) -> Row? {
        var closest: (fit: NameFit, row: Row)?
        for row in rows where row.cache.hasSameBytes(as: cache) {
            for name in row.models {
                guard let fit = NameFit(name: name, model: model), closest.map({ $0.fit < fit }) ?? true else { continue }
                closest = (fit, row)
            }
        }
        return closest?.row
    }

    /// The cache at an address, by its host.
    public func kind(ofHost host: String) -> CacheKind? {
        let host = host.lowercased()
        return rows.first { $0.fields["hosts"]?.texts?.contains(where: host.hasSameBytes) == true }.flatMap { CacheKind(rawValue: $0.cache) }
    }

    /// The lifetimes that a kind has, whatever the model and the API; of all kinds for ``CacheKind/auto``. The shortest first.
    public func spans(of kind: CacheKind) -> [TimeSpan] {
        // Which of OpenAI's a model has is known by its name.
        let caches = kind == .openai ? [kind.rawValue, CacheKind.openaiBreakpoints.rawValue] : [kind.rawValue]
        let lifetimes = rows.filter { kind == .auto || caches.contains($0.cache) }.flatMap { $0.fields["lifetimes"]?.arrayValue ?? [] }
        return Set(lifetimes.compactMap { $0["seconds"]?.intValue.map(TimeSpan.seconds) }).sorted()
    }

    // MARK: Reading

    private static func rules(name: String, _ general: Row, _ own: Row?, api: String?, only: [String]?) -> CacheRules? {
        func field(_ key: String) -> JSONValue? { own?.fields[key] ?? general.fields[key] }
        guard let control = field("control")?.stringValue.flatMap(CacheControl.init), let least = field("least_tokens")?.intValue, let read = field("read")?.doubleValue else { return nil }
        let entries: CacheRules.Entries
        if let most = field("entries")?["marks"]?.intValue {
            entries = .marks(most: Int(most))
        } else if let step = field("entries")?["steps"]?.intValue {
            entries = .steps(Int(step))
        } else {
            entries = .units
        }
        func isHere(_ apis: JSONValue?) -> Bool { api.map { api in apis?.texts?.contains(where: api.hasSameBytes) ?? true } ?? true }
        let lifetimes = (field("lifetimes")?.arrayValue ?? []).filter { lifetime in
            isHere(lifetime["apis"]) && only.map { only in lifetime["name"]?.stringValue.map(only.contains) == true } ?? true
        }.compactMap(Self.lifetime)
        guard !lifetimes.isEmpty else { return nil }
        return CacheRules(
            name: name, entries: entries, leastTokens: Int(least), lifetimes: lifetimes, readPrice: read, control: control, lookBack: field("look_back")?.intValue.map { Int($0) },
            canWarmUp: field("warm_up") != nil && isHere(field("warm_up")), retention: field("retention").flatMap(Self.lifetime))
    }

    private static func lifetime(_ json: JSONValue) -> CacheRules.Lifetime? {
        guard let seconds = json["seconds"]?.intValue else { return nil }
        return CacheRules.Lifetime(
            span: .seconds(seconds), writePrice: json["write"]?.doubleValue ?? 1, word: json["name"]?.stringValue ?? "", isLong: json["is_long"] == true)
    }
}

/// What is wrong with a table of prompt caches.
struct CacheTableError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    fileprivate var texts: [String]? { arrayValue?.compactMap(\.stringValue) }
}
