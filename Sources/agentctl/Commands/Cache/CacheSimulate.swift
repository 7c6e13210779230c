import ArgumentParser
import PromptCaching
import Reports
import Values

struct CacheSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "What a log of requests would have cost under a provider's cache; no model is asked.",
        discussion: """
            Each line of the log is a request with its time: the body as it was sent, or the prompt in blocks or segments by their hashes.
              {"t": "2026-11-30T09:00:00Z", "body": {"model": "claude-opus-5-5", "system": "…", "messages": […]}}
              {"t": 3.5, "in": 71175, "h": [[1, 1112]]}                          runs of blocks of 64 tokens, [first name, number]
              {"timestamp": 3500, "input_length": 6758, "hash_ids": [0, 1, 2]}   blocks of 512 tokens, as Mooncake's traces have them
              {"t": 3.5, "prefix": [["a81f", 700], ["97c0", 200]]}               segments, [hash, tokens]
            Costs are told as shares of what the same requests cost without a cache. Lines need not be in the order of time.
              agentctl cache simulate november.jsonl.gz --rules anthropic-5m
            """)

    @Argument(help: "The log, a JSON object a line, also compressed by gzip; - reads stdin.", completion: .file(extensions: ["jsonl", "gz"])) var trace: String
    @Option(
        help: ArgumentHelp("Whose cache: \(CacheRules.known.map(\.name).joined(separator: ", ")).", valueName: "rules"), completion: .list(CacheRules.known.map(\.name)))
    var rules = "anthropic-5m"
    @Option(help: ArgumentHelp("Who marks prefixes: \(CachePolicy.allCases.map(\.rawValue).joined(separator: ", ")). Without it the text has all.", valueName: "policy"))
    var policy: CachePolicy?
    @Option(help: ArgumentHelp("What a token costs that is read from the cache, as a share of one that is not: 0.1.", valueName: "share")) var readPrice: Double?
    @Option(help: ArgumentHelp("The shortest prefix that is cached, in tokens.", valueName: "number")) var leastTokens: Int?
    @Option(help: ArgumentHelp("The tokens of a block, where the log has blocks.", valueName: "number")) var block: Int?
    @Option(help: ArgumentHelp("How long it takes until what a request writes can be read, such as 2s.", valueName: "span")) var delay: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let readPrice, !(0...1).contains(readPrice) { throw ValidationError("--read-price takes 0 to 1") }
        if let leastTokens, !(0...10_000_000).contains(leastTokens) { throw ValidationError("--least-tokens takes 0 to 10,000,000") }
        if let block, !(1...1_000_000).contains(block) { throw ValidationError("--block takes 1 to 1,000,000") }
    }

    func run() async throws {
        global.apply()
        guard var found = CacheRules.known.first(where: { $0.name.hasSameBytes(as: rules) }) else {
            let names = CacheRules.known.map(\.name)
            throw UsageError("there are no rules '\(rules)'", hint: Suggestion.hint(for: rules, in: names) ?? "there are: \(names.joined(separator: ", "))")
        }
        if let readPrice { found.readPrice = readPrice }
        if let leastTokens { found.leastTokens = leastTokens }
        var seconds = 0.0
        if let delay {
            guard let span = TimeSpan(text: delay) else { throw UsageError("--delay takes a span such as 2s, found '\(delay)'") }
            seconds = Double(span.milliseconds) / 1000
        }
        var reader = CacheTrace(block: block)
        var requests: [CacheRequest] = []
        let lines = try await JSONLines(trace)
        while let line = try lines.next() {
            do throws(CacheTraceError) { requests.append(try reader.request(line.value)) } catch { throw UsageError("\(line.place): \(error)") }
        }
        // Those of one time stay in their order.
        let order = requests.indices.sorted { (requests[$0].time, $0) < (requests[$1].time, $1) }
        let policies = policy.map { [$0] } ?? (json ? [.planned] : CachePolicy.allCases)
        let results = policies.map { policy in
            var simulator = CacheSimulator(rules: found, policy: policy, delay: seconds)
            for index in order { simulator.add(requests[index]) }
            return (policy, simulator.result)
        }
        let report = CacheSimulationReport(results, rules: found)
        Output.write(styled: json ? JSONEncoding.pretty.string(report.json) + "\n" : report.text(style: Output.style))
    }
}

extension CachePolicy: ExpressibleByArgument {}
