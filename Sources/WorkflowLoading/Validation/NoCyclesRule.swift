import Values

/// No step waits for itself, named with the whole path.
struct NoCyclesRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for body in draft.bodies { check(body, draft, report) }
    }

    /// The steps of a cycle; of a long one its ends.
    private static func path(_ circle: [String]) -> String {
        (circle.count > 31 ? circle.prefix(15) + ["…"] + circle.suffix(15) : circle[...]).joined(separator: " -> ")
    }

    private func check(_ body: BodyDraft, _ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let steps = body.steps
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
                    let circle = stack[depths[target.id]!...].map(\.id) + [target.id]
                    report(Diagnostic(code: "AW205", "steps wait for each other: \(Self.path(circle))", at: target.range, hint: hint(for: circle, body)))
                } else if marks[target.id] == nil {
                    marks[target.id] = .open
                    depths[target.id] = stack.count
                    stack.append((target.id, 0))
                }
            }
        }
    }

    private func hint(for circle: [String], _ body: BodyDraft) -> String? {
        if circle.count == 2, let step = body.steps.first(where: { $0.id.text == circle[0] }), step.inner != nil {
            return "a step inside of '\(circle[0])' reads it, and it has an output when they have all ended"
        }
        return body.isInLoop ? "what a step gave in the pass before is pass.previous.\(circle[0])" : nil
    }
}
