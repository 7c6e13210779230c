import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// A server's own figure for the cost of a call, over real sockets.
@Suite(.timeLimit(.minutes(5))) struct ReportedCostTests {
    private static func answer(_ usage: JSONObject) -> JSONValue {
        var object: JSONObject = ["prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12]
        for (key, value) in usage { object[key] = value }
        return ["choices": [["message": ["content": "hi"], "finish_reason": "stop"]], "usage": .object(object)]
    }

    private func call(_ usage: JSONObject, headers: [(String, String)] = [], _ settings: @escaping @Sendable (inout Sampling) -> Void = { _ in }) async throws -> ModelCallResult {
        var result: ModelCallResult?
        try await withStub(script: { _ in .json(Self.answer(usage), headers: headers) }) { registry, _ in
            result = await registry.call(.sample("stub/a") { settings(&$0) })
        }
        return try #require(result)
    }

    @Test func gatewaysTellItInUsageOrInAHeader() async throws {
        let openRouter = try await call(["cost": 0.00123, "cost_details": ["upstream_inference_cost": 0.5], "is_byok": false])
        #expect(openRouter.reported?.decimalText == "0.00123" && openRouter.billing == .reported && openRouter.notes.isEmpty)
        // With a key of the customer's own, the server behind it bills, too.
        #expect(try await call(["cost": 0.001, "cost_details": ["upstream_inference_cost": 0.5], "is_byok": true]).reported?.decimalText == "0.501")
        #expect(try await call(["cost_in_usd_ticks": 49_100_000]).reported?.decimalText == "0.00491")
        let liteLLM = try await call([:], headers: [("X-LiteLLM-Response-Cost", "3.0000000000000004e-05")])
        #expect(liteLLM.reported?.decimalText == "0.00003")
        #expect(try await call(["cost": 0.5], headers: [("x-litellm-response-cost", "0.25")]).reported?.decimalText == "0.5")
        #expect(try await call([:]).reported == nil)
        #expect(try await call([:], headers: [("x-litellm-response-cost", "None")]).reported == nil)
    }

    @Test(arguments: ["-0.5", "nan", "1e300"])
    func whatCannotBeIsToldAndNotTaken(text: String) async throws {
        let result = try await call(["cost": 0.25], headers: [("x-litellm-response-cost", text)])
        #expect(result.reported == nil && result.billing == .reported)
        #expect(result.notes == [CallNote(.reportedCost, "the server says that it cost \(text), which cannot be: not taken")])
    }

    @Test func anotherCurrencyIsNotTakenAsDollars() async throws {
        for usage in [["cost": 0.5, "cost_currency": "EUR"], ["cost": ["total_cost": 0.5, "currency": "EUR"]], ["currency": "EUR", "cost": 0.5, "cost_currency": "USD"]] as [JSONObject] {
            let result = try await call(usage)
            #expect(result.reported == nil && result.notes == [CallNote(.reportedCost, "the server says that it cost 0.5 EUR, which cannot be: not taken")])
        }
    }

    @Test func theHeadOfAStreamDoesNotKnowIt() async throws {
        let result = try await call([:], headers: [("x-litellm-response-cost", "0.0")]) { $0.stream = true }
        #expect(result.reported == nil && result.text == "hi")
    }

    @Test func aRefusalThatNamesACostMayBeBilled() async throws {
        for (cost, billing) in [(0.25, BillingEvidence.unknown), (0, .notBilled)] {
            try await withStub(script: { _ in .json(["error": ["message": "no"], "usage": ["cost": .double(cost)]], status: 400) }) { registry, _ in
                let result = await registry.call(.sample("stub/a"))
                #expect(result.billing == billing && result.reported?.picoDollars == Int64(cost * 1e12))
            }
        }
    }
}
