import PromptCaching
import WorkflowModel

/// The order of a prompt's prefixes on the wire: what stays the same longer stands before what does not, and within one class the author's order stands, but for prefixes
/// with `order: any`. Of those, what more prompts of the file begin with stands before what fewer do, so that more of them begin alike.
struct PrefixOrder {
    private let prefixes: [PromptPrefix]
    /// By prefix, how many prompts of the file name it.
    private let uses: [Int]

    /// - Parameter lists: of each prompt of the file, the positions of its prefixes.
    init(_ prefixes: [PromptPrefix], usedBy lists: [[Int]]) {
        self.prefixes = prefixes
        var uses = [Int](repeating: 0, count: prefixes.count)
        for list in lists { for prefix in Set(list) { uses[prefix] += 1 } }
        self.uses = uses
    }

    /// - Parameter used: positions of prefixes as the author names them.
    func ordered(_ used: [Int]) -> [Int] {
        let byClass = used.enumerated().sorted { (prefixes[$0.element].stability, $0.offset) < (prefixes[$1.element].stability, $1.offset) }.map(\.element)
        guard used.contains(where: { prefixes[$0].mayMove }) else { return byClass }
        return StabilityClass.allCases.flatMap { stability in
            let ofClass = byClass.filter { prefixes[$0].stability == stability }
            var result = ofClass.filter { !prefixes[$0].mayMove }
            // Equal in number, the order of the file, which is the same for all prompts.
            let moving = ofClass.filter { prefixes[$0].mayMove }.sorted { (-uses[$0], $0) < (-uses[$1], $1) }
            var from = 0
            for prefix in moving {
                let place = result[from...].firstIndex { uses[$0] < uses[prefix] } ?? result.count
                result.insert(prefix, at: place)
                from = place + 1
            }
            return result
        }
    }
}

extension StepDraft {
    /// The prefixes of each of its prompts: of its own, and of its judges.
    var prefixLists: [[Named]] {
        guard case .model(let model) = kind else { return [] }
        let judges = (escalation?.checks ?? []).compactMap { check -> [Named]? in
            if case .judge(let judge)? = check.kind { judge.question.prefixes } else { nil }
        }
        return [model.prefixes] + judges
    }
}
