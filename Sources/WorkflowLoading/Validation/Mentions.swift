import Expressions
import Values

/// The steps and inputs that expressions read, and the words under some keys.
///
/// What stands in a text without `${{ }}` is read by nobody, whatever it looks like: ``LookalikeRule`` asks about it.
struct Mentions {
    private(set) var steps: Set<String> = []
    private(set) var inputs: Set<String> = []
    /// Steps of which something reads whether an answer was accepted, what the checks said, or all of it.
    private var acceptances: Set<String> = []
    /// Whether all of them may be read: `inputs` alone, or under a key that is computed.
    private(set) var readsAnyStep = false
    private(set) var readsAnyInput = false
    private var words: [String: Set<String>] = [:]

    /// The keys under which names stand as they are.
    private static let naming: Set<String> = ["model", "tiers", "start", "models", "degrade", "tier", "prefix", "needs"]

    init(_ draft: WorkflowDraft) {
        draft.root?.forEachScalar { keys, _, scalar in
            // A name is short, a prompt is not.
            guard scalar.text.utf8.count <= 256 else { return }
            for key in keys where Self.naming.contains(key) { words[key, default: []].insert(scalar.text) }
        }
        for body in draft.bodies {
            for step in body.steps { add(step.references(in: draft).flatMap(\.1)) }
            add(body.until?.references ?? [])
        }
        add(draft.prefixes.flatMap(\.text.references) + draft.outputs.flatMap(\.value.references) + draft.tags.flatMap(\.value.references))
        add((draft.decision?.id?.references ?? []) + (draft.decision?.outcome?.references ?? []) + draft.uses.flatMap(\.references))
    }

    /// Whether a word is a value somewhere below one of these keys.
    func has(_ word: String, under keys: String...) -> Bool {
        keys.contains { key in
            assert(Self.naming.contains(key), "nothing is known of what stands under '\(key)'")
            return words[key]?.contains(word) == true
        }
    }

    /// Whether anything may read whether a gate accepted an answer.
    func readsAcceptance(of step: StepDraft) -> Bool {
        if readsAnyStep || acceptances.contains(step.id.text) { return true }
        // Under collect it is a field of each element, which may be read by any name.
        return step.forEach?.onError == .collect && steps.contains(step.id.text)
    }

    private mutating func add(_ references: [Reference]) {
        for reference in references {
            switch (reference.path[0], reference.path.count) {
            case ("steps", 1): readsAnyStep = true
            case ("inputs", 1): readsAnyInput = true
            case ("steps", let count):
                steps.insert(reference.path[1])
                if count == 2 || ["accepted", "checks"].contains(reference.path[2]) { acceptances.insert(reference.path[1]) }
            case ("inputs", _): inputs.insert(reference.path[1])
            default: break
            }
        }
    }
}
