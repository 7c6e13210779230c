import Testing
import WorkflowModel

@Suite struct TokenRatioTests {
    private func learned(_ pairs: [(Int, Int)]) -> TokenRatio? { TokenRatio(pairs.map { TokenRatio.Sample(bytes: $0.0, tokens: $0.1) }) }

    @Test func theWholeCountsAndTheSpreadIsOfCalls() throws {
        // 4, 3, 5 and 2 bytes a token; the long prompt weighs most.
        let ratio = try #require(learned([(4000, 1000), (30, 10), (50, 10), (20, 10)]))
        #expect(ratio.calls == 4 && ratio.bytes == 4100 && ratio.tokens == 1030)
        #expect(ratio.thousandths == 3981 && ratio.low == 2000 && ratio.high == 5000)
        #expect(TokenRatio.text(ratio.thousandths) == "3.981" && TokenRatio.text(50) == "0.050")
    }

    /// Four of five calls lie between both, whatever their number.
    @Test func tenths() throws {
        let ten = try #require(learned((1...10).map { ($0, 1) }))
        #expect(ten.low == 1000 && ten.high == 9000)
        let forty = try #require(learned((1...40).map { ($0, 1) }))
        #expect(forty.low == 4000 && forty.high == 36_000)
    }

    @Test(arguments: [(0, 0), (1, 1), (4, 1), (5, 2), (1 << 40, 1 << 38)]) func expectation(bytes: Int, tokens: Int) throws {
        let four = try #require(learned([(4, 1), (4, 1), (4, 1)]))
        #expect(four.tokens(ofBytes: bytes) == tokens)
    }

    @Test func tooFewOrNoneThatCanBeTrue() {
        #expect(learned([]) == nil && learned([(4, 1), (4, 1)]) == nil && learned([(4, 1), (4, 1), (0, 5), (4, 0), (-1, -1)]) == nil)
    }
}
