import ArgumentParser
import Glibc
import PromptCaching
import Reports
import Values
import WorkflowModel

struct CacheSimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "What a log of requests, or the ledger, would have cost under a provider's cache; no model is asked.",
        discussion: """
            Each line of the log is a request with its time: the body as it was sent, or the prompt in blocks or segments by their hashes.
              {"t": "2026-11-30T09:00:00Z", "body": {"model": "claude-opus-5-5", "system": "…", "messages": […]}}
              {"t": 3.5, "in": 71175, "h": [[1, 1112]]}                          runs of blocks of 64 tokens, [first name, number]
              {"timestamp": 3500, "input_length": 6758, "hash_ids": [0, 1, 2]}   blocks of 512 tokens, as Mooncake's traces have them
              {"t": 3.5, "prefix": [["a81f", 700], ["97c0", 200]]}               segments, [hash, tokens]
            Costs are told as shares of what the same requests cost without a cache. Lines need not be in the order of time.
              agentctl cache simulate november.jsonl.gz --rules anthropic-5m
            Without TRACE, or with the file of a ledger, the calls that are recorded there are the log: their prefixes by their plans, or by the segments of their prompts.
              agentctl cache simulate --since 30d --workflow triage --rules anthropic
            """)

    @Argument(help: "The log, a JSON object a line, also compressed by gzip; - reads stdin. A ledger's file, or nothing for the project's: what is recorded.", completion: .file(extensions: ["jsonl", "gz", "db"])) var trace: String?
    @Option(help: ArgumentHelp("Of a ledger: only this workflow.", valueName: "name")) var workflow: String?
    @Option(help: ArgumentHelp("Of a ledger: only calls begun then or later, a date or a span such as 7d.", valueName: "date|span")) var since: String?
    @Option(help: ArgumentHelp("Of a ledger: only calls begun before.", valueName: "date")) var until: String?
    @Option(help: ArgumentHelp("Of a ledger: only calls with this tag, the step's over the run's.", valueName: "key=value")) var tag: String?
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
        var requests: [CacheRequest] = []
        if let trace, !Self.isLedger(trace) {
            if [workflow, since, until, tag].contains(where: { $0 != nil }) {
                throw UsageError("--workflow, --since, --until and --tag choose calls of a ledger, and \(trace) is none", hint: "leave the file out to take what is recorded")
            }
            requests = try await log(trace)
        } else {
            let selection = try CallFilter(workflow: workflow, since: since, until: until, tag: tag)
            let archive = try ledger()
            let recorded = try await recorded(archive, selection.filter)
            requests = recorded.requests
            if requests.isEmpty, recorded.unknown == 0, !json { return Output.write("the log has no request: " + (try await NothingMatches(archive: archive).text(selection.given, what: "call"))) }
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

extension CacheSimulate {
    private func log(_ path: String) async throws -> [CacheRequest] {
        var reader = CacheTrace(block: block)
        var requests: [CacheRequest] = []
        let lines = try await JSONLines(path)
        while let line = try lines.next() {
            do throws(CacheTraceError) { requests.append(try reader.request(line.value)) } catch { throw UsageError("\(line.place): \(error)") }
        }
        return requests
    }

    private func ledger() throws -> any RunArchive & SpendingArchive {
        var options = global
        if let trace { options.ledger = trace }
        return try Composition(settings: options.settings()).archive()
    }

    /// What the calls of the ledger asked, but for those that only warmed a cache.
    private func recorded(_ archive: any RunArchive & SpendingArchive, _ filter: AuditFilter) async throws -> (requests: [CacheRequest], unknown: Int) {
        var reader = RecordedCacheTrace(archive: archive)
        var requests: [CacheRequest] = []
        var unknown = 0
        try await archive.forEachCachedCall(filter) { calls in
            let found = try await reader.requests(calls.filter { $0.isSelected && !$0.isWarmUp })
            for request in found {
                if let request { requests.append(request) } else { unknown += 1 }
            }
        }
        if unknown > 0 { Output.note("\(unknown) calls are left out: their prompts are not in the ledger any more\n") }
        return (requests, unknown)
    }

    private static func isLedger(_ path: String) -> Bool {
        // What comes through a pipe is read once.
        var info = stat()
        guard path != "-", stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let mark = Array("SQLite format 3\0".utf8)
        var head = [UInt8](repeating: 0, count: mark.count)
        return read(descriptor, &head, head.count) == mark.count && head == mark
    }
}

extension CachePolicy: ExpressibleByArgument {}
