import Values

/// No step waits for itself, named with the whole path.
struct NoCyclesRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for body in draft.bodies { check(body.steps, draft, report) }
    }

    /// The steps of a cycle; of a long one its ends.
    private static func path(_ stack: ArraySlice<(id: String, next: Int)>) -> String {
        let ids = stack.count > 30 ? stack.prefix(15).map(\.id) + ["…"] + stack.suffix(14).map(\.id) : stack.map(\.id)
        return (ids + [stack.first!.id]).joined(separator: " -> ")
    }

    private func check(_ steps: [StepDraft], _ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var edges: [String: [WorkflowDraft.Edge]] = [:]
        for step in steps where edges[step.id.text] == nil { edges[step.id.text] = draft.edges(of: step) }
        enum Mark { case open, done }
        var marks: [String: Mark] = [:]
        /// Where open steps stand on the stack.
        var depths: [String: Int] = [:]
        for start in steps where marks[start.id.text] == nil {
            // Depth first with a stack of our own: a chain of ten thousand steps is no reason to run out of it.
            var stack: [(id: String, next: Int)] = [(start.id.text, 0)]
            marks[start.id.text] = .open
            depths[start.id.text] = 0
            while let (id, next) = stack.last {
                let targets = edges[id] ?? []
                guard next < targets.count else {
                    marks[id] = .done
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let target = targets[next]
                guard edges[target.id] != nil else { continue }
                if marks[target.id] == .open {
                    let path = Self.path(stack[depths[target.id]!...])
                    report(Diagnostic(code: "AW205", "steps wait for each other: \(path)", at: target.range))
                } else if marks[target.id] == nil {
                    marks[target.id] = .open
                    depths[target.id] = stack.count
                    stack.append((target.id, 0))
                }
            }
        }
    }
}
