import Economics
import Values
import WorkflowModel

/// Replays the reservations of one run under another cap, in the order of its facts, as a ledger compares them.
///
/// At the first call that is refused it ends: what a run does then is in no record. A call that would have had to wait is taken in when others have ended.
public struct CapReplay {
    private struct Waiting {
        let call: Int
        let asked: Int64
        let room: Int64
    }

    private let cap: Int64
    private let countsTokens: Bool
    private let run: RunID
    private var projection: Projection
    private var held: Int64 = 0
    private var open: [Int: Int64] = [:]
    private var openSum: Int64 = 0
    private var waiting: [Waiting] = []
    private var purposes: [Int: CallPurpose] = [:]
    private var paths: [Int: String] = [:]
    /// Numbers of the calls that began before anything was refused.
    public private(set) var begun: Set<Int> = []
    /// Numbers of calls for comparison or for a cache that are not made.
    public private(set) var asides: Set<Int> = []
    /// The first call that is refused, and its step's path; nothing behind it is looked at.
    public private(set) var refused: (call: Int, step: String)?
    /// Whether the record does not tell what a call held of what the cap is of: it was made under no such cap, or has no price.
    public private(set) var lacksHolds = false
    /// Whether the record has a call that was refused.
    public private(set) var wasRefused = false

    public init(run: RunID, maxCost: Money) {
        self.init(run: run, cap: maxCost.picoDollars, countsTokens: false)
    }

    public init(run: RunID, maxTokens: Int) {
        self.init(run: run, cap: Int64(maxTokens), countsTokens: true)
    }

    private init(run: RunID, cap: Int64, countsTokens: Bool) {
        self.run = run
        self.cap = cap
        self.countsTokens = countsTokens
        projection = Projection(run: run)
    }

    /// The kinds of facts that it reads.
    public static let kinds = ["call_started", "call_ended", "call_refused", "run_resumed"]

    public mutating func add(_ record: EventRecord) throws {
        guard refused == nil else { return }
        let fact = try RunEvent(kind: record.kind, payload: record.payload, run: run)
        switch fact {
        case .callRefused(_, let refusal): if refusal.scope == BudgetRefusal.runScope { wasRefused = true }
        case .callStarted(let call): begin(call)
        case .callEnded(let end): if let call = projection.openCalls[end.id.number] { finish(end, call) }
        case .runResumed(let resumed):
            // What lost calls hold is spent.
            for number in resumed.lost { release(number) }
        default: break
        }
        try projection.take(fact)
    }

    private mutating func begin(_ call: CallStarted) {
        // It draws on nothing.
        begun.insert(call.id.number)
        guard let asked = countsTokens ? call.tokens.map({ Int64($0.held) }) : call.held?.picoDollars else {
            lacksHolds = true
            return
        }
        let room = countsTokens ? Int64(call.tokens?.room ?? 0) : call.room?.picoDollars ?? 0
        purposes[call.id.number] = call.purpose
        paths[call.id.number] = call.path
        place(Waiting(call: call.id.number, asked: asked, room: room))
    }

    /// As the counters of a ledger say: it fits, it would if what is in flight cost nothing, or it never will.
    private mutating func place(_ call: Waiting) {
        let most = cap.subtractingClamped(call.asked.addingClamped(call.room))
        if held <= most {
            held = held.addingClamped(call.asked)
            openSum = openSum.addingClamped(call.asked)
            open[call.call] = call.asked
        } else if openSum > 0, held - openSum <= most {
            waiting.append(call)
        } else if purposes[call.call]?.isAside == true {
            begun.remove(call.call)
            asides.insert(call.call)
        } else {
            begun.remove(call.call)
            refused = (call.call, NodePath.step(paths[call.call] ?? ""))
        }
    }

    private mutating func finish(_ end: CallEnded, _ call: Projection.OpenCall) {
        let number = end.id.number
        if asides.contains(number) { return }
        // It came to its end in the record before the others did.
        if let place = waiting.firstIndex(where: { $0.call == number }) {
            let late = waiting.remove(at: place)
            held = held.addingClamped(late.asked)
            openSum = openSum.addingClamped(late.asked)
            open[number] = late.asked
        }
        guard let asked = open[number] else { return }
        let kept = countsTokens ? call.tokens.map { Int64(end.heldTokens(of: $0.held) ?? 0) } : end.held(of: call.held)?.picoDollars
        held = held.subtractingClamped(asked).addingClamped(kept ?? 0)
        release(number)
    }

    private mutating func release(_ number: Int) {
        guard let asked = open.removeValue(forKey: number) else { return }
        openSum -= asked
        let line = waiting
        waiting = []
        for call in line where refused == nil { place(call) }
    }
}
