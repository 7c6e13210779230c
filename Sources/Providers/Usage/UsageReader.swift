import Economics
import Values
import WorkflowModel

/// Reads what an answer says of its tokens: the one place for whole answers and streams, whatever the spelling.
///
/// Fed with documents or chunks in any order; the order changes nothing. The rules:
/// - Counts grow and are cumulative: of each the largest counts. What one object tells, no other takes back by leaving it out or by
///   saying zero.
/// - A count that cannot be true never settles: no prompt has no tokens, no text has none, no token is longer than 128 bytes or shorter than one, nothing
///   is larger than the whole that it is part of, no running count shrinks while another grows. The call is then an estimate that says why.
/// - What a total tells beyond its parts is not free: it is output that nobody explained.
/// - Zero is not missing: a reported zero of cached or reasoning tokens is known.
struct UsageReader {
    /// Those that say something which no other says: one, in most answers.
    private var objects: [(object: UsageObject, raw: JSONValue)] = []
    /// Whether an answer was counted before it was written, and whether behind.
    private var (hasRunningOutput, hasLastOutput) = (false, false)
    private var timings: UsageObject?
    private var timingsRaw: JSONValue?
    /// One that counts nothing, and what is wrong with it.
    private var empty: JSONValue?
    private var emptyDoubt: String?
    /// What the server says that the call cost; of several the largest.
    private var reported: ReportedCost?

    /// A server that sends more kinds of counts than this sends anything.
    private static let most = 16
    private static let longestRaw = 65_536
    /// No vocabulary in use has a longer token.
    static let longestToken = 128
    /// What a server may put around a prompt that is no part of the request, in tokens: its own words, tools that it adds.
    static let mostAround = 262_144
    /// No text in use has more in a token, over all of it.
    private static let commonToken = 16
    /// How many objects told something.
    private(set) var told = 0
    /// No call has as many tokens.
    private let limit: Int64
    private let convention: UsageConvention

    init(_ convention: UsageConvention = .unknown, limit: Int64 = UsageFields.usualLimit) {
        self.convention = convention
        self.limit = limit
    }

    /// Takes what a document, or a chunk of a stream, tells of usage, wherever it stands in it.
    ///
    /// `usage`; in Groq's `x_groq`, in Moonshot's choice, in any choice's message and in an error; Gemini's `usageMetadata`; in Anthropic's `message_start`; in OpenAI's
    /// `response.completed`; at the top of Ollama's own answers; llama.cpp's `timings`.
    mutating func take(answer: JSONValue) {
        guard case .object(let fields) = answer else { return }
        // Of most answers two fields have members, and all that is looked for here stands in one of those.
        var holders: [(name: String, value: JSONValue)] = []
        var isOllama = false
        fields.forEachPair { name, value in
            if name.utf8.count == 10 || name.utf8.count == 17 { isOllama = isOllama || name == "eval_count" || name == "prompt_eval_count" }
            switch value {
            case .object, .array: holders.append((name, value))
            case .null, .bool, .int, .bigInt, .double, .string: break
            }
        }
        func held(_ name: String) -> JSONValue? { holders.first { $0.name == name }?.value }
        if let usage = held("usage") { take(usage, service: fields["service_tier"]?.stringValue) }
        if let usage = held("x_groq")?["usage"] { take(usage) }
        if let usage = held("usageMetadata") ?? held("usage_metadata") { take(usage) }
        if let usage = held("message")?["usage"] {
            // Anthropic's `message_start`: the counts of the prompt, and of an answer that is not written yet.
            take(usage, isRunning: true)
        } else if let response = held("response"), let usage = response["usage"] {
            let status = response["status"]?.stringValue
            take(usage, service: response["service_tier"]?.stringValue, isRunning: status == "in_progress" || status == "queued")
        }
        if let usage = held("error")?["usage"] { take(usage) }
        if case .array(let choices)? = held("choices") {
            for case .object(let choice) in choices {
                if let usage = choice["usage"] { take(usage) }
                if let usage = choice["message"]?["usage"] { take(usage) }
                if let usage = choice["delta"]?["usage"] { take(usage) }
            }
        }
        if isOllama {
            // Only the counts: the rest is the answer.
            take(.object(JSONObject(fields.filter { $0.key.hasSuffix("_count") || $0.key.hasSuffix("_duration") }.map { ($0.key, $0.value) })))
        }
        if let timings = held("timings") { take(timings: timings) }
    }

    /// Takes a member whose place another one took: what it tells of usage was told.
    mutating func take(replaced member: JSONParser.ReplacedMember) {
        let object = JSONValue.object([member.key: member.value])
        take(answer: object)
        // A member of a usage object.
        if UsageObject(object) != nil { take(object) }
    }

    /// Takes a usage object, or a list of them.
    ///
    /// - Parameters:
    ///   - service: what the answer around it says of its service tier.
    ///   - isRunning: whether the answer is not written yet, so that its count is no last word.
    mutating func take(_ raw: JSONValue, service: String? = nil, isRunning: Bool = false) {
        if case .array(let list) = raw {
            for case .object(let one) in list.prefix(Self.most) { take(.object(one), service: service, isRunning: isRunning) }
            return
        }
        guard let object = UsageObject(raw, convention, service: service, limit: limit) else {
            if case .object = raw { empty = empty ?? raw }
            return
        }
        if let told = object.reported { reported = told.joined(reported) }
        if object.isEmpty {
            if object.doubt != nil || emptyDoubt == nil { empty = raw }
            emptyDoubt = emptyDoubt ?? object.doubt
            return
        }
        told += 1
        if object.counts.output != nil {
            if isRunning { hasRunningOutput = true } else { hasLastOutput = true }
        }
        if objects.contains(where: { $0.object.covers(object) && !object.covers($0.object) }) { return }
        // Of two that count the same, the one without a doubt, and the one that tells whose they are.
        if objects.contains(where: { $0.object.counts == object.counts && $0.object.doubt == nil && (object.shares.isEmpty || !$0.object.shares.isEmpty) }) { return }
        objects.removeAll { object.covers($0.object) }
        if objects.count < Self.most { objects.append((object, raw)) }
    }

    private mutating func take(timings raw: JSONValue) {
        guard let object = UsageObject(timings: raw) else { return }
        told += 1
        guard timings.map(object.covers) ?? true else { return }
        timings = object
        timingsRaw = raw
    }

    /// As it came; a list where several objects told something.
    var raw: String? {
        let text: String? =
            switch (objects.count, emptyDoubt) {
            case (0, _): (empty ?? timingsRaw)?.jsonText
            case (1, nil): objects[0].raw.jsonText
            // One that counts nothing and cannot be true is a part of what was said.
            default: JSONValue.array(objects.map(\.raw) + (emptyDoubt == nil ? [] : [empty].compactMap(\.self))).jsonText
            }
        guard let text, text.utf8.count > Self.longestRaw else { return text }
        // What is longer than any count is not kept; that there was more is.
        return JSONValue.string(String(text.prefix(1000)) + "…").jsonText
    }

    /// What the answer used.
    ///
    /// - Parameters:
    ///   - promptBytes: of the text of the prompt.
    ///   - mostInput: the most tokens that its prompt can have, by its bytes; `nil`: it is not known, as of one with files.
    ///   - outputBytes: of all that the model wrote and that was received.
    ///   - bytesBehind: of these, what came behind the last counts.
    ///   - missingCacheIsUnknown: whether a server that names no cached tokens does not count them; otherwise it had none.
    ///   - restIsReasoning: whether what a total tells beyond its parts is known to be reasoning.
    func reading(promptBytes: Int, mostInput: Int? = nil, outputBytes: Int, bytesBehind: Int = 0, missingCacheIsUnknown: Bool, restIsReasoning: Bool = false) -> UsageReading {
        var counts = objects.reduce(TokenCounts.none) { $0.joined($1.object.counts) }
        var doubt = objects.lazy.compactMap(\.object.doubt).first ?? emptyDoubt
        let isContradicted = objects.indices.contains { first in
            objects[(first + 1)...].contains { $0.object.contradicts(objects[first].object) }
        }
        if isContradicted { doubt = doubt ?? "its counts contradict each other" }

        // llama.cpp's own counts stand in for those that its usage lacks.
        if let timings {
            func joined(_ told: Int?, _ own: Int?, isWhole: Bool, _ what: String) -> Int? {
                guard let told, let own else { return told ?? own }
                if told > 0, own > 0, told != own, isWhole || own > told { doubt = doubt ?? "its timings count \(own) tokens of \(what), and its usage \(told)" }
                return max(told, own)
            }
            doubt = doubt ?? timings.doubt
            // Older servers time only what of the prompt was not cached, and do not say how much was.
            counts.input = joined(counts.input, timings.counts.input, isWhole: timings.isOfWholePrompt, "the prompt")
            counts.output = joined(counts.output, timings.counts.output, isWhole: true, "the answer")
            if counts.cacheRead == nil, let read = timings.counts.cacheRead, counts.input.map({ read <= $0 }) ?? false { counts.cacheRead = read }
        }
        if let read = counts.cacheRead, let input = counts.input, read + (counts.cacheWrite ?? 0) > input {
            counts.input = read + (counts.cacheWrite ?? 0)
            doubt = doubt ?? "its cached tokens are more than its prompt"
        }

        // Whole counts that cannot be true are none.
        var missing: [String] = []
        if let input = counts.input, input == 0 || input < promptBytes / Self.longestToken {
            if !objects.isEmpty, doubt == nil { doubt = "a prompt of \(input) tokens cannot be" }
            counts.input = nil
        }
        if let input = counts.input, let mostInput, input - Self.mostAround > mostInput { doubt = doubt ?? "a prompt of \(input) tokens cannot be: it has \(promptBytes) bytes" }
        if let output = counts.output, outputBytes > 0, output == 0 || output < outputBytes / Self.longestToken {
            if !objects.isEmpty, doubt == nil { doubt = "an answer of \(output) tokens cannot be" }
            counts.output = nil
        }
        if outputBytes > 0, hasRunningOutput, !hasLastOutput, timings?.counts.output == nil {
            doubt = doubt ?? "its answer was counted before it was written, and not behind"
        }
        // A running count that stopped before the text did.
        if let output = counts.output, bytesBehind / Self.commonToken > output { doubt = doubt ?? "\(bytesBehind) bytes of text came behind its counts" }
        if counts.input == nil { missing.append("the prompt") }
        if counts.output == nil { missing.append("the answer") }
        if let usage = counts.usage, let total = counts.total, total > usage.total, restIsReasoning {
            counts.output = usage.totalOutput + total - usage.total
            counts.reasoning = (counts.reasoning ?? 0) + total - usage.total
        } else if let usage = counts.usage, let total = counts.total, total > usage.total {
            doubt = doubt ?? "its total tells of \(total - usage.total) tokens more than its parts, which are charged as output"
        }
        if !missingCacheIsUnknown, counts.input != nil { counts.cacheRead = counts.cacheRead ?? 0 }

        // Whose tokens they are is told of all of them, or of none.
        var shares: [UsageShare] = []
        if let telling = objects.first(where: { !$0.object.shares.isEmpty })?.object {
            if let usage = counts.usage, usage.totalInput == telling.counts.input, usage.totalOutput == telling.counts.output, doubt == nil {
                shares = telling.shares
            } else {
                doubt = doubt ?? "its iterations and its counts differ"
            }
        }

        let note: CallNote? =
            if let doubt {
                CallNote(.usageDoubtful, "the usage is not taken as final: \(doubt)")
            } else if !missing.isEmpty {
                CallNote(.usageMissing, raw == nil ? "the server did not say what the call used" : "the usage does not count \(missing.joined(separator: " and "))")
            } else { nil }
        return UsageReading(counts: counts, note: note, raw: raw, shares: shares, reported: reported)
    }
}

/// What an answer used, as far as it told.
struct UsageReading: Equatable {
    /// At least so much.
    let counts: TokenCounts
    /// Why the counts are not final; `nil` where they are, once the answer's end was announced.
    let note: CallNote?
    let raw: String?
    /// What the models did of it, where several worked on the answer.
    var shares: [UsageShare] = []
    /// What the server says that the call cost.
    var reported: ReportedCost?

    var isFinal: Bool { note == nil && counts.usage != nil }
}
