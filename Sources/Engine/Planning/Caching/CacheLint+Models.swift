import PromptCaching
import Values
import WorkflowModel

/// CP007 to CP011, CP014 and CP015: what rests on how a model's cache works.
extension CacheLint {
    /// Requests of one prefix that one machine takes in a minute, about.
    private static let mostAtOnce = 15.0

    func checkModels(_ report: Report) {
        var judged: Set<[Int]> = []
        for (index, question) in outlook.asked.enumerated() {
            guard let model = question.model, let rules = rules(model) else { continue }
            let reads = outlook.reads(of: index, within: rules.lifetimes.map(\.span) + [.seconds(Int64.max / 1000)])
            let view = View(question: index, asked: question, model: model, rules: rules, reads: reads)
            checkLength(view, report)
            checkLifetimes(view, &judged, report)
            checkParts(view, report)
            checkFanOut(view, report)
            checkGap(view, report)
        }
    }

    /// A question with what is known of its model's cache.
    private struct View {
        let question: Int
        let asked: PrefixOutlook.Asked
        let model: ModelReference
        let rules: CacheRules
        /// By block and lifetime, the longest first, and last without end.
        let reads: [[Double]]

        /// The last block that is expected to be read again, in any time.
        var lastShared: Int? { reads.lastIndex { $0.last! >= 0.5 } }

        /// Up to a block, where all of it is known.
        func tokens(upTo block: Int) -> Int? {
            let blocks = asked.blocks[...block]
            return blocks.contains { !$0.isComplete } ? nil : (blocks.reduce(0) { $0 + $1.knownBytes } + 3) / 4
        }

        /// Whether what ends with a block is long enough, as far as it is known.
        func isLongEnough(upTo block: Int) -> Bool { tokens(upTo: block).map { $0 >= rules.leastTokens } ?? true }
    }

    /// CP007: what is shared is too short to be kept, and would pay if it were not.
    private func checkLength(_ view: View, _ report: Report) {
        guard let block = view.lastShared, let tokens = view.tokens(upTo: block), tokens < view.rules.leastTokens, let write = view.rules.lifetimes.map(\.writePrice).min() else { return }
        let (least, read) = (Double(view.rules.leastTokens), view.rules.readPrice)
        // Read for `read`, even all that is missing must cost less than what is there does unread.
        let saved = Double(tokens) - read * least
        guard saved > 0 else { return }
        let enough = Int((write - read) * least / saved) + 1
        let prompts = view.reads[block].last! + 1
        guard prompts >= Double(enough) else { return }
        report(
            "CP007",
            "the \(Self.grouped(tokens)) tokens that \(Self.name(view.asked)) and later prompts begin with are fewer than the \(Self.grouped(view.rules.leastTokens)) that the cache of \(view.model) takes: \(Self.grouped(view.rules.leastTokens - tokens)) are missing",
            prefix(of: view.asked.blocks[block], view.asked)?.range ?? place(view.asked),
            "move what else they have in common in front of what differs, as one of prefixes: it pays from \(enough) prompts on")
    }

    /// CP008 and CP009: lifetimes that the author wants.
    ///
    /// - Parameter judged: spaces and blocks of which it was found whether their lifetime pays.
    private func checkLifetimes(_ view: View, _ judged: inout Set<[Int]>, _ report: Report) {
        guard graph.caching.marks, case .marks(let most) = view.rules.entries else { return }
        var wanted: [(block: Int, prefix: PromptPrefix, lifetime: TimeSpan)] = []
        for (index, block) in view.asked.blocks.enumerated() {
            if let prefix = prefix(of: block, view.asked), let lifetime = prefix.lifetime { wanted.append((index, prefix, lifetime)) }
        }
        guard !wanted.isEmpty else { return }
        if wanted.count > most {
            report(
                "CP009", "\(Self.name(view.asked)) begins with \(wanted.count) prefixes with a ttl, and a request to \(view.model) has \(most) marks", wanted[most].prefix.range,
                "join them, or leave the ttl to all but \(most)")
        }
        if let shortest = view.rules.lifetimes.last {
            for (_, prefix, lifetime) in wanted where lifetime < shortest.span {
                report(
                    "CP009", "'\(prefix.name)' is to be kept for \(lifetime), and \(view.model) keeps nothing for less than \(shortest.span): it is kept for that", prefix.range,
                    "write ttl: \(Self.word(shortest.span)), or remove it")
            }
        }
        for (first, second) in zip(wanted, wanted.dropFirst()) where first.lifetime < second.lifetime {
            report(
                "CP009", "in \(Self.name(view.asked)) '\(first.prefix.name)', kept for \(first.lifetime), stands before '\(second.prefix.name)', kept for \(second.lifetime): nothing is kept longer than what stands in front of it",
                first.prefix.range, "give '\(first.prefix.name)' the longer ttl, or let it stand behind")
        }
        for (block, prefix, lifetime) in wanted where prefix.stability >= .execution {
            guard let own = view.rules.lifetimes.first(where: { $0.span <= lifetime }) ?? view.rules.lifetimes.last else { continue }
            // All that use it read it as often.
            guard judged.insert([view.asked.space, view.asked.blocks[block].identity]).inserted else { continue }
            let users = outlook.asked.indices.filter { other in outlook.asked[other].blocks.contains { $0.identity == view.asked.blocks[block].identity } }
            let reads = users.map { user in outlook.reads(of: user, within: [own.span])[outlook.asked[user].blocks.firstIndex { $0.identity == view.asked.blocks[block].identity }!][0] }.max() ?? 0
            guard reads <= view.rules.leastReads(own) else { continue }
            report(
                "CP008", "'\(prefix.name)' is to be kept for \(lifetime), which costs \(Self.times(own.writePrice)) times its tokens, and in a run nothing reads it again often enough", prefix.range,
                "remove its ttl: it is then written only where that pays")
        }
    }

    /// `1.25`, `2`.
    private static func times(_ price: Double) -> String { price == price.rounded() ? String(Int(price)) : String(price) }

    /// CP010: parts between two marks.
    private func checkParts(_ view: View, _ report: Report) {
        guard graph.caching.marks, view.rules.isMarked, let last = view.lastShared, let most = view.rules.lookBack.map({ $0 * 3 / 4 }) else { return }
        var length = 0
        for (index, block) in view.asked.blocks[...last].enumerated() {
            length = index > 0 && block.stability == view.asked.blocks[index - 1].stability ? length + 1 : 1
            guard length > most else { continue }
            return report(
                "CP010", "\(Self.name(view.asked)) has more than \(most) parts between two ends that are marked, and from a mark \(view.model) looks back through \(view.rules.lookBack!) for what it has", place(view.asked),
                "join what stays the same into one prefix or one message")
        }
    }

    /// CP011 and CP015: many prompts with one beginning at once.
    private func checkFanOut(_ view: View, _ report: Report) {
        for axis in view.asked.axes.map({ ($0, outlook.axes[$0]) }) where axis.1.kind == .items && axis.1.count >= 2 && axis.1.width >= 2 {
            // What all of its items have in common.
            guard let varying = view.asked.blocks.firstIndex(where: { $0.axes.contains(axis.0) }), varying > 0, view.isLongEnough(upTo: varying - 1), Self.isMuch(view.asked.blocks[..<varying]) else { continue }
            let shared = view.asked.blocks[..<varying]
            if graph.caching.marks, !graph.caching.warmsUp {
                report(
                    "CP011", "the items of \(Self.name(view.asked)) begin alike and at once, and with warm_up: off none of them finds what another writes: \(Self.size(shared)) for each item", place(view.asked),
                    "write prefix_cache: { warm_up: auto }: one of them goes first")
            }
            if [.key, .breakpoints].contains(view.rules.control), axis.1.width > Self.mostAtOnce {
                report(
                    "CP015", "up to \(Int(axis.1.width)) prompts of \(Self.name(view.asked)) begin alike at once, and one machine takes about \(Int(Self.mostAtOnce)) a minute: the others find nothing", place(view.asked),
                    "write max_parallel: \(Int(Self.mostAtOnce)) in its for_each")
            }
        }
    }

    /// CP014: a wait that outlasts what was written.
    private func checkGap(_ view: View, _ report: Report) {
        for block in view.asked.blocks.indices.reversed() {
            // Nothing is kept longer than what stands in front of it: the shortest wish says how long.
            let wanted = view.asked.blocks[...block].compactMap { prefix(of: $0, view.asked)?.lifetime }.min()
            let longest = wanted.flatMap { wish in view.rules.lifetimes.first { $0.span <= wish } } ?? (wanted == nil ? view.rules.lifetimes[0] : view.rules.lifetimes.last!)
            guard view.reads[block].last! >= 0.5, view.isLongEnough(upTo: block), Self.isMuch(view.asked.blocks[...block]) else { continue }
            guard outlook.reads(of: view.question, within: [longest.span])[block][0] == 0, let next = outlook.next(after: view.question, sharing: block) else { return }
            let later = outlook.asked[next]
            let wait = TimeSpan.seconds(Int64(later.start - view.asked.start))
            report(
                "CP014",
                "between \(Self.name(view.asked)) and \(Self.name(later)) lie about \(wait), longer than the \(longest.span) that \(view.model) keeps what both begin with: \(Self.size(view.asked.blocks[...block])) is written twice",
                place(later),
                longest.span < view.rules.lifetimes[0].span ? "write ttl: \(Self.word(view.rules.lifetimes[0].span)), or remove it" : "let what takes so long come before the first of them, or ask a model that keeps prompts longer")
            return
        }
    }

    private static func word(_ span: TimeSpan) -> String { span.milliseconds.isMultiple(of: 3_600_000) ? "\(span.milliseconds / 3_600_000)h" : "\(span.milliseconds / 60_000)m" }
}

extension PrefixOutlook {
    /// The next question that begins with the same blocks.
    func next(after question: Int, sharing block: Int) -> Int? {
        sharing[question].first { $0.asked > question && $0.blocks > block && asked[$0.asked].start >= asked[question].start }?.asked
    }
}
