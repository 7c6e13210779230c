import Values

/// What is known of an answer beside what it says, whether a check went by it or not: gates are tuned with it afterwards.
public struct AnswerSignals: Sendable, Hashable {
    /// Figures over the log-probabilities of tokens, natural logarithms.
    public struct Logprobs: Sendable, Hashable {
        /// Of all together; e to the power of it is their probability.
        public let sum: Double
        /// Of the least likely token.
        public let lowest: Double
        /// ``sum`` over ``tokens``.
        public let mean: Double
        /// The ceil(n / 10)-th smallest of n.
        public let p10: Double
        /// The least distance of a token to the next likely one; `nil`: the server told of no others.
        public let margin: Double?
        /// How many were looked at.
        public let tokens: Int

        public init(sum: Double, lowest: Double, mean: Double, p10: Double, margin: Double?, tokens: Int) {
            self.sum = sum
            self.lowest = lowest
            self.mean = mean
            self.p10 = p10
            self.margin = margin
            self.tokens = tokens
        }
    }

    /// The length of the text in UTF-8.
    public let bytes: Int
    /// Why it ended, in the server's own word where that is none that is known; `nil`: it was not told.
    public let finish: String?
    /// `nil`: there is no schema, or the answer was not held against it.
    public let matchesSchema: Bool?
    /// Of the whole answer; `nil`: the server told none, or they do not belong to its text.
    public let logprobs: Logprobs?
    /// Of what checks of log-probabilities look at, where that is a part of the answer, by the name of the check, in the order of the file.
    public let parts: [Part]

    /// A part of the answer that a check looks at.
    public struct Part: Sendable, Hashable {
        public let check: String
        public let logprobs: Logprobs

        public init(check: String, logprobs: Logprobs) {
            self.check = check
            self.logprobs = logprobs
        }
    }

    public init(bytes: Int, finish: String? = nil, matchesSchema: Bool? = nil, logprobs: Logprobs? = nil, parts: [Part] = []) {
        self.bytes = bytes
        self.finish = finish
        self.matchesSchema = matchesSchema
        self.logprobs = logprobs
        self.parts = parts
    }
}

extension AnswerSignals.Logprobs {
    public var json: JSONValue {
        var object: JSONObject = ["sum": .double(sum), "min": .double(lowest), "mean": .double(mean), "p10": .double(p10)]
        if let margin { object["margin"] = .double(margin) }
        object["tokens"] = .int(Int64(tokens))
        return .object(object)
    }

    /// As ``json`` writes it; `nil` for anything else.
    public init?(json: JSONValue) {
        func number(_ key: String) -> Double? { json[key]?.doubleValue }
        guard let sum = number("sum"), let lowest = number("min"), let mean = number("mean"), let p10 = number("p10"),
            let tokens = json["tokens"]?.intValue.flatMap({ Int(exactly: $0) }), tokens > 0, json["margin"] == nil || number("margin") != nil
        else { return nil }
        self.init(sum: sum, lowest: lowest, mean: mean, p10: p10, margin: number("margin"), tokens: tokens)
    }
}

extension AnswerSignals {
    /// ``parts`` as an object by the names of checks; `nil` without any.
    public var partsJSON: JSONValue? {
        if parts.isEmpty { return nil }
        var object = JSONObject()
        for part in parts { object[part.check] = part.logprobs.json }
        return .object(object)
    }

    /// As ``partsJSON`` writes them; `nil` for anything else.
    public static func parts(json: JSONValue) -> [Part]? {
        guard let object = json.objectValue else { return nil }
        var parts: [Part] = []
        for (name, value) in object {
            guard let logprobs = Logprobs(json: value) else { return nil }
            parts.append(Part(check: String(name), logprobs: logprobs))
        }
        return parts
    }

    public var json: JSONValue {
        var object: JSONObject = ["bytes": .int(Int64(bytes))]
        if let finish { object["finish"] = .string(finish) }
        if let matchesSchema { object["schema"] = .bool(matchesSchema) }
        if let logprobs { object["logprobs"] = logprobs.json }
        if let partsJSON { object["parts"] = partsJSON }
        return .object(object)
    }

    /// As ``json`` writes them; `nil` for anything else.
    public init?(json: JSONValue) {
        guard let bytes = json["bytes"]?.intValue.flatMap({ Int(exactly: $0) }), 0...(1 << 53) ~= bytes else { return nil }
        let logprobs = json["logprobs"].map(Logprobs.init(json:))
        let parts = json["parts"].map(Self.parts(json:))
        if case .some(.none) = logprobs { return nil }
        if case .some(.none) = parts { return nil }
        if let finish = json["finish"], finish.stringValue == nil { return nil }
        if let schema = json["schema"], schema.boolValue == nil { return nil }
        self.init(
            bytes: bytes, finish: json["finish"]?.stringValue, matchesSchema: json["schema"]?.boolValue, logprobs: logprobs ?? nil, parts: (parts ?? nil) ?? [])
    }
}
