import PromptCaching
import Values

/// Rules of a prompt cache as they are kept with a run.
extension CacheRules {
    var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "entries": Self.json(entries), "least": .int(Int64(leastTokens))]
        object["lifetimes"] = .array(lifetimes.map(\.json))
        object["slots"] = slots.map { .int(Int64($0)) }
        object["read_price"] = .double(readPrice)
        object["control"] = .string(control.rawValue)
        object["look_back"] = lookBack.map { .int(Int64($0)) }
        if canWarmUp { object["warm_up"] = true }
        object["retention"] = retention?.json
        return .object(object)
    }

    init?(json: JSONValue) {
        guard let name = json["name"]?.stringValue, let entries = json["entries"].flatMap(Self.entries), let least = json["least"]?.intValue,
            let list = json["lifetimes"]?.arrayValue, let price = json["read_price"]?.doubleValue, let control = json["control"]?.stringValue.flatMap(CacheControl.init(rawValue:))
        else { return nil }
        let lifetimes = list.compactMap(Lifetime.init(json:))
        let retention = json["retention"].map(Lifetime.init(json:))
        guard lifetimes.count == list.count, !lifetimes.isEmpty, retention == nil || retention! != nil else { return nil }
        self.init(
            name: name, entries: entries, leastTokens: Int(least), lifetimes: lifetimes, readPrice: price, control: control, lookBack: json["look_back"]?.intValue.map(Int.init),
            canWarmUp: json["warm_up"] == true, retention: retention ?? nil)
        slots = json["slots"]?.intValue.map(Int.init)
    }

    private static func json(_ entries: Entries) -> JSONValue {
        switch entries {
        case .marks(let most): ["marks": .int(Int64(most))]
        case .steps(let tokens): ["steps": .int(Int64(tokens))]
        case .units: "units"
        }
    }

    private static func entries(_ json: JSONValue) -> Entries? {
        if json == "units" { return .units }
        if let most = json["marks"]?.intValue { return .marks(most: Int(most)) }
        return json["steps"]?.intValue.map { .steps(Int($0)) }
    }
}

extension CacheRules.Lifetime {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["ms": .int(span.milliseconds), "write_price": .double(writePrice)]
        if !word.isEmpty { object["word"] = .string(word) }
        if isLong { object["long"] = true }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let span = json["ms"]?.intValue, let price = json["write_price"]?.doubleValue else { return nil }
        self.init(span: .milliseconds(span), writePrice: price, word: json["word"]?.stringValue ?? "", isLong: json["long"] == true)
    }
}
