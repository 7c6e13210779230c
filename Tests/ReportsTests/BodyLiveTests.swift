import Economics
import Reports
import Testing
import Values
import WorkflowModel

/// The live tree and the plain lines of steps that have steps of their own.
@Suite struct BodyLiveTests {
    private func liveRun() -> LiveTree {
        func step(_ id: String, _ kind: String, after: [String] = []) -> LiveUpdate.Step { .init(id: id, kind: kind, dependsOn: after) }
        var updates: [(Int64, LiveUpdate)] = [
            (
                0,
                .runStarted(
                    id: "r", workflow: "review",
                    steps: [
                        step("clauses", "group"), step("clauses/risk", "model"), step("clauses/advice", "model", after: ["clauses/risk"]),
                        step("memo", "loop", after: ["clauses"]), step("memo/draft", "model"), step("memo/judge", "model", after: ["memo/draft"]),
                        step("letter", "workflow", after: ["memo"]), step("letter/write", "value"), step("tell", "run"),
                    ], budget: usd("0.25"))
            ),
            (1, .stepState(path: "clauses", .running)), (1, .itemsExpanded(step: "clauses", count: 3)),
        ]
        for item in 0..<3 {
            let at = Int64(item + 1) * 100
            updates += [
                (1, .stepState(path: "clauses[\(item)]", .running)), (2, .stepState(path: "clauses[\(item)]/risk", .running, model: "local/s")),
                (3, .callStarted(path: "clauses[\(item)]/risk", call: "\(item)", held: usd("0.001"))),
                (at, .callEnded(path: "clauses[\(item)]/risk", call: "\(item)", state: .settled, inputTokens: 10, outputTokens: 5, cost: usd("0.00001"), held: nil)),
                (at, .stepState(path: "clauses[\(item)]/risk", .succeeded)),
            ]
        }
        updates += [(301, .reason(path: "clauses[0]/advice", "when is false")), (301, .stepState(path: "clauses[0]/advice", .skipped)), (302, .stepState(path: "clauses[0]", .succeeded))]
        updates.append((310, .stepState(path: "clauses[1]/advice", .running, model: "local/s")))
        return live(updates)
    }

    @Test func liveAtEightyColumns() throws {
        try expectReport(
            liveRun().frame(now: after(500), style: style(80), height: 24).joined(separator: "\n") + "\n",
            #"""
            ⠴ review  0.5s  $0.00003 of $0.25  1 running  0/5 steps
            ⠴ clauses  1/3 items  group              30→15   $0.00003    0.4s
              ✓ risk  ×3          local/s            30→15   $0.00003    0.2s
              ⠴ advice  ×1        local/s                                0.0s
            · memo                after clauses
              · draft
              · judge             after draft
            · letter              after memo
              · write
            · tell
            """#)
    }

    @Test func liveOnANarrowTerminal() throws {
        try expectReport(
            liveRun().frame(now: after(500), style: style(40, unicode: false), height: 24).joined(separator: "\n") + "\n",
            #"""
            \ review  0.5s  $0.00003  1 running
            \ clauses  1/3 items   $0.00003    0.4s
              + risk  x3           $0.00003    0.2s
              \ advice  x1                     0.0s
            . memo
              . draft
              . judge
            . letter
              . write
            . tell
            """#)
    }

    /// Out of their place, steps are known by their paths.
    @Test func liveOnALowTerminal() throws {
        try expectReport(
            liveRun().frame(now: after(500), style: style(80), height: 6).joined(separator: "\n") + "\n",
            #"""
            ⠴ review  0.5s  $0.00003 of $0.25  1 running  0/5 steps
            ⠴ clauses  1/3 items  group        30→15   $0.00003    0.4s
            ⠴ clauses/advice  ×1  local/s                          0.0s
            ✓ clauses/risk  ×3    local/s      30→15   $0.00003    0.2s
            … 6 pending
            """#)
    }

    @Test func liveInALoop() throws {
        var tree = liveRun()
        let updates: [LiveUpdate] = [
            .stepState(path: "clauses[1]/advice", .succeeded), .stepState(path: "clauses[1]", .succeeded), .stepState(path: "clauses[2]", .succeeded),
            .stepState(path: "clauses", .succeeded), .stepState(path: "memo", .running), .stepState(path: "memo[0]/draft", .running), .stepState(path: "memo[0]/draft", .succeeded),
            .stepState(path: "memo[0]/judge", .running), .stepState(path: "memo[0]/judge", .failed), .reason(path: "memo", "pass 1 is over, another follows"),
            .stepState(path: "memo[1]/draft", .running),
        ]
        for update in updates { tree.apply(update, at: after(600)) }
        try expectReport(
            tree.frame(now: after(700), style: style(80), height: 24).joined(separator: "\n") + "\n",
            #"""
            ⠧ review  0.7s  $0.00003 of $0.25  1 running  1/5 steps  1 failed
            ✓ clauses  3/3 items     group                          30→15   $0.00003    0.5s
              ✓ risk  ×3             local/s                        30→15   $0.00003    0.2s
              ✓ advice  ×2           local/s                                            0.2s
            ⠧ memo                   pass 1 is over, another …                          0.1s
              ⠧ draft  ×1            model                                              0.0s
              ✗ judge  ×1, 1 failed  failed                                             0.0s
            · letter                 after memo
              · write
            · tell
            """#)
    }

    @Test(arguments: [2, 3, 5, 8, 24], [8, 20, 40, 80]) func framesStayInTheTerminal(height: Int, width: Int) {
        let lines = liveRun().frame(now: after(500), style: style(width), height: height)
        #expect(lines.count <= height - 1)
        #expect(lines.allSatisfy { $0.terminalWidth <= width })
    }

    /// 200 clauses: every tenth of the list has a line, and what failed inside of it.
    @Test func plainLinesOfALargeGroup() {
        var tree = LiveTree()
        var lines: [String] = []
        func apply(_ time: Int64, _ update: LiveUpdate) {
            tree.apply(update, at: after(time))
            if let line = tree.plainLine(for: update, at: after(time)) { lines.append(line) }
        }
        apply(0, .runStarted(id: "r", workflow: "t", steps: [.init(id: "g", kind: "group"), .init(id: "g/a", kind: "model"), .init(id: "g/b", kind: "value")], budget: nil))
        apply(0, .stepState(path: "g", .running))
        apply(0, .itemsExpanded(step: "g", count: 200))
        for item in 0..<200 {
            apply(1, .stepState(path: "g[\(item)]", .running))
            apply(1, .stepState(path: "g[\(item)]/a", .running, model: "local/s"))
            let fails = item == 33
            if fails { apply(2, .reason(path: "g[33]/a", "no")) }
            apply(2, .stepState(path: "g[\(item)]/a", fails ? .failed : .succeeded))
            if fails { apply(2, .reason(path: "g[33]/b", "upstream_failed: a")) }
            apply(2, .stepState(path: "g[\(item)]/b", fails ? .skipped : .succeeded))
            apply(3, .stepState(path: "g[\(item)]", fails ? .failed : .succeeded))
        }
        apply(4, .stepState(path: "g", .succeeded))
        #expect(lines.prefix(6) == ["t  started  r  3 steps", "g  started", "g  200 items", "g  20/200 items", "g[33]/a  failed  local/s  1ms  no", "g[33]  failed  2ms"])
        #expect(lines.count == 3 + 10 + 2 + 1)
        #expect(lines.last == "g  succeeded  4ms")
    }
}
