import PromptCaching
import Testing

@Suite struct SlotTableTests {
    private func plan(_ ends: [(UInt64, Int)]) -> CachePlan {
        CachePlan(
            rules: "llama.cpp", leastTokens: 1, space: 0,
            ends: ends.enumerated().map { CachePlan.End(segment: $0, name: $1.0, tokens: $1.1, stability: .step, reads: []) }, cached: 0, marks: [])
    }

    @Test func whoBeginsAlikeGoesToOneSlot() {
        var table = SlotTable(count: 4)
        var slots: [Int] = []
        for item in 0..<8 as Range<UInt64> {
            let prompt = plan([(1, 2000), (100 + item, 2020)])
            let (slot, found) = table.slot(of: prompt, answer: 100)
            #expect(found == (item == 0 ? 0 : 2000))
            table.sent(prompt, to: slot)
            slots.append(slot)
        }
        #expect(Set(slots).count == 1)
        // Another beginning goes to a slot that has nothing to do.
        #expect(table.slot(of: plan([(2, 2000)]), answer: 100).slot != slots[0])
    }

    @Test func aShortBeginningIsNotWorthTheWait() {
        var table = SlotTable(count: 2)
        let first = plan([(1, 2000), (5, 2020)])
        table.sent(first, to: table.slot(of: first, answer: 1024).slot)
        let (slot, found) = table.slot(of: plan([(1, 2000), (6, 2020)]), answer: 1024)
        #expect(slot == 1 && found == 0)
        // Nor where a slot has it and nothing to do: then it is the one that was used the longest ago, or not.
        table.ended(at: 0)
        #expect(table.slot(of: plan([(1, 2050), (6, 2060)]), answer: 1024).slot == 0)
    }

    @Test func theLeastBusyAndTheLongestUnusedIsNext() {
        var table = SlotTable(count: 3)
        for name in 10..<13 as Range<UInt64> {
            let prompt = plan([(name, 50)])
            table.sent(prompt, to: table.slot(of: prompt, answer: 100).slot)
        }
        table.ended(at: 1)
        table.ended(at: 2)
        #expect(table.slot(of: plan([(99, 50)]), answer: 100).slot == 1)
        table.sent(plan([(99, 50)]), to: 7)
        table.ended(at: 7)
        #expect(table.slot(of: plan([(98, 50)]), answer: 100).slot == 1)
    }
}
