import Economics
import Reports
import Testing
import Values
import WorkflowModel

@Suite struct LiveTreeTests {
    private func frame(_ width: Int?, height: Int = 24, unicode: Bool = true) -> String {
        supportLive().frame(now: after(4_321), style: style(width, unicode: unicode), height: height).joined(separator: "\n")
    }

    @Test func eightyColumns() {
        #expect(
            frame(80) == """
                ⠸ support-triage  4.3s  $0.000013 of $0.25  held $0.0012  1 running  2/4 steps
                ✓ classify            local/small       412→18  $0.000013    1.2s
                – retrieve            when is false
                ⠸ claims  1/40 items  local/small                            1.1s
                · compliance          after claims
                """)
    }

    @Test func fortyColumns() {
        #expect(
            frame(40) == """
                ⠸ support-t…  4.3s  $0.000013  1 running
                ✓ classify            $0.000013    1.2s
                – retrieve
                ⠸ claims  1/40 items               1.1s
                · compliance
                """)
    }

    @Test func twentyColumnsInASCII() {
        #expect(
            frame(20, unicode: false) == """
                / supp...  $0.000013
                + classify
                - retrieve
                / claims  1/40 items
                . compliance
                """)
    }

    @Test func aLowTerminalShowsWhatIsAtWork() {
        #expect(
            frame(80, height: 4) == """
                ⠸ support-triage  4.3s  $0.000013 of $0.25  held $0.0012  1 running  2/4 steps
                ⠸ claims  1/40 items  local/small                          1.1s
                … 1 pending, 2 done
                """)
    }

    @Test func anEndedRunStandsStill() {
        var tree = supportLive()
        tree.apply(.ended(.interrupted), at: after(5_000))
        let end = tree.frame(now: after(5_000), style: style(80), height: 24)
        #expect(end == tree.frame(now: after(99_000), style: style(80), height: 24))
        #expect(end[0] == "⊘ support-triage  interrupted  5.0s  $0.000013 of $0.25  held $0.0012  2/4 steps")
    }

    /// 200 steps: 52 ended, one of them failed, 5 at work.
    private var longRun: LiveTree {
        var tree = live([(0, .runStarted(id: "r", workflow: "wide", steps: (0..<200).map { .init(id: "step_\($0)", kind: "model") }, budget: nil))])
        for step in 0..<57 {
            tree.apply(.stepState(path: "step_\(step)", .running, model: "local/small"), at: after(Int64(step)))
            if step < 52 { tree.apply(.stepState(path: "step_\(step)", step == 30 ? .failed : .succeeded), at: after(Int64(100 + step))) }
        }
        return tree
    }

    @Test func manyStepsShowFailedAndRunningFirst() {
        let lines = longRun.frame(now: after(1_000), style: style(60), height: 12)
        #expect(lines.count == 11)
        #expect(lines[1].hasPrefix("✗ step_30"))
        #expect(lines[2...6].allSatisfy { $0.hasPrefix("⠏") || $0.hasPrefix("⠋") })
        #expect(lines[7].hasPrefix("✓ step_51"))
        #expect(lines[10] == "… 143 pending, 48 done")
    }

    @Test(arguments: [1, 2, 3, 4, 8, 24, 57, 100, 202, 203, 500], [1, 8, 20, 40, 80, 200])
    func framesStayInTheTerminal(height: Int, width: Int) {
        for tree in [longRun, supportLive(), LiveTree()] {
            for unicode in [true, false] {
                let lines = tree.frame(now: after(1_000), style: style(width, unicode: unicode), height: height)
                #expect(lines.count <= height - 1)
                #expect(lines.allSatisfy { $0.terminalWidth <= width })
            }
        }
    }

    @Test func holdsAreReleasedOnlyByFinalUsage() {
        var tree = supportLive()
        func header() -> String { tree.frame(now: after(5_000), style: style(), height: 24)[0] }
        tree.apply(.callEnded(path: "claims[0]", call: "2", state: .estimated, inputTokens: 5, outputTokens: nil, cost: usd("0.0002"), held: usd("0.0012")), at: after(4_400))
        #expect(header().contains("~$0.000213 of $0.25  held $0.001  "))
        tree.apply(.callStarted(path: "claims[0]", call: "3", held: usd("0.0012")), at: after(4_500))
        tree.apply(.callEnded(path: "claims[0]", call: "3", state: .void, inputTokens: nil, outputTokens: nil, cost: nil, held: nil), at: after(4_600))
        #expect(header().contains("held $0.001  "))
        tree.apply(.callEnded(path: "claims[0]", call: "4", state: .settled, inputTokens: 1, outputTokens: 1, cost: nil, held: nil), at: after(4_700))
        #expect(header().contains("≥ ~$0.000213"))
    }

    @Test func plainLines() {
        var tree = LiveTree()
        var lines: [String] = []
        func apply(_ time: Int64, _ update: LiveUpdate) {
            tree.apply(update, at: after(time))
            if let line = tree.plainLine(for: update, at: after(time)) { lines.append(line) }
        }
        apply(0, .runStarted(id: "20261121-094815-k3f9q2ab", workflow: "demo", steps: [.init(id: "classify", kind: "model"), .init(id: "sum", kind: "model")], budget: usd("0.25")))
        apply(0, .stepState(path: "classify", .running, model: "local/small"))
        apply(1, .callStarted(path: "classify", call: "1", held: usd("0.01")))
        apply(1_190, .callEnded(path: "classify", call: "1", state: .settled, inputTokens: 412, outputTokens: 18, cost: usd("0.000013"), held: usd("0.000013")))
        apply(1_200, .stepState(path: "classify", .succeeded))
        apply(1_300, .itemsExpanded(step: "sum", count: 40))
        for item in 0..<40 {
            apply(1_300, .stepState(path: "sum[\(item)]", .running))
            apply(1_400, .stepState(path: "sum[\(item)]", item == 5 ? .failed : .succeeded))
            if item == 5 { apply(1_400, .reason(path: "sum[5]", "refusal: the model\u{1B}[2J refused")) }
            if item == 12 { break }
        }
        apply(9_000, .ended(.interrupted))
        #expect(
            lines == [
                "demo  started  20261121-094815-k3f9q2ab  2 steps  budget $0.25",
                "classify  started  local/small",
                "classify  succeeded  local/small  412→18 tokens  $0.000013  1.2s",
                "sum  40 items",
                "sum  4/40 items",
                "sum[5]  failed  100ms",
                "sum[5]  refusal: the model\\u001b[2J refused",
                "sum  8/40 items, 1 failed",
                "sum  12/40 items, 1 failed",
                "demo  interrupted  $0.000013  9s",
            ])
    }

    // MARK: S2, S4

    /// Whoever a check asks is not who answers, and its failures are no tries of the step; a taken tier's model is the step's.
    @Test func whatAChecksAsksIsNotTheSteps() {
        var tree = LiveTree()
        var lines: [String] = []
        func asked(_ call: String, _ model: String, _ tier: String, _ part: String = "", fails: Bool = false) -> [LiveUpdate] {
            [
                .callStarted(path: "g", call: call, model: model, tier: tier, part: part, held: nil),
                .callEnded(path: "g", call: call, state: fails ? .void : .settled, inputTokens: nil, outputTokens: nil, cost: nil, held: nil),
            ] + (fails ? [.tryFailed(path: "g", call: call, kind: "server_error, HTTP 500", text: "away")] : [])
        }
        var updates: [LiveUpdate] = [.runStarted(id: "r", workflow: "w", steps: [.init(id: "g", kind: "prompt")], budget: nil), .stepState(path: "g", .running, model: "s/a")]
        updates += asked("1", "s/a", "small", fails: true) + asked("2", "s/a", "small") + asked("3", "s/j", "small", "judge", fails: true) + asked("4", "s/j", "small", "judge")
        updates += asked("5", "s/b", "mid") + asked("6", "s/j", "mid", "judge")
        for update in updates + [.stepState(path: "g", .succeeded)] {
            tree.apply(update, at: after(0))
            if let line = tree.plainLine(for: update, at: after(0)) { lines.append(line) }
        }
        #expect(lines.filter { $0.contains("failed") } == ["g  try 1 failed: server_error, HTTP 500", "g  a call for judge failed: server_error, HTTP 500"])
        #expect(lines.last?.hasPrefix("g  succeeded  s/a > s/b") == true)
        tree.apply(.taken(path: "g", tier: "small"), at: after(0))
        let frame = tree.frame(now: after(0), style: style(), height: 24)
        #expect(frame.contains { $0.contains("s/a of s/a > s/b") })
    }

    /// Whoever would have been asked is not named as asked where another was put in its place.
    @Test func aReplacedTierIsNamed() {
        func text(_ calls: [(model: String, tier: String, isReplaced: Bool)]) -> String? {
            var tree = LiveTree()
            tree.apply(.runStarted(id: "r", workflow: "w", steps: [.init(id: "g", kind: "prompt")], budget: nil), at: after(0))
            tree.apply(.stepState(path: "g", .running, model: "s/b", tier: "mid"), at: after(0))
            for (index, call) in calls.enumerated() {
                tree.apply(.callStarted(path: "g", call: "\(index)", model: call.model, tier: call.tier, isReplaced: call.isReplaced, held: nil), at: after(0))
            }
            tree.apply(.stepState(path: "g", .succeeded), at: after(0))
            return tree.plainLine(for: .stepState(path: "g", .succeeded), at: after(0))
        }
        #expect(text([("s/a", "mid", true)])?.hasPrefix("g  succeeded  s/a (in place of mid)  ") == true)
        #expect(text([("s/a", "mid", true), ("s/z", "mid", true)])?.hasPrefix("g  succeeded  s/z (asked s/a, in place of mid)  ") == true)
        #expect(text([("s/a", "mid", true), ("s/c", "large", false)])?.hasPrefix("g  succeeded  s/a (in place of mid) > s/c  ") == true)
        #expect(text([("s/z", "mid", false)])?.hasPrefix("g  succeeded  s/z (asked s/b)  ") == true)
    }

    private static let said = "stub/bad: the server answered 500: a long story of what went wrong in it"

    /// A model that failed three times, in a step that a run cannot do without.
    private func failing(model: String = "stub/bad", endsRun: Bool = true) -> [LiveUpdate] {
        [.runStarted(id: "r", workflow: "w", steps: [.init(id: "a", kind: "prompt"), .init(id: "b", kind: "prompt")], budget: nil), .stepState(path: "a", .running, model: model)]
            + (0..<3).map { _ in .tryFailed(path: "a", kind: "server_error, HTTP 500", text: Self.said) }
            + [.failed(path: "a", text: Self.said + " (after 3 tries)", endsRun: endsRun), .stepState(path: "a", .failed)]
    }

    @Test(arguments: [true, false]) func aTextIsToldOnceHoweverManyTriesMetIt(holdsBack: Bool) {
        var tree = LiveTree()
        var lines: [String] = []
        for update in failing() + [.ended(.failed)] {
            tree.apply(update, at: after(0))
            if let line = tree.plainLine(for: update, at: after(0), holdsBack: holdsBack) { lines.append(line) }
        }
        #expect(lines.count { $0.contains("a long story") } == (holdsBack ? 0 : 1))
        #expect(lines.contains("a  try 2 failed: server_error, HTTP 500") && lines.contains { $0.hasPrefix("a  failed after 3 tries  stub/bad") })
        // Held back, it is told by the last line, or else behind it.
        #expect(tree.untold(by: "step 'a': \(Self.said) (after 3 tries)") == nil)
        #expect(tree.untold(by: nil) == "a  \(Self.said) (after 3 tries)" && tree.untold(by: "something else") != nil)
    }

    @Test func whatEndsNoRunIsToldAtOnceAndOnlyOnce() {
        var tree = LiveTree()
        var lines: [String] = []
        let updates: [LiveUpdate] =
            failing(endsRun: false) + [
                .stepState(path: "b", .running), .itemsExpanded(step: "b", count: 2), .stepState(path: "b[0]", .running), .failed(path: "b[0]", text: "no"), .stepState(path: "b[0]", .failed),
                .stepState(path: "b[1]", .running), .failed(path: "b[1]", text: "no"), .stepState(path: "b[1]", .failed), .failed(path: "b", text: "item 0: no"), .stepState(path: "b", .failed),
            ]
        for update in updates {
            tree.apply(update, at: after(0))
            if let line = tree.plainLine(for: update, at: after(0), holdsBack: true) { lines.append(line) }
        }
        #expect(lines.count { $0.contains("a long story") } == 1)
        #expect(lines.contains("b[0]  no") && lines.contains("b[1]  failed as b[0] did") && !lines.contains { $0.contains("item 0: no") })
        #expect(tree.untold(by: nil) == nil)
    }

    /// What is around it says it again behind a path: that is not told.
    @Test func whatIsAroundAFailureDoesNotRepeatIt() {
        var tree = live([
            (0, .runStarted(id: "r", workflow: "w", steps: [.init(id: "review", kind: "group"), .init(id: "review/judge", kind: "prompt")], budget: nil)),
            (0, .stepState(path: "review", .running)), (0, .itemsExpanded(step: "review", count: 2)),
        ])
        var lines: [String] = []
        for (item, text) in [(0, "s/m: no such thing"), (1, "s/m: another thing")] {
            let inner = "review[\(item)]/judge"
            for update: LiveUpdate in [
                .stepState(path: "review[\(item)]", .running), .stepState(path: inner, .running), .failed(path: inner, text: text), .stepState(path: inner, .failed),
                .failed(path: "review[\(item)]", text: "\(inner): \(text)"), .stepState(path: "review[\(item)]", .failed),
            ] {
                tree.apply(update, at: after(0))
                if let line = tree.plainLine(for: update, at: after(0)) { lines.append(line) }
            }
        }
        #expect(lines.count { $0.contains("no such thing") } == 1 && lines.count { $0.contains("another thing") } == 1, "\(lines)")
        let frame = tree.frame(now: after(0), style: style(80), height: 24)
        #expect(frame[1].contains("2/2 items, 2 failed") && frame.filter { $0.contains("no such thing") } == ["      review[0]/judge: s/m: no such thing (and 1 more failed)"], "\(frame)")
    }

    /// Below its step, over the whole width, beside a model with a long name; what stands below the last frame is not in it.
    @Test(arguments: [60, 80, 140]) func whyAStepFailedHasTheWidth(width: Int) {
        var tree = LiveTree()
        let model = "together/meta-llama/Llama-3.3-70B-Instruct-Turbo-of-a-very-long-name"
        for update in failing(model: model) {
            // What it says names the model, which stands above.
            if case .failed(let path, let text, _) = update {
                tree.apply(.failed(path: path, text: "\(model): \(text)"), at: after(0))
            } else {
                tree.apply(update, at: after(0))
            }
        }
        let lines = tree.frame(now: after(0), style: style(width), height: 24)
        let told = lines.filter { $0.hasPrefix("    ") }.map { $0.drop { $0 == " " } }.joined(separator: " ")
        #expect(told == Self.said + " (after 3 tries)")
        #expect(lines[0].contains("1 failed") && lines[1].contains("after 3 tries"))
        #expect(!tree.frame(now: after(0), style: style(width), height: 24, told: "step 'a': \(model): \(Self.said) (after 3 tries)").joined().contains("a long story"))
    }

    /// Fifty items with one failure: that is not what is cut, and what failed is named.
    @Test(arguments: [60, 80, 140]) func countsNeverLoseAFailure(width: Int) {
        let step = "look_at_every_single_document_of_the_customer"
        var tree = live([(0, .runStarted(id: "r", workflow: "w", steps: [.init(id: step, kind: "prompt"), .init(id: "next", kind: "prompt")], budget: nil))])
        tree.apply(.stepState(path: step, .running, model: "openrouter/meta-llama/llama-3.3-70b-instruct-with-a-long-name"), at: after(0))
        tree.apply(.itemsExpanded(step: step, count: 50), at: after(0))
        for item in 0..<50 {
            tree.apply(.stepState(path: "\(step)[\(item)]", .running), at: after(0))
            if item == 17 { tree.apply(.failed(path: "\(step)[17]", text: "refusal: not that one"), at: after(0)) }
            tree.apply(.stepState(path: "\(step)[\(item)]", item == 17 ? .failed : .succeeded), at: after(1))
        }
        for status in [nil, NodeStatus.succeeded] {
            if let status { tree.apply(.stepState(path: step, status), at: after(2)) }
            let lines = tree.frame(now: after(10), style: style(width), height: 24)
            #expect(lines[0].contains("1 failed") && lines[1].contains("  50/50 items, 1 failed"), "\(lines)")
            #expect(lines[2...].prefix(2).map { $0.drop { $0 == " " } }.joined(separator: " ").contains("\(step)[17]: refusal: not that one"), "\(lines)")
        }
    }

    /// Who waits for a person is not done, and not crowded out.
    @Test func whatWaitsIsInTheWindow() {
        var tree = live([(0, .runStarted(id: "r", workflow: "w", steps: (0..<60).map { .init(id: "step_\($0)", kind: "approve") }, budget: nil))])
        for step in 0..<50 {
            tree.apply(.stepState(path: "step_\(step)", .running), at: after(0))
            if step == 3 { tree.apply(.reason(path: "step_3", "waits for a person: may we?"), at: after(1)) }
            tree.apply(.stepState(path: "step_\(step)", step == 3 ? .waiting : .succeeded), at: after(Int64(step)))
        }
        let lines = tree.frame(now: after(100), style: style(80), height: 12)
        #expect(lines[0].contains("1 waiting") && lines[0].contains("49/60 steps") && lines[1].hasPrefix("‖ step_3") && lines[1].contains("may we?"), "\(lines)")
        tree.apply(.decided(path: "step_3", isApproved: true, "approved by ann"), at: after(200))
        tree.apply(.stepState(path: "step_3", .running), at: after(200))
        tree.apply(.stepState(path: "step_3", .succeeded), at: after(201))
        #expect(tree.frame(now: after(300), style: style(80), height: 12)[0].contains("50/60 steps"))
    }

    /// Whatever the terminal's height, of many steps those that failed are on it, with what they said where there is room for it.
    @Test(arguments: [6, 10, 24, 50], [60, 80, 140]) func aFailureIsInTheWindow(height: Int, width: Int) {
        var tree = live([(0, .runStarted(id: "r", workflow: "w", steps: (0..<200).map { .init(id: "step_\($0)", kind: "prompt") }, budget: nil))])
        for step in 0..<100 { tree.apply(.stepState(path: "step_\(step)", .running), at: after(Int64(step))) }
        for step in 0..<90 {
            if step == 40 { tree.apply(.failed(path: "step_40", text: "it broke"), at: after(200)) }
            tree.apply(.stepState(path: "step_\(step)", step == 40 ? .failed : .succeeded), at: after(Int64(200 + step)))
        }
        let running = tree.frame(now: after(1_000), style: style(width), height: height)
        #expect(running.count < height && running[1].hasPrefix("✗ step_40") && running[2].contains("it broke") && running.last!.contains("pending"), "\(running)")
        tree.apply(.ended(.failed), at: after(1_000))
        let last = tree.frame(now: after(1_000), style: style(width), height: height)
        #expect(last[1].hasPrefix("✗ step_40") && last.last!.hasPrefix("… ") && last.last!.contains("100 pending"), "\(last)")
    }

    @Test func unknownPathsAreIgnored() {
        var tree = supportLive()
        let before = tree.frame(now: after(4_321), style: style(80), height: 24)
        tree.apply(.stepState(path: "nobody", .failed), at: after(4_000))
        tree.apply(.reason(path: "nobody[1]", "x"), at: after(4_000))
        #expect(tree.frame(now: after(4_321), style: style(80), height: 24) == before)
    }
}
