import Values
import WorkflowModel

/// The facts of a run as a replay reads them: in their order, and for each node in a line of its own, process by process.
///
/// What nodes do side by side stands in the record in one of the orders in which it may have happened; what one node does has one order alone.
/// Confined to the replay's executor.
final class ReplayRecord {
    /// What one process did of the run.
    struct Life {
        let facts: Range<Int>
        /// Whether its last fact says how the run ended, or is suspended. Otherwise the process died, or is at work: some of what it did is in no record.
        let hasEnd: Bool
    }

    let run: RunID
    let facts: [EventRecord]
    let lives: [Life]
    private(set) var life: Life
    /// Of the nodes, by their numbers here; 0 is the run itself.
    private(set) var paths: [String] = [""]
    private var numbers: TextTable<Int> = ["": 0]
    private var pathOf: [Int] = []
    /// Where each stands in line: with its node, but for calls that a gate makes side by side.
    private var lineOf: [Int] = []
    /// Of each line, the last that was made.
    private var lasts: [Int: Int] = [:]
    /// The next fact of the same line and life.
    private var next: [Int]
    private var heads: [Int] = [-1]
    private(set) var isMade: [Bool]
    private var cursor = 0
    private var starts: [CallSite: Int] = [:]
    private var ends: [Int: Int] = [:]
    private var begins: [Int: Int] = [:]
    /// Of each node, where it began in this life.
    private var beginnings: [Int: Int] = [:]
    /// Calls with a plan of a cache, by their questions and in their order.
    private var prompts: TextTable<[Int]> = [:]
    /// Held against what the machines make.
    private(set) var compared = 0
    /// Facts that were made and that nobody recorded any more, as their process died.
    private(set) var surplus = 0

    /// Facts that come from elsewhere, at any time: what became of the run, that documents were taken out.
    private static let foreign: TextSet = ["outcome_recorded", "run_pruned", "documents_redacted", "label_recorded", "call_reconciled"]
    private static let none = -1

    /// - Parameter facts: of one run, at least one.
    init(_ run: RunID, _ facts: [EventRecord]) {
        self.run = run
        self.facts = facts
        next = Array(repeating: Self.none, count: facts.count)
        isMade = Array(repeating: false, count: facts.count)
        pathOf.reserveCapacity(facts.count)
        var lives: [Life] = []
        var (start, hasEnd) = (0, false)
        for (index, fact) in facts.enumerated() {
            if fact.kind == "run_resumed", index > 0 {
                lives.append(Life(facts: start..<index, hasEnd: hasEnd))
                (start, hasEnd) = (index, false)
            }
            if fact.kind == "run_ended" { hasEnd = true }
        }
        lives.append(Life(facts: start..<facts.count, hasEnd: hasEnd))
        self.lives = lives
        life = lives[0]
        for (index, fact) in facts.enumerated() {
            pathOf.append(number(of: Self.foreign.contains(fact.kind) ? "" : fact.payload["step"]?.stringValue ?? ""))
            lineOf.append(pathOf[index])
            if fact.kind == "call_started", let site = CallSite(fact.payload) {
                starts[site] = index
                if let call = fact.payload["call"]?.intValue { begins[Int(call)] = index }
            }
            if fact.kind == "call_started", fact.payload["cache"] != nil, let key = RunPrefixes.key(fact.payload) { prompts[key, default: []].append(index) }
            if fact.kind == "call_ended", let call = fact.payload["call"]?.intValue { ends[Int(call)] = index }
        }
        for (index, fact) in facts.enumerated() {
            switch fact.kind {
            case "call_started":
                if fact.payload["purpose"] == "agree", let part = fact.payload["part"]?.stringValue { lineOf[index] = number(of: Self.side(paths[pathOf[index]], part)) }
            case "call_ended", "prefix_released":
                if let call = fact.payload["call"]?.intValue, let start = begins[Int(call)] { lineOf[index] = lineOf[start] }
            default: break
            }
        }
        begin(lives[0])
    }

    /// The line of what a gate asks beside others.
    private static func side(_ path: String, _ part: String) -> String { "\(path)\u{1}\(part)" }

    /// The line that a made fact stands in.
    func line(of fact: RunEvent) -> Int {
        switch fact {
        case .callStarted(let call) where call.purpose == .agree: return number(of: Self.side(call.path, call.part))
        case .callEnded(let end): if let start = begins[end.id.number] { return lineOf[start] }
        case .prefixReleased(let released): if let start = begins[released.call.number] { return lineOf[start] }
        default: break
        }
        return number(of: fact.nodePath)
    }

    /// Begins with what a process did.
    func begin(_ life: Life) {
        self.life = life
        cursor = life.facts.lowerBound
        heads = Array(repeating: Self.none, count: paths.count)
        beginnings.removeAll(keepingCapacity: true)
        lasts.removeAll(keepingCapacity: true)
        for index in life.facts.reversed() {
            if facts[index].kind == "step_started" { beginnings[pathOf[index]] = index }
            if Self.foreign.contains(facts[index].kind) {
                isMade[index] = true
                continue
            }
            next[index] = heads[lineOf[index]]
            heads[lineOf[index]] = index
        }
        // The journal made it when the run was taken over.
        if facts[life.facts.lowerBound].kind == "run_resumed" { advance(life.facts.lowerBound) }
    }

    /// The number of a node here.
    func number(of path: String) -> Int {
        if let known = numbers[path] { return known }
        numbers[path] = paths.count
        paths.append(path)
        heads.append(Self.none)
        return paths.count - 1
    }

    func path(_ index: Int) -> Int { pathOf[index] }

    // MARK: What is to come

    /// The first fact of this life that nothing has made yet.
    func first() -> Int? {
        while cursor < life.facts.upperBound, isMade[cursor] { cursor += 1 }
        return cursor < life.facts.upperBound ? cursor : nil
    }

    /// The first of a node that nothing has made yet.
    func head(_ path: Int) -> Int? { heads[path] == Self.none ? nil : heads[path] }

    /// The first of a node, of those that nothing has made yet, that is of a kind.
    func ahead(_ path: Int, where matches: (Int, EventRecord) -> Bool) -> Int? {
        var index = heads[path]
        while index != Self.none {
            if matches(index, facts[index]) { return index }
            index = next[index]
        }
        return nil
    }

    func start(at site: CallSite) -> Int? { starts[site] }
    func end(of call: Int) -> Int? { ends[call] }
    func started(_ call: Int) -> EventRecord? { begins[call].map { facts[$0] } }

    /// Whether a node may not have begun yet when another one asked for a call: what tells of it stands behind the last fact of that one, or comes
    /// only with its own first call.
    func mayBegin(_ path: String, behind other: String) -> Bool {
        let number = number(of: path)
        let last = lasts[self.number(of: other)] ?? Self.none
        return head(number).map { facts[$0].kind == "step_started" } == true || beginnings[number].map { $0 > last } == true
    }

    /// How many calls of a question stand in front of a fact.
    func prompts(_ key: String, before index: Int) -> Int {
        // In their order: each call asks this.
        guard let places = prompts[key] else { return 0 }
        var range = places.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = places[middle] < index ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    /// The wish to stop that stands at a place, where it came before anything had begun: nothing of what follows tells of a node that had.
    func stopBefore(_ index: Int) -> RunEvent? {
        guard life.facts.contains(index), facts[index].kind == "interrupt_requested" || facts[index].kind == "cancel_requested" else { return nil }
        let next = index + 1
        if life.facts.contains(next), !["step_cancelled", "step_skipped", "run_ended"].contains(facts[next].kind) { return nil }
        return try? event(index)
    }

    /// Of the life that is being replayed, and not made.
    func isAhead(_ index: Int?) -> Bool { index.map { life.facts.contains($0) && !isMade[$0] } ?? false }

    /// The first of its node, which it is, is made.
    func advance(_ index: Int) {
        isMade[index] = true
        heads[lineOf[index]] = next[index]
        lasts[lineOf[index]] = index
    }

    func hasCompared() { compared += 1 }
    func isBeyond() { surplus += 1 }

    func event(_ index: Int) throws(EventDecodingError) -> RunEvent { try RunEvent(kind: facts[index].kind, payload: facts[index].payload, run: run) }
}

extension CallSite {
    /// Of a `call_started`.
    init?(_ payload: JSONValue) {
        guard let path = payload["step"]?.stringValue, let tier = payload["tier"]?.stringValue, let ordinal = payload["ordinal"]?.intValue else { return nil }
        self.init(path: path, tier: tier, part: payload["part"]?.stringValue ?? "", ordinal: Int(ordinal))
    }
}

extension EventRecord {
    /// Whether a node ends, or leaves what it was at, with it.
    var isEndOfNode: Bool {
        switch kind {
        case "step_succeeded", "step_failed", "step_recovered", "step_cancelled", "step_skipped": true
        default: false
        }
    }

    var failure: StepFailure? { payload["failure"].flatMap(StepFailure.init(json:)) }
}
