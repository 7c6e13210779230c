/// The slots of a server that keeps the last prompt of each, as llama.cpp's does, as far as this process asked it: which of them a prompt should go to.
///
/// Whoever begins like a prompt that a slot has goes there and waits for it, where that is less work than to process the beginning once more: the beginning has at least twice as many tokens as the answer may have. A
/// server's processors are shared by its slots, so that what one does twice another does later. Others go to the slot that has the least to do.
public struct SlotTable: Sendable {
    private struct Slot {
        /// Of its last prompt, in the prompt's order.
        var ends: [(name: UInt64, tokens: Int)] = []
        var inFlight = 0
        var lastUse = 0
    }

    private var slots: [Slot]
    private var uses = 0
    /// Shorter beginnings are processed sooner than another answer ends.
    private static let leastShared = 256

    public init(count: Int) { slots = Array(repeating: Slot(), count: max(1, count)) }

    /// - Parameter answer: the most tokens that the answer can have.
    /// - Returns: the slot, and how much of the prompt it has.
    public func slot(of plan: CachePlan, answer: Int) -> (slot: Int, found: Int) {
        let depths = slots.map { slot in
            plan.ends.last { end in slot.ends.contains { $0.name == end.name } }?.tokens ?? 0
        }
        let best = depths.indices.max { (depths[$0], -slots[$0].inFlight) < (depths[$1], -slots[$1].inFlight) }!
        if depths[best] >= max(Self.leastShared, 2 * answer) { return (best, depths[best]) }
        let idle = slots.indices.min { (slots[$0].inFlight, slots[$0].lastUse) < (slots[$1].inFlight, slots[$1].lastUse) }!
        return (idle, depths[idle])
    }

    /// A prompt goes to a slot.
    public mutating func sent(_ plan: CachePlan, to slot: Int) {
        guard slots.indices.contains(slot) else { return }
        uses += 1
        slots[slot].inFlight += 1
        slots[slot].lastUse = uses
        slots[slot].ends = plan.ends.map { ($0.name, $0.tokens) }
    }

    /// Its answer has ended, or it failed.
    public mutating func ended(at slot: Int) {
        guard slots.indices.contains(slot) else { return }
        slots[slot].inFlight = max(0, slots[slot].inFlight - 1)
    }
}
