import Economics
import PromptCaching
import Values
import WorkflowModel

/// What is planned of one call's prompt, and what has come of it so far. Confined to whoever makes the call.
final class CachedPrompt {
    let plan: CachePlan
    /// With the prices that hold for it.
    let rules: CacheRules
    let model: ModelReference
    /// `nil`: its server is told nothing.
    let instructions: CacheInstructions?
    var obstacle: CacheMiss?
    var sentAt: Timestamp?

    /// Which prices of writing can be charged for it.
    var writes: CacheWrites {
        // Whoever is told nothing does as it likes; so does a cache that nobody marks.
        guard instructions != nil, rules.isMarked else { return .any }
        // Also for what is expected to be there: it may be gone.
        guard let longest = plan.marks.map(\.lifetime).max() else { return .none }
        return rules.lifetimes.contains { $0.span == longest && $0.isLong } ? .any : .short
    }

    init(_ plan: CachePlan, _ rules: CacheRules, _ model: ModelReference, instructions: CacheInstructions?) {
        self.model = model
        self.plan = plan
        self.rules = rules
        self.instructions = instructions
    }
}
