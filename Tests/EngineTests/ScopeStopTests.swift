import Testing
import WorkflowModel

@testable import Engine

/// Conversations about scopes that stop early, and about what runs behind them.
@Suite struct ScopeStopTests {
    // MARK: Stops

    @Test func cancelStopsWhatRunsInsideOfOtherSteps() throws {
        var run = try Conversation(
            """
              - { id: x, value: "1" }
              - { id: g, steps: [{ id: a, value: "1" }, { id: b, value: steps.a.output }] }
              - { id: l, loop: { max: 3, steps: [{ id: c, value: "1" }] } }
            """, top: "on_failure: cancel")
        #expect(run.begins() == ["start x", "open g 0", "open l 0"])
        #expect(run.opens("g") == ["start g/a"])
        #expect(run.opens("l") == ["start l[0]/c"])
        #expect(run.fails("x") == ["cancel g/a", "cancel l[0]/c"])
        // What ends all the same has ended; what comes behind it does not begin, and neither is done.
        #expect(run.succeeds("g/a") == ["skip g/b: the run was stopping"])
        #expect(run.skips("g/b", .runStopping) == ["close g incomplete"])
        #expect(run.isCancelled("g") == [])
        #expect(run.isCancelled("l[0]/c") == ["close l incomplete"])
        #expect(run.isCancelled("l") == ["end failed"])
    }

    /// A step whose scope had not opened when the stop came is not done either.
    @Test func aScopeThatOpensWhileStoppingIsIncomplete() throws {
        var run = try Conversation(
            """
              - { id: x, value: "1" }
              - { id: g, steps: [{ id: a, value: "1" }, { id: b, steps: [{ id: c, value: "1" }] }] }
            """, top: "on_failure: cancel")
        #expect(run.begins() == ["start x", "open g 0"])
        #expect(run.fails("x") == [])
        #expect(run.opens("g") == ["skip g/a: the run was stopping", "skip g/b: the run was stopping"])
        #expect(run.skips("g/a", .runStopping) == [])
        #expect(run.skips("g/b", .runStopping) == ["close g incomplete"])
        #expect(run.isCancelled("g") == ["end failed"])
    }

    @Test func aDeadlineStopsWhatIsInsideAndNothingElse() throws {
        var run = try Conversation(
            """
              - id: g
                steps:
                  - { id: a, value: "1" }
                  - { id: h, steps: [{ id: b, value: "1" }, { id: c, value: steps.b.output }] }
                  - { id: d, value: steps.a.output }
              - { id: x, value: "1" }
              - { id: y, value: steps.x.output }
            """)
        #expect(run.begins() == ["open g 0", "start x"])
        #expect(run.opens("g") == ["start g/a", "open g/h 0"])
        #expect(run.opens("g/h") == ["start g/h/b"])
        #expect(run.isLate("g") == ["cancel g/a", "cancel g/h/b"])
        #expect(run.isCancelled("g/a") == ["skip g/d: the run was stopping"])
        #expect(run.skips("g/d", .runStopping) == [])
        #expect(run.isCancelled("g/h/b") == ["skip g/h/c: the run was stopping"])
        #expect(run.skips("g/h/c", .runStopping) == ["close g/h incomplete"])
        #expect(run.isCancelled("g/h") == ["close g incomplete"])
        #expect(run.fails("g") == [])
        #expect(run.succeeds("x") == ["start y"])
        #expect(run.succeeds("y") == ["end failed"])
    }

    @Test func theDeadlineOfAnItemLeavesTheOthers() throws {
        var run = try Conversation(ScopeTests.items.replacing("ON_ERROR", with: "collect"), top: "concurrency: 1")
        #expect(run.begins() == ["items g"])
        #expect(run.expands("g", to: 2) == ["open g[0] 0"])
        #expect(run.opens("g[0]") == ["start g[0]/a"])
        #expect(run.isLate("g[0]") == ["cancel g[0]/a"])
        #expect(run.isCancelled("g[0]/a") == ["skip g[0]/b: the run was stopping", "open g[1] 0"])
        #expect(run.skips("g[0]/b", .runStopping) == ["close g[0] incomplete"])
        #expect(run.fails("g[0]") == [])
        #expect(run.opens("g[1]") == ["start g[1]/a"])
    }

    @Test func aDeadlineTakesQueuedStepsOutOfTheLine() throws {
        var run = try Conversation(
            """
              - { id: g, steps: [{ id: a, value: "1" }, { id: s, for_each: { items: "[1]" }, value: item }] }
            """, top: "concurrency: 1")
        #expect(run.begins() == ["open g 0"])
        #expect(run.opens("g") == ["items g/s", "start g/a"])
        #expect(run.expands("g/s", to: 3) == [])
        #expect(run.isLate("g") == ["collect g/s", "cancel g/a"])
        #expect(run.isCancelled("g/s") == [])
        #expect(run.isCancelled("g/a") == ["close g incomplete"])
        #expect(run.fails("g") == ["end failed"])
    }

    @Test func anInterruptLeavesScopesAsTheyAre() throws {
        var run = try Conversation(
            """
              - { id: g, for_each: { items: "[1]", max_parallel: 1 }, steps: [{ id: a, value: "1" }, { id: b, value: steps.a.output }] }
              - { id: l, loop: { max: 2, steps: [{ id: c, value: "1" }] } }
            """)
        #expect(run.begins() == ["items g", "open l 0"])
        #expect(run.expands("g", to: 2) == ["open g[0] 0"])
        #expect(run.opens("g[0]") == ["start g[0]/a"])
        #expect(run.opens("l") == ["start l[0]/c"])
        #expect(run.isInterrupted() == [])
        #expect(run.succeeds("g[0]/a") == [])
        #expect(run.succeeds("l[0]/c") == ["close l complete"])
        // A pass that is over may be the last one; another one does not begin.
        #expect(run.passes("l", 0, .again) == ["end interrupted"])
        #expect(run.resumes() == ["open l 1", "start g[0]/b"])
        #expect(run.succeeds("g[0]/b") == ["close g[0] complete"])
    }

    @Test func anOptionalGroupThatTheBudgetStopsIsSkipped() throws {
        var run = try Conversation(
            """
              - { id: g, optional: true, steps: [{ id: a, value: "1" }, { id: b, value: "1" }] }
              - { id: c, value: steps.g.output }
              - { id: d, value: "has(steps.g.output) ? 1 : 2" }
            """)
        #expect(run.begins() == ["open g 0"])
        #expect(run.opens("g") == ["start g/a", "start g/b"])
        #expect(run.fails("g/a") == [])
        #expect(run.succeeds("g/b") == ["close g failed"])
        #expect(run.skips("g", .overBudget) == ["skip c: upstream_skipped: g", "start d"])
        #expect(run.isLate("g") == [], "its scope is gone")
        #expect(run.skips("c", .upstreamSkipped("g")) == [])
        #expect(run.succeeds("d") == ["end succeeded"])
    }

    // MARK: finally

    private func withFinally(_ steps: String, top: String = "") throws -> Conversation {
        try Conversation(steps, top: top + "\nfinally: [{ id: z, value: \"1\" }, { id: y, needs: [z], value: \"1\" }]")
    }

    @Test func finallyRunsAfterASuccess() throws {
        var run = try withFinally("  - { id: a, value: \"1\" }")
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["finally"])
        #expect(run.opensFinally() == ["start z"])
        #expect(run.succeeds("z") == ["start y"])
        #expect(run.succeeds("y") == ["end succeeded"])
    }

    @Test(arguments: ["drain", "cancel"]) func finallyRunsAfterAFailure(_ policy: String) throws {
        var run = try withFinally("  - { id: a, value: \"1\" }\n  - { id: b, value: steps.a.output }", top: "on_failure: \(policy)")
        #expect(run.begins() == ["start a"])
        let reason = policy == "cancel" ? SkipReason.runStopping : .upstreamFailed("a")
        #expect(run.fails("a") == ["skip b: \(reason.text)"])
        #expect(run.skips("b", reason) == ["finally"])
        #expect(run.opensFinally() == ["start z"])
        #expect(run.succeeds("z") == ["start y"])
        #expect(run.succeeds("y") == ["end failed"])
    }

    @Test func aFailureOfFinallyFailsTheRun() throws {
        var run = try withFinally("  - { id: a, value: \"1\" }")
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["finally"])
        #expect(run.opensFinally() == ["start z"])
        #expect(run.fails("z") == ["skip y: upstream_failed: z"])
        #expect(run.skips("y", .upstreamFailed("z")) == ["end failed"])
    }

    /// Nothing of it begins, so there is something left to do, whatever became of the steps.
    @Test(arguments: [true, false]) func finallyDoesNotBeginAfterAnInterrupt(_ succeeds: Bool) throws {
        var run = try withFinally("  - { id: a, value: \"1\" }")
        #expect(run.begins() == ["start a"])
        #expect(run.isInterrupted() == [])
        #expect((succeeds ? run.succeeds("a") : run.fails("a")) == ["end interrupted"])
    }

    @Test func anInterruptInFinallyLeavesItsRest() throws {
        var run = try withFinally("  - { id: a, value: \"1\" }")
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["finally"])
        #expect(run.opensFinally() == ["start z"])
        #expect(run.isInterrupted() == [])
        #expect(run.succeeds("z") == ["end interrupted"])
    }

    @Test func finallyMayHaveGroups() throws {
        var run = try Conversation("  - { id: a, value: \"1\" }", top: "finally: [{ id: g, steps: [{ id: z, value: steps.a.status }] }]")
        #expect(run.begins() == ["start a"])
        #expect(run.fails("a") == ["finally"])
        #expect(run.opensFinally() == ["open g 0"])
        #expect(run.opens("g") == ["start g/z"])
        #expect(run.succeeds("g/z") == ["close g complete"])
        #expect(run.succeeds("g") == ["end failed"])
    }

    private static let letterWithFinally = """
        version: 1
        name: letter
        steps: [{ id: a, value: "1" }, { id: b, value: steps.a.output }]
        finally: [{ id: z, value: steps.a.status }]
        """

    @Test(arguments: [true, false]) func theFinallyOfAWorkflowBelongsToItsStep(_ succeeds: Bool) throws {
        var run = try Conversation(#"  - { id: w, workflow: letter.yaml }"#, files: ["letter.yaml": Self.letterWithFinally])
        #expect(run.begins() == ["open w 0"])
        #expect(run.opens("w") == ["start w/a"])
        if succeeds {
            #expect(run.succeeds("w/a") == ["start w/b"])
            #expect(run.succeeds("w/b") == ["finally w"])
        } else {
            #expect(run.fails("w/a") == ["skip w/b: upstream_failed: a"])
            #expect(run.skips("w/b", .upstreamFailed("a")) == ["finally w"])
        }
        #expect(run.opensFinally(of: "w") == ["start w/z"])
        #expect(run.succeeds("w/z") == ["close w \(succeeds ? "complete" : "failed")"])
        #expect((succeeds ? run.succeeds("w") : run.fails("w")) == ["end \(succeeds ? "succeeded" : "failed")"])
    }

    @Test func aFailureOfAFinallyFailsItsStep() throws {
        var run = try Conversation(#"  - { id: w, workflow: letter.yaml }"#, files: ["letter.yaml": Self.letterWithFinally])
        #expect(run.begins() == ["open w 0"])
        #expect(run.opens("w") == ["start w/a"])
        #expect(run.succeeds("w/a") == ["start w/b"])
        #expect(run.succeeds("w/b") == ["finally w"])
        #expect(run.opensFinally(of: "w") == ["start w/z"])
        #expect(run.fails("w/z") == ["close w failed"])
    }

    /// A workflow that stops for what happened around it is over, its `finally` included.
    @Test func aFinallyDoesNotBeginBehindADeadline() throws {
        var run = try Conversation(#"  - { id: w, workflow: letter.yaml }"#, files: ["letter.yaml": Self.letterWithFinally])
        #expect(run.begins() == ["open w 0"])
        #expect(run.opens("w") == ["start w/a"])
        #expect(run.isLate("w") == ["cancel w/a"])
        #expect(run.isCancelled("w/a") == ["skip w/b: the run was stopping"])
        #expect(run.skips("w/b", .runStopping) == ["close w incomplete"])
        #expect(run.fails("w") == ["end failed"])
    }

    @Test func aDeadlineEndsAFinally() throws {
        var run = try Conversation(#"  - { id: w, workflow: letter.yaml }"#, files: ["letter.yaml": Self.letterWithFinally])
        #expect(run.begins() == ["open w 0"])
        #expect(run.opens("w") == ["start w/a"])
        #expect(run.succeeds("w/a") == ["start w/b"])
        #expect(run.succeeds("w/b") == ["finally w"])
        #expect(run.opensFinally(of: "w") == ["start w/z"])
        #expect(run.isLate("w") == ["cancel w/z"])
        #expect(run.isCancelled("w/z") == ["close w incomplete"])
        #expect(run.fails("w") == ["end failed"])
    }
}
