import PromptCaching
import Values
import WorkflowModel

/// What a run knows of later requests that begin as one does.
extension ModelRunner {
    /// - Parameter profile: of the model that is asked.
    /// - Returns: `nil`: nothing is known of a cache there.
    @inline(never)
    func caching(_ segments: [PromptSegment], to profile: ModelProfile, _ call: TryMachine.Call, _ tries: ModelTries, _ run: isolated RunExecution) -> Question.Caching? {
        guard let rules = profile.cache else { return nil }
        let graph = run.state.graph
        var caching = Question.Caching(marks: graph.caching.marks, isHeldOut: run.state.isHeldOut)
        // What is for comparison alone comes last, and waits for nobody.
        if tries.place?.purpose(of: call) != .shadow { caching.latencyPrice = graph.caching.waitingPrice }
        caching.lifetimes = run.state.scopes[tries.node.scope]!.graph.wishedLifetimes(ofOrigins: segments.lazy.map(\.origin))
        let outlook = run.road.services.caches.outlook(of: graph)
        guard let question = outlook.question(path: tries.path, tier: tries.tier.name, part: tries.place?.part ?? "") else { return caching }
        /// - Parameter more: of a question, how many are taken to have begun beside those that have.
        func reads(more: @escaping (PrefixOutlook.Asked) -> Int = { _ in 0 }) -> [[Int]] {
            let reads = outlook.reads(of: question, within: rules.lifetimes.map(\.span), counts: lengths(of: tries, outlook, question, run)) { other in
                let begun = run.prefixes.count(of: outlook.asked[other]) + more(outlook.asked[other])
                // This one is counted when it is sent.
                if other == question { return PrefixOutlook.Progress(begun: begun + 1) }
                return PrefixOutlook.Progress(begun: begun, isOver: isOver(outlook.asked[other], run))
            }
            return outlook.blocks(of: segments, question).map { block in block.map { reads[$0].map(CachePlan.thousandths) } ?? [] }
        }
        caching.reads = reads()
        if let replay = run.engine.services.replay {
            // Those alone that stand in front of this call in the record can have begun before it.
            let start = replay.record.start(at: tries.site(call.ordinal)) ?? 0
            caching.otherReads = [
                reads { max(0, replay.record.prompts(RunPrefixes.key($0), before: start) - run.prefixes.count(of: $0)) },
                reads { -(replay.promptsUnderWay[RunPrefixes.key($0)] ?? 0) },
            ]
        }
        return caching
    }

    /// The length of its step's list, which the graph knows only by guess, by its axis.
    private func lengths(of tries: ModelTries, _ outlook: PrefixOutlook, _ question: Int, _ run: isolated RunExecution) -> [Int: Double] {
        guard tries.step.forEach != nil, let items = run.state.machine.items(of: tries.node), let axis = outlook.asked[question].axes.last(where: { outlook.axes[$0].kind == .items }) else { return [:] }
        return [axis: Double(max(1, items.count))]
    }

    /// Whether a step of the workflow itself has ended, or will not begin.
    private func isOver(_ asked: PrefixOutlook.Asked, _ run: isolated RunExecution) -> Bool {
        guard let index = run.state.graph.body.index(of: asked.path) else { return false }
        return run.state.machine.settlement(of: index) != nil
    }
}
