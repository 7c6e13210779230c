import Economics
import TestSupport
import Testing
import WorkflowModel

/// What calls came to, apart by how well it is known.
@Suite struct SpendingTests {
    private func spending(_ state: CallState, cost: String?, held: String?, isEstimate: Bool = false) -> Spending {
        var spending = Spending()
        spending.add(state, cost: cost.map(usd), held: held.map(usd), isEstimate: isEstimate)
        return spending
    }

    private func sum(_ text: String) -> MoneySum { MoneySum(usd(text)) }

    @Test func aSettledCallIsKnown() {
        let settled = spending(.settled, cost: "0.5", held: "0.5")
        #expect(settled.known == sum("0.5") && settled.estimated == .zero && settled.heldOpen == .zero && settled.cost == sum("0.5"))
        #expect(!settled.isLowerBound && !settled.knowsNothing)
    }

    /// Whatever its state says: a note tells that its cost is none that was billed.
    @Test(arguments: [CallState.overrun, .settled]) func anEstimateIsNotKnown(state: CallState) {
        #expect(spending(state, cost: "0.5", held: "0.5").known == sum("0.5"))
        let estimate = spending(state, cost: "0.5", held: "0.7", isEstimate: true)
        #expect(estimate.known == .zero && estimate.estimated == sum("0.5") && estimate.estimatedCalls == 1 && estimate.heldOpen == sum("0.2"))
    }

    @Test func whatIsMissingMakesALowerBound() {
        let open = spending(.held, cost: nil, held: "0.3")
        #expect(open.open == 1 && open.heldOpen == sum("0.3") && open.isLowerBound && open.knowsNothing)
        let unknown = spending(.unknown, cost: nil, held: "0.3")
        #expect(unknown.unknown == 1 && unknown.unpriced == 0 && unknown.knowsNothing)
        let unpriced = spending(.settled, cost: nil, held: nil)
        #expect(unpriced.unpriced == 1 && unpriced.held == .zero && unpriced.knowsNothing)
        #expect(spending(.unknown, cost: nil, held: nil).unpriced == 1, "begun without a hold, there is no price for it")
        let both = unknown + spending(.settled, cost: "0.1", held: "0.1")
        #expect(both.isLowerBound && !both.knowsNothing && both.cost == sum("0.1"))
    }

    @Test func aVoidCallOwesNothing() {
        let void = spending(.void, cost: "0", held: "0")
        #expect(void.calls == 1 && void.void == 1 && void.cost == .zero && !void.isLowerBound && !void.knowsNothing)
        // Beside one of which nothing is known it changes nothing.
        #expect((void + spending(.held, cost: nil, held: "1")).knowsNothing)
    }

    /// One by one, in groups or as sums of sums: it is the same.
    @Test func theOrderOfSumsDoesNotMatter() {
        let parts = [
            spending(.settled, cost: "9000000", held: "9000000"), spending(.settled, cost: "9000000", held: "9000000"), spending(.held, cost: nil, held: "1"),
            spending(.estimated, cost: "0.25", held: "0.5"), spending(.void, cost: nil, held: "0"), spending(.unknown, cost: nil, held: "2"),
            spending(.overrun, cost: "3", held: "3"),
        ]
        let forward = parts.reduce(Spending(), +)
        #expect(forward == parts.reversed().reduce(Spending(), +))
        #expect(forward == parts.prefix(3).reduce(Spending(), +) + parts.dropFirst(3).reduce(Spending(), +))
        #expect(forward.known == sum("9000000") + sum("9000003"), "beyond what one amount holds")
        var group = Spending()
        group.add(2, .settled, cost: sum("9000000") + sum("9000000"), held: sum("9000000") + sum("9000000"))
        #expect(group == parts[0] + parts[1])
    }
}
