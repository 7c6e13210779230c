import PromptCaching
import Values

extension CachePlan {
    /// `{"rules":…,"least":…,"space":…,"ends":[…],"cached":…,"marks":[…],"held_out":…}`; what is empty or false is absent.
    public var json: JSONValue {
        var object: JSONObject = ["rules": .string(rules), "least": .int(Int64(leastTokens)), "space": .string(Self.hex(space))]
        object["ends"] = .array(
            ends.map { end in
                [
                    "segment": .int(Int64(end.segment)), "prefix": .string(Self.hex(end.name)), "tokens": .int(Int64(end.tokens)), "class": .string(end.stability.name),
                    "reads": .array(end.reads.map { .int(Int64($0)) }),
                ]
            })
        object["cached"] = .int(Int64(cached))
        if !marks.isEmpty { object["marks"] = .array(marks.map { ["end": .int(Int64($0.end)), "seconds": .int($0.lifetime.milliseconds / 1000)] }) }
        if isHeldOut { object["held_out"] = true }
        return .object(object)
    }

    /// `nil` when it is not of that form.
    public init?(json: JSONValue) {
        func count(_ value: JSONValue?, upTo most: Int = Self.mostTokens) -> Int? { value?.intValue.flatMap { 0...Int64(most) ~= $0 ? Int($0) : nil } }
        guard let rules = json["rules"]?.stringValue, let least = count(json["least"]), let space = json["space"]?.stringValue.flatMap(Self.number(hex:)),
            let cached = count(json["cached"]), let list = json["ends"]?.arrayValue
        else { return nil }
        var ends: [End] = []
        for end in list {
            guard let segment = count(end["segment"]), let name = end["prefix"]?.stringValue.flatMap(Self.number(hex:)), let tokens = count(end["tokens"]),
                let stability = end["class"]?.stringValue.flatMap({ name in StabilityClass.allCases.first { $0.name == name } }), let reads = end["reads"]?.arrayValue
            else { return nil }
            let counts = reads.compactMap { count($0, upTo: Self.mostReads * 2) }
            guard counts.count == reads.count, tokens >= ends.last?.tokens ?? 0 else { return nil }
            ends.append(End(segment: segment, name: name, tokens: tokens, stability: stability, reads: counts))
        }
        var marks: [Mark] = []
        for mark in json["marks"]?.arrayValue ?? [] {
            guard let end = count(mark["end"]), ends.indices.contains(end), let seconds = count(mark["seconds"]) else { return nil }
            marks.append(Mark(end: end, lifetime: .seconds(Int64(seconds))))
        }
        self.init(rules: rules, leastTokens: least, space: space, ends: ends, cached: cached, marks: marks, isHeldOut: json["held_out"] == true)
    }

    /// 16 digits.
    public static func hex(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }

    public static func number(hex text: String) -> UInt64? { text.utf8.count == 16 ? UInt64(text, radix: 16) : nil }
}
