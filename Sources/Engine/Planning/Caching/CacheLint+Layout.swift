import PromptCaching
import Values
import WorkflowModel

/// CP003, CP005 and CP012: the order of a prompt's parts, and settings that stand before it.
extension CacheLint {
    func checkLayout(_ report: Report) {
        checkClasses(report)
        checkSystems(report)
        checkSettings(report)
    }

    /// What stays the same longer stands behind what changes.
    private func checkClasses(_ report: Report) {
        for question in outlook.asked {
            guard let first = question.blocks.first, first.origin == "system", first.stability >= .execution else { continue }
            let behind = question.blocks.dropFirst().prefix { $0.origin.hasPrefix("prefix ") && $0.stability < first.stability }
            guard !behind.isEmpty, Self.isMuch(behind) else { continue }
            let what = first.stability == .execution ? "run" : "step"
            let names = Self.list(behind.map { "'\($0.origin.dropFirst(7))'" })
            report(
                "CP003", "'system' of \(Self.name(question)) changes with each \(what), and \(names) behind it \(behind.count == 1 ? "does" : "do") not: \(Self.size(behind)) cannot be shared",
                question.question.system?.references.first?.range ?? place(question), "move what changes from 'system' into the prompt")
        }
    }

    /// Steps that share what stands behind a system text of their own.
    private func checkSystems(_ report: Report) {
        struct Key: Hashable {
            let space: Int
            let block: Int
        }
        var sharers: [Key: [(question: Int, system: Int)]] = [:]
        for (index, question) in outlook.asked.enumerated() {
            guard question.blocks.count > 2, question.blocks[0].origin == "system" else { continue }
            // The largest of what stands behind it decides.
            for block in question.blocks.dropFirst().dropLast() where block.origin.hasPrefix("prefix ") && Self.isMuch([block]) {
                sharers[Key(space: question.space, block: block.identity), default: []].append((index, question.blocks[0].identity))
            }
        }
        var told: Set<[Int]> = []
        let heads = sharers.keys.sorted { (sharers[$0]![0].question, $0.block) < (sharers[$1]![0].question, $1.block) }
        for head in heads {
            let all = sharers[head]!
            guard all.contains(where: { $0.system != all[0].system }) else { continue }
            guard told.insert(all.map(\.question)).inserted else { continue }
            let first = outlook.asked[all[0].question]
            let other = outlook.asked[all.first { $0.system != all[0].system }!.question]
            let block = first.blocks.first { $0.identity == head.block }!
            report(
                "CP005",
                "\(Self.list(all.map { Self.name(outlook.asked[$0.question]) })) share \(block.origin) behind system texts of their own: each reads \(Self.size([block])) as new", place(other),
                "let 'system' be the same in all of them, and write what is a step's own into its prompt")
        }
    }

    /// Earlier questions that are looked at for one that begins alike.
    private static let mostEarlier = 64

    /// A setting that belongs to the beginning changes between steps that share one.
    private func checkSettings(_ report: Report) {
        struct Beginning: Hashable {
            let model: ModelReference
            let block: Int
        }
        // By what they begin with, then by their reasoning: mostly there is one.
        var earlier: [Beginning: [(reasoning: String?, questions: [Int])]] = [:]
        for (index, question) in outlook.asked.enumerated() {
            guard let model = question.model, let first = question.blocks.first else { continue }
            let (beginning, own) = (Beginning(model: model, block: first.identity), reasoning(question))
            let groups = earlier[beginning] ?? []
            let others = groups.filter { $0.reasoning != own }.flatMap { $0.questions.prefix(Self.mostEarlier) }.sorted()
            for other in others where checkSetting(outlook.asked[other], question, model, report) { break }
            if let group = groups.firstIndex(where: { $0.reasoning == own }) {
                if groups[group].questions.count < Self.mostEarlier { earlier[beginning]![group].questions.append(index) }
            } else {
                earlier[beginning, default: []].append((own, [index]))
            }
        }
    }

    private func checkSetting(_ earlier: PrefixOutlook.Asked, _ question: PrefixOutlook.Asked, _ model: ModelReference, _ report: Report) -> Bool {
        guard earlier.space != question.space else { return false }
        let shared = Array(zip(question.blocks, earlier.blocks).prefix { $0.identity == $1.identity }.map(\.0))
        let least = max(Self.leastTokens, rules(model)?.leastTokens ?? 0)
        guard shared.contains(where: { !$0.isComplete }) || shared.reduce(0, { $0 + $1.knownBytes }) >= 4 * least else { return false }
        report(
            "CP012",
            "\(Self.name(earlier)) and \(Self.name(question)) begin alike and ask \(model) with another reasoning, \(reasoning(earlier) ?? "none") and \(reasoning(question) ?? "none"): \(Self.size(shared)) cannot be shared",
            place(question), "give both the same reasoning, or the second one another tier")
        return true
    }

    private func reasoning(_ question: PrefixOutlook.Asked) -> String? {
        let tier = graph(of: question).tier(named: question.tier) ?? graph.tier(named: question.tier)
        return (tier.map { question.question.sampling.over($0.sampling) } ?? question.question.sampling).reasoning
    }
}
