import Economics
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What an ended call owes and what stays held: $1 input, $10 output, $0.10 cache read, $1.25 cache write a million tokens.
@Suite struct SettlementTests {
    static let sheet = prices("m", input: "1", output: "10", read: "0.1", write: "1.25")

    static func prices(_ model: String, input: String, output: String, read: String? = nil, write: String? = nil, reasoning: String? = nil) -> PriceSheet {
        func row(_ unit: PriceUnit, _ perMillion: String?) -> PriceRow? {
            perMillion.map {
                PriceRow(
                    id: "p/\(model)/\(unit.rawValue)", provider: "p", model: model, unit: unit,
                    price: Money(picoDollars: Money(decimal: $0)!.picoDollars / 1_000_000), source: "test", checkedAt: "2026-11-29")
            }
        }
        let rows = [row(.input, input), row(.output, output), row(.cacheRead, read), row(.cacheWrite, write), row(.reasoning, reasoning)]
        return PriceBook(overrides: rows.compactMap(\.self), catalogue: try! PriceCatalogue(json: ["version": "t", "entries": []])).sheet(provider: "p", model: model, at: .now())!
    }

    private func settle(
        _ result: ModelCallResult, held: String = "0.01", promptBytes: Int = 8, sheet: PriceSheet = sheet, served: ServedPrice = .asAsked
    ) -> CallSettlement {
        CallSettlement(result: result, sheet: sheet, served: served, held: Money(decimal: held)!, promptBytes: promptBytes)
    }

    private func success(_ text: String = "x", _ billing: BillingEvidence = .unknown, counts: TokenCounts = .none, outputBytes: Int? = nil) -> ModelCallResult {
        ModelCallResult(
            outcome: .success(ModelResponse(text: text, finishReason: .stop)), billing: billing, counts: counts, total: .milliseconds(10), outputBytes: outputBytes)
    }

    private func cut(_ counts: TokenCounts = .none, text: String? = nil, _ kind: FailureKind = .connection) -> ModelCallResult {
        ModelCallResult(
            outcome: .failure(CallFailure(kind, "cut")), billing: .unknown, counts: counts, httpStatus: 200, total: .milliseconds(10), partialText: text)
    }

    @Test func `W1 what a total tells beyond its parts is output`() {
        let settled = settle(success(counts: TokenCounts(input: 20, output: 198, total: 623)))
        #expect(settled.state == .estimated)
        #expect(settled.cost?.total.decimalText == "0.00605")
        #expect(settled.held?.decimalText == "0.01")
        #expect(settled.usage == TokenUsage(plainInput: 20, plainOutput: 603))
        // At the dearest class of output.
        let dearer = settle(success(counts: TokenCounts(input: 20, output: 198, total: 623)), sheet: Self.prices("r", input: "1", output: "10", reasoning: "20"))
        #expect(dearer.cost?.total.decimalText == "0.0101")
    }

    @Test func `W6 a known direction is in the estimate`() {
        let settled = settle(success(counts: TokenCounts(output: 100)))
        #expect(settled.state == .estimated)
        // 2 tokens of prompt by its bytes.
        #expect(settled.cost?.total.decimalText == "0.001002")
        #expect(settled.usage == nil)
    }

    @Test func `A1 an answer without usage is estimated by its length, and above its hold it is an overrun`() {
        let answer = settle(success("", outputBytes: 1_000_000), held: "0.0006")
        #expect(answer.state == .overrun)
        #expect(answer.cost?.total.decimalText == "2.500002")
        #expect(answer.held == answer.cost?.total)
        #expect(answer.notes.map(\.code) == [.estimateAboveHold])
        #expect(answer.kept(of: Money(decimal: "0.0006")) == nil)
    }

    @Test func `A1 usage of a stream that was cut is a floor of the estimate`() {
        let settled = settle(cut(TokenCounts(input: 1_000_000, output: 1_000_000)), held: "0.0006")
        #expect(settled.state == .overrun)
        #expect(settled.cost?.total.decimalText == "11")
        #expect(settled.held?.decimalText == "11")
        // More came than was counted.
        let counted = settle(cut(TokenCounts(input: 7, output: 1), text: String(repeating: "x", count: 400)))
        #expect(counted.usage == TokenUsage(plainInput: 7, plainOutput: 100))
        #expect(counted.state == .estimated)
    }

    @Test func `an abort stays unknown and holds the larger of both`() {
        let little = settle(cut(text: "abc", .cancelled))
        #expect(little.state == .unknown)
        #expect(little.held?.decimalText == "0.01")
        let much = settle(cut(text: String(repeating: "x", count: 400_000), .cancelled))
        #expect(much.state == .overrun)
        #expect(much.held == much.cost?.total)
    }

    @Test func `nothing owed is nothing held`() {
        let settled = settle(ModelCallResult(outcome: .failure(CallFailure(.rateLimit, "busy")), billing: .notBilled, total: .milliseconds(1)))
        #expect(settled.state == .void)
        #expect(settled.held == .zero)
        #expect(settled.cost?.total == .zero)
    }

    // MARK: Who answered

    static let dear = prices("dear", input: "2", output: "30")
    static let usage = TokenCounts(input: 1000, output: 100)

    @Test func `W14 a dearer model is priced as served`() {
        let settled = settle(success("x", .reported, counts: Self.usage), served: .another("dear", Self.dear, isTrusted: false))
        #expect(settled.state == .settled)
        #expect(settled.cost?.total.decimalText == "0.005")
        #expect(settled.cost?.priceRows == ["p/dear/input#3392cc39", "p/dear/output#72c7df1e"])
        #expect(settled.held?.decimalText == "0.005")
        #expect(settled.notes.map(\.code) == [.servedModel])
        #expect(settled.newPriceRows.count == 2)
        let over = settle(success("x", .reported, counts: Self.usage), held: "0.002", served: .another("dear", Self.dear, isTrusted: false))
        #expect(over.state == .overrun)
    }

    @Test func `W14 a cheaper model is priced as served and the cap keeps the dearer of both`() {
        let cheap = Self.prices("cheap", input: "0.1", output: "1")
        let settled = settle(success("x", .reported, counts: Self.usage), served: .another("cheap", cheap, isTrusted: false))
        #expect(settled.state == .settled)
        #expect(settled.cost?.total.decimalText == "0.0002")
        #expect(settled.held?.decimalText == "0.002")
        #expect(settled.kept(of: Money(decimal: "0.01"))?.decimalText == "0.002")
        let trusted = settle(success("x", .reported, counts: Self.usage), served: .another("cheap", cheap, isTrusted: true))
        #expect(trusted.held?.decimalText == "0.0002")
        #expect(trusted.kept(of: Money(decimal: "0.01")) == nil)
    }

    @Test func `W14 a model of unknown price at a provider of known names leaves the hold`() {
        let settled = settle(success("x", .reported, counts: Self.usage), served: .unknown("nobody-knows"))
        #expect(settled.state == .estimated)
        #expect(settled.cost?.total.decimalText == "0.002")
        #expect(settled.held?.decimalText == "0.01")
        #expect(settled.notes.first?.message.contains("nobody-knows") == true)
    }

    private func judge(_ served: String?, asked: String = "gpt-4o", _ names: ServedNames = .known, known: [String: PriceSheet] = [:]) -> String {
        let profile = ModelProfile(
            reference: ModelReference(text: "p/alias")!, servedID: asked, contextWindow: nil, maxConcurrency: nil, servedNames: names)
        switch ServedPrice(served, asked: profile, sheet: Self.sheet, find: { known[$0] }) {
        case .asAsked: return "as asked"
        case .another(let name, _, let isTrusted): return isTrusted ? "trusted \(name)" : name
        case .unknown(let name): return "unknown \(name)"
        }
    }

    @Test(
        arguments: [
            (nil, "as asked"), ("", "as asked"), ("gpt-4o", "as asked"), ("alias", "as asked"), ("p/alias", "as asked"), ("GPT-4o", "as asked"),
            ("gpt-4o-2024-08-06", "as asked"), ("gpt-4o-0613", "as asked"), ("gpt-4o@20240806", "as asked"), ("openai/gpt-4o", "as asked"),
            ("gpt-4o:nitro", "as asked"), ("gpt-4o-latest", "as asked"), ("gpt-4o-001", "as asked"),
            ("gpt-4o-mini", "unknown gpt-4o-mini"), ("gpt-4o-5", "unknown gpt-4o-5"), ("gpt-4", "unknown gpt-4"), ("gpt-4olong-2024", "unknown gpt-4olong-2024"),
        ] as [(String?, String)])
    func `W14 names of the model that was asked`(served: String?, expected: String) {
        #expect(judge(served) == expected)
    }

    @Test func `W14 a name of the server's own is none of another model`() {
        #expect(judge("SmolLM2-Q4_K_M.gguf", .any) == "as asked")
        #expect(judge("dear", .any, known: ["dear": Self.dear]) == "dear")
        #expect(judge("dear", .trusted, known: ["dear": Self.dear]) == "trusted dear")
        // A dated name with prices of its own is another model; one under the same rows is not.
        #expect(judge("gpt-4o-2024-08-06", known: ["gpt-4o-2024-08-06": Self.dear]) == "gpt-4o-2024-08-06")
        #expect(judge("gpt-4o-2024-08-06", known: ["gpt-4o-2024-08-06": Self.sheet]) == "as asked")
    }

    @Test(arguments: [
        ("vendor/dear", "vendor/dear"), ("dear-2026-01-01", "dear-2026-01-01"), ("dear:nitro", "dear:nitro"), ("DEAR-latest", "DEAR-latest"), ("vendor/dear-0613:free", "vendor/dear-0613:free"),
        ("dear-2", "as asked"), ("gpt-4o-2024-08-06", "as asked"), ("vendor/gpt-4o", "as asked"), ("", "as asked"), ("-2026-01-01", "as asked"), ("/:", "as asked"),
    ])
    func `W14 another model is known by more than its bare name`(served: String, expected: String) {
        #expect(judge(served, .any, known: ["dear": Self.dear, "gpt-4o-2024": Self.dear]) == expected)
    }

    @Test func `W14 a bare name is found by the maker of the one that was asked`() {
        #expect(judge("gpt-4o-2024-08-06", asked: "openai/gpt-6-luna", known: ["openai/gpt-4o": Self.dear]) == "gpt-4o-2024-08-06")
    }

    @Test func `W14 of several names the dearest model counts, in any order`() {
        let profile = ModelProfile(reference: ModelReference(text: "p/alias")!, servedID: "gpt-4o", contextWindow: nil, maxConcurrency: nil, servedNames: .any)
        let known = ["dear": Self.dear, "cheap": Self.prices("cheap", input: "0.1", output: "1")]
        func judge(_ names: [String]) -> String {
            if case .another(let name, _, _) = ServedPrice(names, asked: profile, sheet: Self.sheet, usage: Self.usage.usage!, find: { known[$0] }) { name } else { "as asked" }
        }
        #expect(judge(["alias", "dear"]) == "dear" && judge(["dear", "alias"]) == "dear")
        #expect(judge(["cheap", "dear", "alias"]) == "dear" && judge(["dear", "alias", "cheap"]) == "dear")
        #expect(judge(["alias", "cheap"]) == "as asked" && judge(["cheap", "alias"]) == "as asked")
        #expect(judge(["cheap"]) == "cheap")
    }

    /// What the server was asked for by the model, and nobody knows the price of, is not free.
    @Test func searchesWithoutAPriceAreAnEstimate() {
        let counts = TokenCounts(TokenUsage(plainInput: 10, plainOutput: 5, searches: 5))
        let settled = settle(success("x", .reported, counts: counts))
        #expect(settled.state == .estimated && settled.cost?.total.decimalText == "0.00006" && settled.held?.decimalText == "0.01")
        #expect(settled.notes == [CallNote(.priceMissing, "5 web searches of the server have no price here, so that the cost is what the tokens come to")])
        #expect(settled.usage?.searches == 5)
    }

    @Test func aTierThatNobodyKnowsIsSaidAndRecorded() {
        let counts = TokenCounts(TokenUsage(plainInput: 10, plainOutput: 5, terms: ServedTerms(service: ["ultra"], region: nil)))
        let settled = settle(success("x", .reported, counts: counts))
        #expect(settled.state == .settled && settled.cost?.total.decimalText == "0.00006")
        #expect(settled.notes == [CallNote(.servedTerms, "service tier 'ultra' is not known: priced at the standard one")])
        #expect(settled.usage?.terms?.serviceWord == "ultra" && settled.detail.tierSource == .served)
    }
}
