import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct TryMachineTests {
    private func machine(
        models: Int = 1, attempts: Int = 3, on: Set<FailureKind>? = nil, repairs: Int = 0, onTruncation: StepLimits.Truncation = .fail,
        rules: Rules = .current
    ) -> TryMachine {
        var policy = RetryPolicy(maxAttempts: attempts)
        if let on { policy.on = on }
        return TryMachine(modelCount: models, retry: policy, repairs: repairs, onTruncation: onTruncation, rules: rules)
    }

    /// How a call ended, by the number of the call.
    private func ended(
        _ number: Int, _ failure: CallFailure? = nil, finish: FinishReason? = nil, jitter: Double = 0
    ) -> TryMachine.Event {
        .callEnded(
            CallEnded(
                id: CallID(run: RunID("r"), number: number), path: "a", state: failure == nil ? .settled : .void, cost: nil,
                usage: nil, finishReason: finish ?? (failure == nil ? .stop : nil), response: nil, failure: failure, jitter: jitter))
    }

    private func call(model: Int = 0, _ ordinal: Int, retryOf: Int? = nil) -> TryMachine.Command {
        call(model: model, .try, ordinal, retryOf: retryOf)
    }

    private func call(model: Int = 0, _ purpose: CallPurpose, _ ordinal: Int, retryOf: Int? = nil) -> TryMachine.Command {
        .call(TryMachine.Call(model: model, purpose: purpose, ordinal: ordinal, retryOf: retryOf))
    }

    @Test func oneAnswerIsEnough() {
        var step = machine()
        #expect(step.apply(.started) == call(0))
        #expect(step.apply(ended(1)) == .checkOutput)
        #expect(step.apply(.outputChecked(violations: [])) == .succeed)
        #expect(step.calls == 1)
    }

    @Test func aFailedCallIsTriedAgainAfterAGrowingDelay() {
        var step = machine()
        #expect(step.apply(.started) == call(0))
        #expect(step.apply(ended(11, CallFailure(.serverError, "boom"))) == .wait(.milliseconds(500)))
        #expect(step.apply(.waited) == call(1, retryOf: 11))
        #expect(step.apply(ended(12, CallFailure(.timeout, "slow"), jitter: 0.5)) == .wait(.milliseconds(875)))
        #expect(step.apply(.waited) == call(2, retryOf: 12))
        #expect(step.apply(ended(13, CallFailure(.connection, "lost"))) == .fail(StepFailure(.connection, "lost (after 3 tries)")))
    }

    @Test func anOutageIsWaitedOutAndNotCounted() {
        var step = machine()
        _ = step.apply(.started)
        var waits: [TryMachine.Command] = []
        for number in 1...29 {
            waits.append(step.apply(outage(number)))
            #expect(step.apply(.waited) == call(number, retryOf: number))
        }
        let seconds: [Int64] = [2, 4, 8, 16] + Array(repeating: 30, count: 23)
        #expect(waits == [.wait(.milliseconds(500)), .wait(.seconds(1))] + seconds.map { .wait(.seconds($0)) })
        #expect(step.apply(outage(30)) == .suspend(CallFailure(.connection, "gone")))
        // Whoever goes on has the same patience.
        step.forgetOutage()
        #expect(step.apply(.waited) == call(30, retryOf: 30))
        #expect(step.apply(outage(31)) == .wait(.seconds(2)))
        _ = step.apply(.waited)
        // It is back, and what did not reach it counts for nothing.
        #expect(step.apply(ended(32, CallFailure(.serverError, "boom"))) == .wait(.milliseconds(500)))
        _ = step.apply(.waited)
        #expect(step.apply(ended(33)) == .checkOutput)
    }

    @Test func aQuestionThatAServerDiesOfIsNotAskedForEver() {
        var step = machine()
        var command = step.apply(.started)
        var number = 0
        while true {
            if case .fail = command { break }
            if case .wait = command { command = step.apply(.waited) }
            number += 1
            guard number < 100 else { break }
            // It dies, is gone for three tries, and comes back.
            let isGone = number % 4 != 1
            command = step.apply(
                .callEnded(
                    CallEnded(
                        id: CallID(run: RunID("r"), number: number), path: "a", state: isGone ? .void : .estimated, cost: .zero,
                        usage: nil, finishReason: nil, response: nil, failure: CallFailure(.connection, "lost"), jitter: 0, isOutage: isGone)))
        }
        #expect(number == 9, "it died three times")
    }

    @Test func whoGoesOnInAnOutageHasAllTriesWhenItIsOver() {
        var step = machine()
        _ = step.apply(.started)
        for number in 1...5 {
            _ = step.apply(
                .callEnded(
                    CallEnded(
                        id: CallID(run: RunID("r"), number: number), path: "a", state: .void, cost: .zero, usage: nil,
                        finishReason: nil, response: nil, failure: CallFailure(.connection, "gone"), jitter: 0, isOutage: true)))
            _ = step.apply(.waited)
        }
        step.forgetOutage()
        #expect(step.apply(ended(6, CallFailure(.serverError, "loading the model"))) == .wait(.milliseconds(500)))
    }

    @Test func theServersWordOnWaitingIsKept() {
        var step = machine()
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.rateLimit, "slow down", retryAfter: .seconds(7)), jitter: 0.9)) == .wait(.seconds(7)))
    }

    @Test func aServerThatAsksForTooLongIsNotWaitedFor() {
        var step = machine()
        _ = step.apply(.started)
        #expect(
            step.apply(ended(1, CallFailure(.rateLimit, "come back tomorrow", retryAfter: .seconds(121))))
                == .fail(StepFailure(.rateLimit, "come back tomorrow; the server asks to wait 2m 01s")))
    }

    @Test func theServersWordOnRetryingWinsOverTheClass() {
        var refusing = machine()
        _ = refusing.apply(.started)
        #expect(refusing.apply(ended(1, CallFailure(.serverError, "no use", shouldRetry: false))) == .fail(StepFailure(.serverError, "no use")))
        var inviting = machine()
        _ = inviting.apply(.started)
        #expect(inviting.apply(ended(1, CallFailure(.badRequest, "again", shouldRetry: true))) == .wait(.milliseconds(500)))
    }

    @Test(arguments: [FailureKind.authentication, .quota, .badRequest, .modelNotFound, .contextLength, .refusal])
    func whatTryingDoesNotMendIsNotTried(_ kind: FailureKind) {
        var step = machine()
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(kind, "no"))) == .fail(StepFailure(kind, "no")))
    }

    @Test func theWorkflowChoosesWhatIsTriedAgain() {
        var step = machine(on: [.malformedResponse])
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.malformedResponse, "html"))) == .wait(.milliseconds(500)))
        _ = step.apply(.waited)
        #expect(step.apply(ended(2, CallFailure(.timeout, "slow"))) == .fail(StepFailure(.timeout, "slow (after 2 tries)")))
    }

    @Test func oneAttemptIsOneAttempt() {
        var step = machine(attempts: 1)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.timeout, "slow"))) == .fail(StepFailure(.timeout, "slow")))
    }

    // MARK: Fallback

    @Test func aModelThatCannotBeReachedIsReplacedByTheNext() {
        var step = machine(models: 3, attempts: 2)
        #expect(step.apply(.started) == call(0))
        #expect(step.apply(ended(1, CallFailure(.connection, "down"))) == .wait(.milliseconds(500)))
        #expect(step.apply(.waited) == call(1, retryOf: 1))
        #expect(step.apply(ended(2, CallFailure(.connection, "down"))) == call(model: 1, 2))
        // Retries are counted over all models: they do not multiply.
        #expect(step.apply(ended(3, CallFailure(.connection, "down"))) == call(model: 2, 3))
        #expect(step.apply(ended(4, CallFailure(.connection, "down"))) == .fail(StepFailure(.connection, "down (after 4 tries)")))
    }

    @Test(arguments: [FailureKind.authentication, .quota, .modelNotFound])
    func anAccountThatFailsIsReplacedAtOnce(_ kind: FailureKind) {
        var step = machine(models: 2)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(kind, "no"))) == call(model: 1, 1))
    }

    @Test(arguments: [FailureKind.badRequest, .contextLength, .refusal])
    func aQuestionThatFailsIsNotPutToAnotherModel(_ kind: FailureKind) {
        var step = machine(models: 2)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(kind, "no"))) == .fail(StepFailure(kind, "no")))
    }

    @Test func aProviderThatIsNotThereIsReplaced() {
        var step = machine(models: 2)
        _ = step.apply(.started)
        let missing = StepFailure(.configuration, "there is no provider 'x'")
        #expect(step.apply(.notCalled(missing)) == call(model: 1, 1))
        #expect(step.apply(.notCalled(missing)) == .fail(missing))
    }

    @Test func whatAPersonHasToMendFails() {
        var step = machine(models: 2)
        _ = step.apply(.started)
        let unpriced = StepFailure(.unpriced, "no price")
        #expect(step.apply(.notCalled(unpriced)) == .fail(unpriced))
        let refusal = BudgetRefusal(scope: BudgetRefusal.runScope, cap: .zero, spent: .zero, asked: .zero)
        #expect(step.apply(.callRefused(refusal)) == .fail(StepFailure(.budget, refusal.message)))
    }

    // MARK: Answers

    @Test func anAnswerThatBreaksItsSchemaIsSentBackOnce() {
        var step = machine(repairs: 1)
        _ = step.apply(.started)
        #expect(step.apply(ended(1)) == .checkOutput)
        #expect(step.apply(.outputChecked(violations: ["/a: missing"])) == call(.repair, 1))
        #expect(step.apply(ended(2)) == .checkOutput)
        #expect(
            step.apply(.outputChecked(violations: ["/a: missing"]))
                == .fail(StepFailure(.outputInvalid, "the answer does not match output.schema after one repair", details: ["/a: missing"])))
    }

    @Test func withoutRepairsItFailsAtOnce() {
        var step = machine()
        _ = step.apply(.started)
        _ = step.apply(ended(1))
        #expect(
            step.apply(.outputChecked(violations: ["x"]))
                == .fail(StepFailure(.outputInvalid, "the answer does not match output.schema", details: ["x"])))
    }

    @Test func aRepairIsTriedAgainAsARepair() {
        var step = machine(models: 2, attempts: 2, repairs: 2)
        _ = step.apply(.started)
        _ = step.apply(ended(1))
        #expect(step.apply(.outputChecked(violations: ["x"])) == call(.repair, 1))
        #expect(step.apply(ended(2, CallFailure(.timeout, "slow"))) == .wait(.milliseconds(500)))
        #expect(step.apply(.waited) == call(.repair, 2, retryOf: 2))
        #expect(step.apply(ended(3, CallFailure(.timeout, "slow"))) == call(model: 1, .repair, 3))
        _ = step.apply(ended(4))
        #expect(step.apply(.outputChecked(violations: ["x"])) == call(model: 1, .repair, 4))
    }

    /// Told by the end of its call since rules 2, by its finish reason before.
    @Test func aTruncatedAnswerIsNoSuccess() {
        var step = machine(models: 2, repairs: 1)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.truncated, "cut"), finish: .length)) == .fail(StepFailure(.truncated, "cut")))
        step = machine(models: 2, repairs: 1, rules: .first)
        _ = step.apply(.started)
        #expect(
            step.apply(ended(1, finish: .length))
                == .fail(StepFailure(.truncated, "the answer stopped at its cap of output tokens; raise limits.max_output_tokens")))
    }

    /// R5
    @Test func aCutAnswerIsContinuedThreeTimes() {
        var step = machine(models: 2, attempts: 2, repairs: 1, onTruncation: .continue)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, finish: .length)) == call(.continuation, 1))
        // A try of it fails: it is tried again, and is still the same piece.
        #expect(step.apply(ended(2, CallFailure(.timeout, "slow"))) == .wait(.milliseconds(500)))
        #expect(step.apply(.waited) == call(.continuation, 2, retryOf: 2))
        #expect(step.apply(ended(3, finish: .length)) == call(.continuation, 3))
        #expect(step.mayContinue)
        #expect(step.apply(ended(4, finish: .length)) == call(.continuation, 4))
        #expect(!step.mayContinue)
        #expect(step.apply(ended(5, CallFailure(.truncated, "cut"), finish: .length)) == .fail(StepFailure(.truncated, "cut (after 2 tries)")))
    }

    @Test func aCutAnswerIsKept() {
        var step = machine(onTruncation: .keep)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, finish: .length)) == .checkOutput)
        #expect(step.apply(.outputChecked(violations: [])) == .succeed)
    }

    /// W7: retried only where the workflow names it, and never put to another model.
    @Test func anEmptyAnswerIsTriedAgainWhereItIsNamed() {
        var step = machine(models: 2, repairs: 1)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.emptyAnswer, "empty"))) == .fail(StepFailure(.emptyAnswer, "empty")))
        step = machine(models: 2, attempts: 2, on: [.emptyAnswer])
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.emptyAnswer, "empty"))) == .wait(.milliseconds(500)))
        #expect(step.apply(.waited) == call(1, retryOf: 1))
        #expect(step.apply(ended(2, CallFailure(.emptyAnswer, "empty"))) == .fail(StepFailure(.emptyAnswer, "empty (after 2 tries)")))
    }

    /// A gateway's own budget is as empty the next time, whatever the server says of trying again.
    @Test func aBudgetUpstreamIsNotTriedAgain() {
        var step = machine(models: 2, on: [.budget, .serverError])
        _ = step.apply(.started)
        #expect(step.apply(ended(1, CallFailure(.budget, "used up", shouldRetry: true))) == .fail(StepFailure(.budget, "used up")))
    }

    /// M5: over all sequences of facts, those of a server that goes away and comes back included: the plan's number of calls is never passed,
    /// and is reached.
    @Test(arguments: [(1, 1, 0), (2, 1, 1), (2, 2, 1), (2, 2, 2), (1, 3, 1), (3, 2, 1)], StepLimits.Truncation.allCases)
    func aQuestionHasNoMoreCallsThanPlanned(counts: (attempts: Int, models: Int, repairs: Int), onTruncation: StepLimits.Truncation) {
        for raises in [false, true] { explore(counts, onTruncation, raises: raises) }
    }

    private func explore(_ counts: (attempts: Int, models: Int, repairs: Int), _ onTruncation: StepLimits.Truncation, raises: Bool) {
        let policy = RetryPolicy(maxAttempts: counts.attempts)
        var machine = TryMachine(modelCount: counts.models, retry: policy, repairs: counts.repairs, onTruncation: onTruncation, raises: raises)
        let most = machine.mostCalls
        #expect(most == counts.attempts + counts.models - 1 + counts.repairs + (onTruncation == .continue ? 3 : 0) + (raises && onTruncation == .fail ? 1 : 0))
        let mostFree = 4
        var reached = 0
        var seen: Set<Standing> = []
        func explore(_ standing: Standing, _ command: TryMachine.Command) {
            guard seen.insert(standing).inserted else { return }
            func go(_ event: TryMachine.Event, calls: Int = 0, free: Int = 0) {
                var next = standing
                let command = next.machine.apply(event)
                (next.calls, next.free) = (next.calls + calls, next.free + free)
                explore(next, command)
            }
            switch command {
            case .call(let call):
                reached = max(reached, standing.calls + 1)
                guard standing.calls < most else { return }
                let number = call.ordinal + 1
                go(ended(number), calls: 1)
                for failure in [
                    CallFailure(.serverError, "no"), CallFailure(.quota, "no"), CallFailure(.badRequest, "no", shouldRetry: true),
                    CallFailure(.rateLimit, "no", retryAfter: .seconds(500)), CallFailure(.refusal, "no"),
                ] { go(ended(number, failure), calls: 1) }
                let isTaken = standing.machine.mayContinue || onTruncation == .keep
                go(ended(number, isTaken ? nil : CallFailure(.truncated, "cut"), finish: .length), calls: 1)
                go(.notCalled(StepFailure(.configuration, "not there")))
                if standing.free < mostFree { go(outage(number), free: 1) }
            case .wait: go(.waited)
            case .checkOutput:
                go(.outputChecked(violations: []))
                go(.outputChecked(violations: ["x"]))
            case .succeed, .fail, .suspend: break
            }
        }
        let first = machine.apply(.started)
        explore(Standing(machine: machine), first)
        #expect(reached == most)
    }

    private struct Standing: Hashable {
        var machine: TryMachine
        var calls = 0
        var free = 0
    }

    private func outage(_ number: Int) -> TryMachine.Event {
        .callEnded(
            CallEnded(
                id: CallID(run: RunID("r"), number: number), path: "a", state: .void, cost: .zero, usage: nil,
                finishReason: nil, response: nil, failure: CallFailure(.connection, "gone"), jitter: 0, isOutage: true))
    }

    /// By the rules before 3 a server that came back was asked with all tries anew: recorded runs fold so.
    @Test func oldRulesRenewTheTriesAfterAnOutage() {
        for (rules, calls) in [(Rules(version: 2), 3), (.current, 2)] {
            var step = machine(attempts: 2, rules: rules)
            var command = step.apply(.started)
            var paid = 0
            for number in 1...20 {
                guard case .call = command else { break }
                let isGone = number == 2 || number == 3 || number == 4
                if !isGone { paid += 1 }
                command = step.apply(isGone ? outage(number) : ended(number, CallFailure(.serverError, "no")))
                if case .wait = command { command = step.apply(.waited) }
            }
            #expect(paid == calls, "\(rules.version)")
        }
    }

    @Test func aFilteredAnswerIsARefusal() {
        var step = machine(models: 2)
        _ = step.apply(.started)
        #expect(step.apply(ended(1, finish: .contentFilter)) == .fail(StepFailure(.refusal, "the model declined to answer")))
    }

    // MARK: Delays

    @Test(arguments: [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000), (60, 8000)])
    func delaysDoubleUpToEightSeconds(failure: Int, milliseconds: Int) {
        #expect(RetryDelay.delay(failure: failure, retryAfter: nil, jitter: 0) == .milliseconds(Int64(milliseconds)))
        #expect(RetryDelay.delay(failure: failure, retryAfter: nil, jitter: 0.999_999).milliseconds >= Int64(milliseconds) * 3 / 4)
    }
}
