import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What `plan` says of a gate by what is recorded of it.
@Suite struct GatePlanTests {
    private static let text = """
        version: 1
        name: gated
        models: { small: { use: local/s }, mid: { use: local/m }, large: { use: local/l } }
        steps:
          - { id: a, prompt: hi, escalate: { tiers: [small, mid, large], checks: { short: { expr: size(output) < 4 } } } }
        """

    private static func rate(
        _ tier: String, _ accepted: Int, of decided: Int, cost: String, checks: String = "0", input: Int = 0, cached: Int = 0, output: Int = 0
    ) throws -> GateRate {
        let gate = try #require(try workflow(text).steps[0].modelStep?.escalation?.hash)
        var rate = GateRate(step: "a", gate: gate, tier: tier, accepted: accepted, decided: decided, answerCost: usd(cost), checkCost: usd(checks))
        (rate.inputTokens, rate.cachedTokens, rate.outputTokens) = (input, cached, output)
        return rate
    }

    /// - Parameter rates: in the order of their tiers; each further tier was asked behind the ones before it.
    private static func gate(
        _ rates: [GateRate], _ text: String = text, prices: PriceBook = .perToken(), change: (inout WorkflowHistory) -> Void = { _ in }
    ) throws -> (Plan.Gate, notes: [String]) {
        let clock = ManualClock()
        var rates = rates
        for (index, rate) in rates.enumerated() {
            for further in rates[(index + 1)...] { rates[index].alsoAsked[further.tier] = min(rate.asked, further.asked) }
        }
        var history = WorkflowHistory(gates: rates)
        change(&history)
        let builder = PlanBuilder(
            graph: try workflow(text), provider: ScriptedProvider(clock: clock) { _, _ in .text("x") }, prices: prices, history: history, at: clock.now())
        let step = try #require(builder.plan(inputs: [:]).steps.first)
        return (try #require(step.gate), step.notes)
    }

    /// Without a record half of each tier's answers are taken as accepted: seven of eight executions.
    @Test func nothingIsKnown() throws {
        let (gate, notes) = try Self.gate([])
        #expect(gate.expected > .zero && gate.perAccepted == gate.expected.scaled(usd("8"), over: usd("7")))
        #expect(gate.rate == nil && gate.breakEven == nil && !gate.losesMoney && notes.isEmpty)
    }

    /// Of 100 first answers 80 were accepted, of 20 second ones 10, and the last tier has the rest.
    @Test func whatAnAcceptedAnswerCosts() throws {
        let rates = [
            try Self.rate("small", 80, of: 100, cost: "1", checks: "0.5"), try Self.rate("mid", 10, of: 20, cost: "2"), try Self.rate("large", 9, of: 10, cost: "10"),
        ]
        let (gate, notes) = try Self.gate(rates) { $0.gateOutcomes = [GateOutcomes(step: "a", gate: rates[0].gate, judged: 40, correct: 30)] }
        let perCorrect = try #require(gate.perCorrect)
        // 0.015 + 21/102 x (0.1 + 11/22 x 1), and of these (1 - 21/102 x 11/22 x 2/12) are accepted.
        let expected = 0.015 + 21.0 / 102 * (0.1 + 0.5)
        #expect(abs(Double(gate.expected.picoDollars) / 1e12 - expected) < 1e-9)
        #expect(abs(Double(gate.perAccepted.picoDollars) / 1e12 - expected / (1 - 21.0 / 102 * 0.5 / 6)) < 1e-8)
        #expect(abs(Double(perCorrect.picoDollars) / 1e12 - expected * 4 / 3) < 1e-9)
        // It goes on for 0.6, and the last tier alone costs 1: it pays below (1 - 0.015) / 0.6.
        let breakEven = try #require(gate.breakEven)
        #expect(gate.rate == Plan.Gate.Rate(of: 20, outOf: 100) && abs(breakEven - 0.985 / 0.6) < 1e-6 && !gate.losesMoney && gate.cheaper == nil)
        #expect(notes.contains("accepted so far: small 80 of 100, mid 10 of 20, large 9 of 10") && notes.contains { $0.contains("(30 of 40 are known to be right)") }, "\(notes)")
        #expect(notes.contains { $0.contains("20.0 % of executions go on (13.3 % to 28.9 %, n=100)") }, "\(notes)")
    }

    /// Not every execution whose answer is not accepted goes on, and what was asked is what was paid: 18 of 37 asked mid, and 8 of those large.
    @Test func whatEndedDoesNotGoOn() throws {
        func rates(_ text: String) throws -> [GateRate] {
            let gate = try #require(try workflow(text).steps[0].modelStep?.escalation?.hash)
            func rate(_ tier: String, _ accepted: Int, of decided: Int, asked: Int, cost: String) throws -> GateRate {
                GateRate(step: "a", gate: gate, tier: tier, accepted: accepted, decided: decided, asked: asked, answerCost: usd(cost))
            }
            return [
                try rate("small", 13, of: 31, asked: 37, cost: "3.7"), try rate("mid", 8, of: 16, asked: 18, cost: "9"), try rate("large", 7, of: 8, asked: 8, cost: "8"),
            ]
        }
        let (gate, notes) = try Self.gate(rates(Self.text))
        let further = 0.5 + 9.0 / 20
        #expect(abs(Double(gate.expected.picoDollars) / 1e12 - (0.1 + 19.0 / 39 * further)) < 1e-9, "\(gate.expected)")
        let accepted = 14.0 / 39 + 19.0 / 39 * (9.0 / 20 + 9.0 / 20 * 8 / 10)
        #expect(abs(Double(gate.perAccepted.picoDollars) / 1e12 - (0.1 + 19.0 / 39 * further) / accepted) < 1e-8)
        #expect(gate.rate == Plan.Gate.Rate(of: 18, outOf: 37) && !gate.losesMoney, "\(gate)")
        #expect(notes.contains { $0.hasPrefix("48.6 % of executions go on") }, "\(notes)")
        // No more than may go on.
        let limited = Self.text.replacing("checks: {", with: "max_rate: 30%/1h, checks: {")
        let (less, told) = try Self.gate(rates(limited), limited)
        #expect(abs(Double(less.expected.picoDollars) / 1e12 - (0.1 + 0.3 * further)) < 1e-9, "\(less.expected)")
        #expect(told.contains { $0.contains("n=37), of which max_rate allows 30%") }, "\(told)")
        // Where the rate that is allowed pays, it does not lose, whatever went on before that was counted.
        func losing(_ text: String) throws -> Bool {
            let gate = try #require(try workflow(text).steps[0].modelStep?.escalation?.hash)
            let rates = [("small", 10, 100, "50"), ("mid", 1, 90, "45"), ("large", 80, 89, "89")].map { GateRate(step: "a", gate: gate, tier: $0.0, accepted: $0.1, decided: $0.2, answerCost: usd($0.3)) }
            return try Self.gate(rates, text).0.losesMoney
        }
        #expect(try losing(Self.text) && !losing(limited))
    }

    /// Most executions go on: the last tier alone is cheaper, and a tier between that is accepted as often cheaper still.
    @Test func itLosesMoney() throws {
        let small = try Self.rate("small", 10, of: 100, cost: "50")
        let (gate, notes) = try Self.gate([small, try Self.rate("mid", 1, of: 90, cost: "45"), try Self.rate("large", 80, of: 89, cost: "89")])
        #expect(gate.losesMoney && gate.cheaper?.tier == "large" && gate.cheaper?.cost == usd("1"), "\(gate)")
        #expect(notes.contains { $0.hasPrefix("the gate loses money: 90.0 % of executions go on") && $0.hasSuffix("large alone is cheaper, at $1.00 an answer") }, "\(notes)")
        let (between, _) = try Self.gate([small, try Self.rate("mid", 89, of: 90, cost: "45"), try Self.rate("large", 1, of: 1, cost: "0.6")])
        #expect(between.losesMoney && between.cheaper?.tier == "mid" && between.cheaper?.cost == usd("0.5"), "\(between)")
        let (never, told) = try Self.gate([try Self.rate("small", 100, of: 100, cost: "200"), try Self.rate("large", 1, of: 1, cost: "1")])
        let least = try #require(never.breakEven)
        #expect(least < 0 && never.losesMoney && told.contains { $0.hasPrefix("the gate loses money however seldom it goes on") }, "\(told)")
    }

    /// A tier that is asked second finds a colder cache: asked at once it would cost what the first tier's share makes of it.
    @Test func cachesAreColderForTheSecond() throws {
        let prices = PriceBook(
            overrides: ["s", "m", "l"].flatMap { [.test("local", $0, .input, "1"), .test("local", $0, .cacheRead, "0.1"), .test("local", $0, .output, "2")] }, catalogue: .none)
        // Ten prompts of 1,000 tokens: 0.001 each without a cache, and 0.0001 x 0.9 + 0.0001 with nine tenths cached.
        let small = try Self.rate("small", 5, of: 10, cost: "0.0005", input: 10_000, cached: 9_000)
        let large = try Self.rate("large", 5, of: 5, cost: "0.005", input: 5_000, cached: 0)
        let (gate, notes) = try Self.gate([small, large], prices: prices)
        #expect(gate.second == usd("0.001") && gate.direct == usd("0.00019"), "\(gate)")
        #expect(gate.losesMoney && gate.cheaper?.tier == "large" && gate.cheaper?.cost == usd("0.00019"), "\(gate)")
        #expect(notes.contains("of prompts a cache had 90.0 % at small and 0.0 % at large, which asked at once would cost $0.00019 an answer and asked second costs $0.001"), "\(notes)")
        // With a cache as cold, it pays.
        let (cold, _) = try Self.gate([try Self.rate("small", 5, of: 10, cost: "0.0005", input: 10_000), large], prices: prices)
        #expect(cold.direct == usd("0.001") && !cold.losesMoney)
    }

    @Test func whatFailsEverywhereIsNamed() throws {
        let small = try Self.rate("small", 5, of: 10, cost: "1")
        func notes(_ executions: Int) throws -> [String] {
            try Self.gate([small]) {
                var check = HopelessCheck(workflow: "gated", step: "a", check: "short", executions: executions, of: 100, cost: MoneySum(usd("0.25")))
                check.gate = small.gate
                $0.hopeless = [check]
            }.notes
        }
        let told = try notes(12)
        #expect(told.contains("the check 'short' fails at every tier in 12 of 100 (12.0 %), for $0.25: it is the question, or the check, and not the model"))
        // One in fifty is no rule.
        let seldom = try notes(2)
        #expect(!seldom.contains { $0.contains("every tier") })
    }

    /// Tiers that the gate would not come to are in the worst case of comparison, and those that it would are not twice.
    @Test func comparisonIsInTheWorst() throws {
        func worst(_ keys: String) throws -> (Money?, Int?) {
            let clock = ManualClock()
            let text = Self.text.replacing("prompt: hi,", with: "prompt: hi, limits: { max_output_tokens: 10 },").replacing("checks: {", with: "\(keys), checks: {")
            let step = try #require(
                PlanBuilder(
                    graph: try workflow(text), provider: ScriptedProvider(clock: clock) { _, _ in .text("x") }, prices: .perToken(), history: WorkflowHistory(), at: clock.now()
                ).plan(inputs: [:]).steps.first)
            return (step.amounts.worst, step.maxCalls)
        }
        let plain = try worst("on_refusal: stop")
        let all = try worst("shadow: { rate: 1%, tiers: all }")
        #expect(all == plain)
        let late = try worst("start: mid")
        let other = try worst("start: mid, shadow: { rate: 1%, tiers: [small] }")
        #expect(other.1 == late.1! + 1 && other.0! > late.0! && other.0! < plain.0!)
    }
}
