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

    @Test func unknownPathsAreIgnored() {
        var tree = supportLive()
        let before = tree.frame(now: after(4_321), style: style(80), height: 24)
        tree.apply(.stepState(path: "nobody", .failed), at: after(4_000))
        tree.apply(.reason(path: "nobody[1]", "x"), at: after(4_000))
        #expect(tree.frame(now: after(4_321), style: style(80), height: 24) == before)
    }
}
