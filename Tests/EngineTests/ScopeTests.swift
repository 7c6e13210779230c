import Testing
import WorkflowModel

@testable import Engine

/// Conversations about steps that have steps of their own.
@Suite struct ScopeTests {
    // MARK: Groups

    @Test func aGroupIsOneStepToThoseAroundIt() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - id: g
                steps:
                  - { id: b, value: steps.a.output }
                  - { id: c, value: steps.b.output }
              - { id: d, value: steps.g.output.c }
            """)
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["open g 0"])
        #expect(run.opens("g") == ["start g/b"])
        #expect(run.succeeds("g/b") == ["start g/c"])
        #expect(run.succeeds("g/c") == ["close g complete"])
        #expect(run.succeeds("g") == ["start d"])
        #expect(run.succeeds("d") == ["end succeeded"])
    }

    /// What a step inside reads decides over the whole group, however deep it is.
    @Test(arguments: [
        ("value: steps.a.output", "skip g: upstream_skipped: a"), ("value: \"has(steps.a.output) ? 1 : 2\"", "open g 0"),
        ("value: steps.a.status", "open g 0"), ("for_each: { items: \"[steps.a.output]\" }, value: item", "skip g: upstream_skipped: a"),
        ("steps: [{ id: c, value: steps.a.output }]", "skip g: upstream_skipped: a"),
        ("loop: { max: 2, until: steps.a.output == 1, steps: [{ id: c, value: \"1\" }] }", "skip g: upstream_skipped: a"),
    ])
    func aReferenceFromInsideIsAnEdgeOfTheGroup(_ body: String, _ answer: String) throws {
        var run = try Conversation(
            """
              - { id: a, when: "false", value: "1" }
              - { id: g, steps: [{ id: b, \(body) }] }
            """)
        #expect(run.begins() == ["when a"])
        #expect(run.holds("a", false) == ["skip a: when is false"])
        #expect(run.skips("a", .conditionFalse) == [answer])
    }

    @Test func skipsInsideAreTheGroupsOwnBusiness() throws {
        var run = try Conversation(
            """
              - id: g
                steps:
                  - { id: a, when: "false", value: "1" }
                  - { id: b, value: steps.a.output }
                  - { id: c, needs: [b], value: "1" }
              - { id: d, value: steps.g.output.c }
            """)
        #expect(run.begins() == ["open g 0"])
        #expect(run.opens("g") == ["when g/a"])
        #expect(run.holds("g/a", false) == ["skip g/a: when is false"])
        #expect(run.skips("g/a", .conditionFalse) == ["skip g/b: upstream_skipped: a"])
        #expect(run.skips("g/b", .upstreamSkipped("a")) == ["start g/c"])
        #expect(run.succeeds("g/c") == ["close g complete"])
        #expect(run.succeeds("g") == ["start d"])
    }

    @Test func aFailureInsideDrainsTheGroupAndFailsIt() throws {
        var run = try Conversation(
            """
              - id: g
                steps:
                  - { id: a, value: "1" }
                  - { id: b, value: "1" }
                  - { id: c, value: steps.a.output }
                  - { id: d, value: steps.b.output }
              - { id: e, needs: [g], value: "1" }
              - { id: f, value: "1" }
            """)
        #expect(run.begins() == ["open g 0", "start f"])
        #expect(run.opens("g") == ["start g/a", "start g/b"])
        #expect(run.fails("g/a") == ["skip g/c: upstream_failed: a"])
        #expect(run.skips("g/c", .upstreamFailed("a")) == [])
        #expect(run.succeeds("g/b") == ["start g/d"])
        #expect(run.succeeds("g/d") == ["close g failed"])
        #expect(run.fails("g") == ["skip e: upstream_failed: g"])
        #expect(run.skips("e", .upstreamFailed("g")) == [])
        #expect(run.succeeds("f") == ["end failed"])
    }

    @Test(arguments: ["on_error: continue", "on_error: { value: 7 }"])
    func aFailureThatTheGroupToleratesStaysInside(_ policy: String) throws {
        var run = try Conversation(
            """
              - { id: g, \(policy), steps: [{ id: a, value: "1" }, { id: b, value: steps.a.output }] }
              - { id: c, needs: [g], value: "1" }
            """)
        #expect(run.begins() == ["open g 0"])
        #expect(run.opens("g") == ["start g/a"])
        #expect(run.fails("g/a") == ["skip g/b: upstream_failed: a"])
        #expect(run.skips("g/b", .upstreamFailed("a")) == ["close g failed"])
        #expect((policy.contains("value") ? run.recovers("g") : run.fails("g")) == ["start c"])
        #expect(run.succeeds("c") == ["end succeeded"])
    }

    @Test func aFailureThatIsToleratedInsideLeavesTheGroupWhole() throws {
        var run = try Conversation(
            """
              - { id: g, steps: [{ id: a, on_error: continue, value: "1" }, { id: b, value: "has(steps.a.output) ? 1 : 2" }] }
            """)
        #expect(run.begins() == ["open g 0"])
        #expect(run.opens("g") == ["start g/a"])
        #expect(run.fails("g/a") == ["start g/b"])
        #expect(run.succeeds("g/b") == ["close g complete"])
        #expect(run.succeeds("g") == ["end succeeded"])
    }

    @Test func aConditionComesBeforeTheGroup() throws {
        var run = try Conversation(#"  - { id: g, when: "true", for_each: { items: "[1]" }, steps: [{ id: a, value: item }] }"#)
        #expect(run.begins() == ["when g"])
        #expect(run.holds("g", true) == ["items g"])
        #expect(run.expands("g", to: 1) == ["open g[0] 0"])
        #expect(run.opens("g[0]") == ["start g[0]/a"])
        #expect(run.succeeds("g[0]/a") == ["close g[0] complete"])
        #expect(run.succeeds("g[0]") == ["collect g"])
        #expect(run.collects("g") == ["end succeeded"])
    }

    // MARK: Groups for each item

    static let items = """
          - id: g
            for_each: { items: "[1]", max_parallel: 2, on_error: ON_ERROR }
            steps:
              - { id: a, value: item }
              - { id: b, value: steps.a.output }
        """

    @Test func aFailedItemLetsNoOtherBegin() throws {
        var run = try Conversation(Self.items.replacing("ON_ERROR", with: "stop"))
        #expect(run.begins() == ["items g"])
        #expect(run.expands("g", to: 3) == ["open g[0] 0", "open g[1] 0"])
        #expect(run.opens("g[0]") == ["start g[0]/a"])
        #expect(run.opens("g[1]") == ["start g[1]/a"])
        #expect(run.fails("g[0]/a") == ["skip g[0]/b: upstream_failed: a"])
        #expect(run.skips("g[0]/b", .upstreamFailed("a")) == ["close g[0] failed"])
        #expect(run.fails("g[0]") == [])
        // What is in flight ends, its second step included.
        #expect(run.succeeds("g[1]/a") == ["start g[1]/b"])
        #expect(run.succeeds("g[1]/b") == ["close g[1] complete"])
        #expect(run.succeeds("g[1]") == ["collect g"])
        #expect(run.fails("g") == ["end failed"])
    }

    @Test func collectedItemsGoOn() throws {
        var run = try Conversation(Self.items.replacing("ON_ERROR", with: "collect"))
        #expect(run.begins() == ["items g"])
        #expect(run.expands("g", to: 3) == ["open g[0] 0", "open g[1] 0"])
        #expect(run.opens("g[0]") == ["start g[0]/a"])
        #expect(run.opens("g[1]") == ["start g[1]/a"])
        #expect(run.fails("g[0]/a") == ["skip g[0]/b: upstream_failed: a"])
        #expect(run.skips("g[0]/b", .upstreamFailed("a")) == ["close g[0] failed"])
        #expect(run.fails("g[0]") == ["open g[2] 0"])
        #expect(run.opens("g[2]") == ["start g[2]/a"])
        for item in [1, 2] {
            #expect(run.succeeds("g[\(item)]/a") == ["start g[\(item)]/b"])
            #expect(run.succeeds("g[\(item)]/b") == ["close g[\(item)] complete"])
        }
        #expect(run.succeeds("g[1]") == [])
        #expect(run.succeeds("g[2]") == ["collect g"])
        #expect(run.collects("g") == ["end succeeded"])
    }

    /// What was begun is finished before more of it is opened, and a step with steps of its own takes no place itself.
    @Test func theConcurrencyCountsStepsAtWork() throws {
        var run = try Conversation(
            """
              - { id: g, for_each: { items: "[1]" }, steps: [{ id: a, value: item }, { id: b, value: steps.a.output }] }
            """, top: "concurrency: 2")
        #expect(run.begins() == ["items g"])
        #expect(run.expands("g", to: 3) == ["open g[0] 0", "open g[1] 0"])
        #expect(run.opens("g[0]") == ["start g[0]/a"])
        #expect(run.opens("g[1]") == ["start g[1]/a"])
        #expect(run.succeeds("g[1]/a") == ["start g[1]/b"])
        #expect(run.succeeds("g[1]/b") == ["close g[1] complete", "open g[2] 0"])
        #expect(run.opens("g[2]") == ["start g[2]/a"])
        #expect(run.succeeds("g[1]") == [])
        #expect(run.succeeds("g[0]/a") == ["start g[0]/b"])
    }

    // MARK: Loops

    private static let loop = """
          - id: l
            loop:
              max: 3
              steps:
                - { id: a, value: "1" }
                - { id: b, value: steps.a.output }
          - { id: c, value: steps.l.output.b }
        """

    @Test(arguments: [PassVerdict.done, .exhausted, .unaffordable])
    func aLoopRunsItsStepsAgainUntilItIsOver(_ last: PassVerdict) throws {
        var run = try Conversation(Self.loop)
        #expect(run.begins() == ["open l 0"])
        for pass in 0..<2 {
            #expect(run.opens("l", pass: pass) == ["start l[\(pass)]/a"])
            #expect(run.succeeds("l[\(pass)]/a") == ["start l[\(pass)]/b"])
            #expect(run.succeeds("l[\(pass)]/b") == ["close l complete"])
            if pass == 0 { #expect(run.passes("l", pass, .again) == ["open l 1"]) }
        }
        #expect(run.passes("l", 1, last) == [])
        #expect(run.succeeds("l") == ["start c"])
        #expect(run.succeeds("c") == ["end succeeded"])
    }

    @Test func aFailedPassFailsTheLoop() throws {
        var run = try Conversation(Self.loop)
        #expect(run.begins() == ["open l 0"])
        #expect(run.opens("l") == ["start l[0]/a"])
        #expect(run.fails("l[0]/a") == ["skip l[0]/b: upstream_failed: a"])
        #expect(run.skips("l[0]/b", .upstreamFailed("a")) == ["close l failed"])
        #expect(run.fails("l") == ["skip c: upstream_failed: l"])
    }

    // MARK: Workflows

    private static let letter = """
        version: 1
        name: letter
        steps:
          - { id: a, value: "1" }
          - { id: b, value: steps.a.output }
        """

    @Test func aWorkflowInALoopInAGroupForEachItem() throws {
        var run = try Conversation(
            """
              - id: g
                for_each: { items: "[1]" }
                steps:
                  - { id: l, loop: { max: 2, steps: [{ id: w, workflow: letter.yaml }] } }
            """, files: ["letter.yaml": Self.letter])
        #expect(run.begins() == ["items g"])
        #expect(run.expands("g", to: 1) == ["open g[0] 0"])
        #expect(run.opens("g[0]") == ["open g[0]/l 0"])
        for pass in 0..<2 {
            let path = "g[0]/l[\(pass)]/w"
            #expect(run.opens("g[0]/l", pass: pass) == ["open \(path) 0"])
            #expect(run.opens(path) == ["start \(path)/a"])
            #expect(run.succeeds("\(path)/a") == ["start \(path)/b"])
            #expect(run.succeeds("\(path)/b") == ["close \(path) complete"])
            #expect(run.succeeds(path) == ["close g[0]/l complete"])
            #expect(run.passes("g[0]/l", pass, pass == 0 ? .again : .exhausted) == (pass == 0 ? ["open g[0]/l 1"] : []))
        }
        #expect(run.succeeds("g[0]/l") == ["close g[0] complete"])
        #expect(run.succeeds("g[0]") == ["collect g"])
        #expect(run.collects("g") == ["end succeeded"])
    }

    /// `on_failure` of the other file holds for its steps, ours for ours.
    @Test func aWorkflowHasItsOwnPolicyForFailures() throws {
        let letter = "version: 1\nname: letter\non_failure: cancel\nsteps:\n  - { id: a, value: \"1\" }\n  - { id: b, value: \"1\" }"
        var run = try Conversation("  - { id: w, workflow: letter.yaml }\n  - { id: x, value: \"1\" }", files: ["letter.yaml": letter])
        #expect(run.begins() == ["open w 0", "start x"])
        #expect(run.opens("w") == ["start w/a", "start w/b"])
        #expect(run.fails("w/a") == ["cancel w/b"])
        #expect(run.isCancelled("w/b") == ["close w failed"])
        #expect(run.fails("w") == [])
        #expect(run.succeeds("x") == ["end failed"])
    }
}
