import Values
import WorkflowModel

/// Somebody who waits for what the world says next, which is in the record. Confined to the replay's executor.
final class ReplayWaiter {
    enum Asked {
        /// The intent of a call is to be durable.
        case intent(CallStarted, JournalEntry, UnsafeContinuation<Result<JournalReply, JournalError>, Never>)
        /// A call is made.
        case call(Int, UnsafeContinuation<Void, Never>)
        /// The tokens of a prompt are asked for.
        case count(Int, UnsafeContinuation<TokenCountResult, Never>)
        /// Time goes by; the answer is whether it is over.
        case time(EngineWait, UnsafeContinuation<Bool, Never>)
        /// An answer of before would do.
        case recall(UnsafeContinuation<(answer: RememberedAnswer, how: MemoHit.How)?, Never>)
        case program(attempt: Int, UnsafeContinuation<CommandResult, Never>)
        case verifier(tier: String, check: String, UnsafeContinuation<CheckOutcome?, Never>)
        /// Its call stands behind another that is about to write what both begin with.
        case line(CallSite, UnsafeContinuation<Void, Never>)
        /// What others ask of the run.
        case requests(UnsafeContinuation<[RunRequest], Never>)
    }

    let number: Int
    let path: Int
    let asked: Asked
    /// How often its intent was turned away.
    var refusals = 0

    init(_ number: Int, _ path: Int, _ asked: Asked) {
        self.number = number
        self.path = path
        self.asked = asked
    }

    var intent: CallStarted? { if case .intent(let call, _, _) = asked { call } else { nil } }
    var time: EngineWait? { if case .time(let what, _) = asked { what } else { nil } }

    var isDeadline: Bool { if case .deadline? = time { true } else { false } }
    var isQuestion: Bool { if case .question? = time { true } else { false } }
    var isRetry: Bool { if case .retry? = time { true } else { false } }
}

/// Those who wait, by their nodes and in the order in which they came.
struct ReplayWaiters {
    private var all: [Int: [ReplayWaiter]] = [:]
    private var calls: [Int: ReplayWaiter] = [:]
    private var numbers = 0
    private(set) var count = 0

    mutating func add(_ path: Int, _ asked: ReplayWaiter.Asked) -> ReplayWaiter {
        numbers += 1
        count += 1
        let waiter = ReplayWaiter(numbers, path, asked)
        switch asked {
        case .call(let number, _), .count(let number, _): calls[number] = waiter
        default: all[path, default: []].append(waiter)
        }
        return waiter
    }

    mutating func remove(_ waiter: ReplayWaiter) {
        count -= 1
        switch waiter.asked {
        case .call(let number, _), .count(let number, _): calls[number] = nil
        default:
            all[waiter.path]!.removeAll { $0 === waiter }
            if all[waiter.path]!.isEmpty { all[waiter.path] = nil }
        }
    }

    func at(_ path: Int) -> [ReplayWaiter] { all[path] ?? [] }
    func call(_ number: Int) -> ReplayWaiter? { calls[number] }

    /// In the order in which they came.
    var everyone: [ReplayWaiter] { (all.values.flatMap(\.self) + calls.values).sorted { $0.number < $1.number } }
}
