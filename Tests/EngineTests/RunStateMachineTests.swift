import Testing
import WorkflowModel

@testable import Engine

@Suite struct RunStateMachineTests {
    static let diamond = """
          - { id: a, value: "1" }
          - { id: b, value: steps.a.output }
          - { id: c, value: steps.a.output }
          - { id: d, value: steps.b.output + steps.c.output }
        """

    // MARK: Order

    @Test func aChainRunsOneAfterAnother() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, value: steps.a.output }
              - { id: c, value: steps.b.output }
            """)
        #expect(run.begins() == ["start a"])
        #expect(run.hears(.nodeStarted("a")) == [])
        #expect(run.succeeds("a") == ["start b"])
        #expect(run.succeeds("b") == ["start c"])
        #expect(run.succeeds("c") == ["end succeeded"])
        #expect(run.hears(.runEnded(RunEnded(.succeeded))) == [])
    }

    @Test func aDiamondWaitsForBothSides() throws {
        var run = try Conversation(Self.diamond)
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["start b", "start c"])
        #expect(run.succeeds("c") == [])
        #expect(run.succeeds("b") == ["start d"])
        #expect(run.succeeds("d") == ["end succeeded"])
    }

    @Test func needsIsAnEdgeWithoutAValue() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, value: "2", needs: [a] }
            """)
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["start b"])
    }

    @Test func stepsAreStartedInTheOrderOfTheFileUpToTheCap() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, value: "1" }
              - { id: c, value: "1" }
            """, top: "concurrency: 2")
        #expect(run.begins() == ["start a", "start b"])
        #expect(run.succeeds("b") == ["start c"])
        #expect(run.succeeds("c") == [])
        #expect(run.succeeds("a") == ["end succeeded"])
    }

    // MARK: Skips

    @Test func aFalseConditionSkipsAndAnUnguardedReaderIsSkippedToo() throws {
        var run = try Conversation(
            """
              - { id: a, when: "false", value: "1" }
              - { id: b, value: steps.a.output }
              - { id: c, value: steps.b.output }
            """)
        #expect(run.begins() == ["when a"])
        #expect(run.holds("a", false) == ["skip a: when is false"])
        #expect(run.skips("a", .conditionFalse) == ["skip b: upstream_skipped: a"])
        #expect(run.skips("b", .upstreamSkipped("a")) == ["skip c: upstream_skipped: b"])
        #expect(run.skips("c", .upstreamSkipped("b")) == ["end succeeded"])
        #expect(run.settlement("b") == .skipped(.upstreamSkipped("a")))
    }

    @Test func aTrueConditionStarts() throws {
        var run = try Conversation(#"  - { id: a, when: "true", value: "1" }"#)
        #expect(run.begins() == ["when a"])
        #expect(run.holds("a", true) == ["start a"])
    }

    @Test(arguments: ["value: \"has(steps.a.output) ? 1 : 2\"", "value: \"2\", needs: [a]", "value: steps.a.status"])
    func aGuardedReaderRunsBehindASkip(_ body: String) throws {
        var run = try Conversation("  - { id: a, when: \"false\", value: \"1\" }\n  - { id: b, \(body) }")
        #expect(run.begins() == ["when a"])
        #expect(run.holds("a", false) == ["skip a: when is false"])
        #expect(run.skips("a", .conditionFalse) == ["start b"])
        #expect(run.succeeds("b") == ["end succeeded"])
    }

    // MARK: Failures

    @Test func aFailureSkipsWhatIsBehindItAndDrainsTheRest() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, value: "1" }
              - { id: c, value: steps.a.output }
              - { id: d, value: steps.b.output }
            """)
        #expect(run.begins() == ["start a", "start b"])
        #expect(run.fails("a") == ["skip c: upstream_failed: a"])
        #expect(run.skips("c", .upstreamFailed("a")) == [])
        #expect(run.succeeds("b") == ["start d"])
        #expect(run.succeeds("d") == ["end failed"])
    }

    /// Neither `needs` nor `has()` lets a step run behind a failure, however many skips lie between.
    @Test(arguments: ["value: \"1\", needs: [c]", "value: \"has(steps.c.output) ? 1 : 2\"", "value: steps.c.output"])
    func nothingRunsBehindAFailure(_ body: String) throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, value: steps.a.output }
              - { id: c, value: steps.b.output }
              - { id: d, \(body) }
            """)
        #expect(run.begins() == ["start a"])
        #expect(run.fails("a") == ["skip b: upstream_failed: a"])
        #expect(run.skips("b", .upstreamFailed("a")) == ["skip c: upstream_failed: a"])
        #expect(run.skips("c", .upstreamFailed("a")) == ["skip d: upstream_failed: a"])
        #expect(run.skips("d", .upstreamFailed("a")) == ["end failed"])
    }

    @Test func aToleratedFailureLetsEverythingRunThatDoesNotReadIt() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1", on_error: continue }
              - { id: b, value: steps.a.output }
              - { id: c, value: "1", needs: [a] }
              - { id: d, value: "has(steps.a.output) ? 1 : 2" }
              - { id: e, value: "1", needs: [b] }
            """)
        #expect(run.begins() == ["start a"])
        #expect(run.fails("a") == ["skip b: upstream_failed: a", "start c", "start d"])
        #expect(run.skips("b", .upstreamFailed("a")) == ["start e"])
        #expect(run.succeeds("c") == [])
        #expect(run.succeeds("d") == [])
        #expect(run.succeeds("e") == ["end succeeded"])
        #expect(run.settlement("a") == .failed(tolerated: true))
    }

    @Test func aRecoveredStepHasAnOutput() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1", on_error: { value: 7 } }
              - { id: b, value: steps.a.output }
            """)
        #expect(run.begins() == ["start a"])
        #expect(run.recovers("a") == ["start b"])
        #expect(run.succeeds("b") == ["end succeeded"])
    }

    @Test func cancelStopsTheSiblingsOfAFailedStep() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, value: "1" }
              - { id: c, value: "1" }
              - { id: d, value: steps.b.output }
            """, top: "on_failure: cancel\nconcurrency: 2")
        #expect(run.begins() == ["start a", "start b"])
        // What is queued is skipped, what runs is cancelled.
        #expect(run.fails("a") == ["skip c: the run was stopping", "cancel b"])
        #expect(run.skips("c", .runStopping) == [])
        #expect(run.isCancelled("b") == ["skip d: the run was stopping"])
        #expect(run.skips("d", .runStopping) == ["end failed"])
    }

    @Test func cancelSkipsWhatIsBehindTheFailureBeforeTheRunEnds() throws {
        var run = try Conversation("  - { id: a, value: \"1\" }\n  - { id: b, value: steps.a.output }", top: "on_failure: cancel")
        #expect(run.begins() == ["start a"])
        #expect(run.fails("a") == ["skip b: the run was stopping"])
        #expect(run.skips("b", .runStopping) == ["end failed"])
    }

    @Test func cancelDoesNotStartAStepWhoseConditionWasUnderWay() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: b, when: "true", value: "1" }
            """, top: "on_failure: cancel")
        #expect(run.begins() == ["when b", "start a"])
        #expect(run.fails("a") == [])
        #expect(run.holds("b", true) == ["skip b: the run was stopping"])
        #expect(run.skips("b", .runStopping) == ["end failed"])
    }

    @Test func aRunWhoseStepWasCancelledByNobodyHasNotSucceeded() throws {
        var run = try Conversation(#"  - { id: a, value: "1" }"#)
        #expect(run.begins() == ["start a"])
        #expect(run.isCancelled("a") == ["end cancelled"])
    }

    // MARK: for_each

    @Test func itemsRunSideBySideAndAreCollected() throws {
        var run = try Conversation(
            """
              - { id: s, for_each: { items: "[1, 2, 3]" }, value: item }
              - { id: t, value: steps.s.output }
            """)
        #expect(run.begins() == ["items s"])
        #expect(run.expands("s", to: 3) == ["start s[0]", "start s[1]", "start s[2]"])
        #expect(run.succeeds("s[2]") == [])
        #expect(run.succeeds("s[0]") == [])
        #expect(run.succeeds("s[1]") == ["collect s"])
        #expect(run.collects("s") == ["start t"])
    }

    @Test func noItemsAreCollectedAtOnce() throws {
        var run = try Conversation(#"  - { id: s, for_each: { items: "[]" }, value: item }"#)
        #expect(run.begins() == ["items s"])
        #expect(run.expands("s", to: 0) == ["collect s"])
        #expect(run.collects("s") == ["end succeeded"])
    }

    @Test func maxParallelHoldsItemsBack() throws {
        var run = try Conversation(#"  - { id: s, for_each: { items: "[1]", max_parallel: 2 }, value: item }"#)
        #expect(run.begins() == ["items s"])
        #expect(run.expands("s", to: 4) == ["start s[0]", "start s[1]"])
        #expect(run.succeeds("s[1]") == ["start s[2]"])
        #expect(run.succeeds("s[0]") == ["start s[3]"])
        #expect(run.succeeds("s[3]") == [])
        #expect(run.succeeds("s[2]") == ["collect s"])
    }

    @Test func theRunsConcurrencyHoldsForItemsToo() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: s, for_each: { items: "[1]" }, value: item }
            """, top: "concurrency: 2")
        #expect(run.begins() == ["items s", "start a"])
        #expect(run.expands("s", to: 2) == ["start s[0]"])
        #expect(run.succeeds("a") == ["start s[1]"])
    }

    @Test func stopStartsNoItemAfterAFailure() throws {
        var run = try Conversation(
            """
              - { id: s, for_each: { items: "[1]", max_parallel: 2 }, value: item }
              - { id: t, value: steps.s.output }
            """)
        #expect(run.begins() == ["items s"])
        #expect(run.expands("s", to: 4) == ["start s[0]", "start s[1]"])
        #expect(run.fails("s[0]") == [])
        #expect(run.succeeds("s[1]") == ["collect s"])
        // The list of an incomplete step is no output: the step fails.
        #expect(run.fails("s") == ["skip t: upstream_failed: s"])
        #expect(run.skips("t", .upstreamFailed("s")) == ["end failed"])
    }

    @Test(arguments: ["for_each: { items: \"[1]\", max_parallel: 1, on_error: collect }", "on_error: continue, for_each: { items: \"[1]\", max_parallel: 1 }"])
    func collectAndToleratedItemsGoOnAfterAFailure(_ keys: String) throws {
        var run = try Conversation("  - { id: s, value: item, \(keys) }")
        #expect(run.begins() == ["items s"])
        #expect(run.expands("s", to: 3) == ["start s[0]"])
        #expect(run.fails("s[0]") == ["start s[1]"])
        #expect(run.succeeds("s[1]") == ["start s[2]"])
        #expect(run.fails("s[2]") == ["collect s"])
        #expect(run.collects("s") == ["end succeeded"])
    }

    @Test func aFailureElsewhereCancelsItemsAndLeavesNothingOpen() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: s, for_each: { items: "[1]" }, value: item }
            """, top: "on_failure: cancel\nconcurrency: 2")
        #expect(run.begins() == ["items s", "start a"])
        #expect(run.expands("s", to: 3) == ["start s[0]"])
        #expect(run.fails("a") == ["cancel s[0]"])
        #expect(run.isCancelled("s[0]") == ["collect s"])
        #expect(run.isCancelled("s") == ["end failed"])
    }

    @Test func aFailureElsewhereCollectsAStepOfWhichNothingHadBegun() throws {
        var run = try Conversation(
            """
              - { id: a, value: "1" }
              - { id: s, for_each: { items: "[1]" }, value: item }
            """, top: "on_failure: cancel\nconcurrency: 1")
        #expect(run.begins() == ["items s", "start a"])
        #expect(run.expands("s", to: 2) == [])
        #expect(run.fails("a") == ["collect s"])
        #expect(run.isCancelled("s") == ["end failed"])
    }

    // MARK: Interrupts

    @Test func anInterruptStartsNothingNewAndLetsWhatRunsEnd() throws {
        var run = try Conversation(Self.diamond, top: "concurrency: 1")
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["start b"])
        #expect(run.isInterrupted() == [])
        #expect(run.succeeds("b") == ["end interrupted"])
        #expect(run.settlement("d") == nil)
    }

    @Test func anInterruptAfterTheLastStepChangesNothing() throws {
        var run = try Conversation(#"  - { id: a, value: "1" }"#)
        #expect(run.begins() == ["start a"])
        #expect(run.isInterrupted() == [])
        #expect(run.succeeds("a") == ["end succeeded"])
    }

    @Test func aListGoesOnWhereItWasInterrupted() throws {
        var run = try Conversation(#"  - { id: s, for_each: { items: "[1]", max_parallel: 1 }, value: item }"#)
        #expect(run.begins() == ["items s"])
        #expect(run.expands("s", to: 2) == ["start s[0]"])
        #expect(run.isInterrupted() == [])
        #expect(run.succeeds("s[0]") == ["end interrupted"])
        #expect(run.resumes() == ["start s[1]"])
        #expect(run.succeeds("s[1]") == ["collect s"])
    }

    @Test func whatIsDecidedAfterAnInterruptBeginsWhenTheRunGoesOn() throws {
        var run = try Conversation(#"  - { id: a, when: "true", value: "1" }"#)
        #expect(run.begins() == ["when a"])
        #expect(run.isInterrupted() == [])
        #expect(run.holds("a", true) == ["end interrupted"])
        #expect(run.resumes() == ["start a"])
        #expect(run.succeeds("a") == ["end succeeded"])
    }

    @Test func aStepThatWasStoppedBeginsAgain() throws {
        var run = try Conversation(Self.diamond)
        #expect(run.begins() == ["start a"])
        #expect(run.succeeds("a") == ["start b", "start c"])
        #expect(run.isInterrupted() == [])
        #expect(run.isCancelled("b") == [])
        #expect(run.succeeds("c") == ["end interrupted"])
        #expect(run.resumes() == ["start b"])
        #expect(run.succeeds("b") == ["start d"])
    }

    @Test func aCancelledRunIsNotInterrupted() throws {
        var run = try Conversation(Self.diamond)
        #expect(run.begins() == ["start a"])
        #expect(run.hears(.cancelRequested(by: "me")) == [])
        #expect(run.isCancelled("a") == ["end cancelled"])
    }

    // MARK: People

    @Test func aRunThatOnlyWaitsIsSuspended() throws {
        var run = try Conversation(
            """
              - { id: ask, approve: { message: "well?" } }
              - { id: other, value: "1" }
              - { id: after, value: "steps.ask.output.approved" }
            """, top: "concurrency: 1")
        #expect(run.begins() == ["start ask"])
        // While somebody is asked, the next takes the place.
        #expect(run.asks("ask") == ["start other"])
        #expect(run.succeeds("other") == ["end waiting"])
        #expect(run.resumes() == ["end waiting"])
        #expect(run.isAnswered("ask") == [])
        #expect(run.succeeds("ask") == ["start after"])
        #expect(run.succeeds("after") == ["end succeeded"])
    }

    @Test func aFailureThatCancelsTakesTheQuestionBack() throws {
        var run = try Conversation(
            """
              - { id: ask, approve: { message: "well?" } }
              - { id: other, value: "1" }
            """, top: "on_failure: cancel")
        #expect(run.begins() == ["start ask", "start other"])
        #expect(run.asks("ask") == [])
        #expect(run.fails("other") == ["cancel ask"])
        #expect(run.isCancelled("ask") == ["end failed"])
    }

    /// The question may become a fact behind the failure that takes it back: the run does not wait for it, nor is it over before what
    /// else is cancelled has ended.
    @Test func aQuestionThatCrossesItsCancelIsNotWaitedFor() throws {
        var run = try Conversation(
            """
              - { id: ask, approve: { message: "well?" } }
              - { id: slow, value: "1" }
              - { id: other, value: "1" }
            """, top: "on_failure: cancel")
        #expect(run.begins() == ["start ask", "start slow", "start other"])
        #expect(run.fails("other") == ["cancel ask", "cancel slow"])
        #expect(run.asks("ask") == [])
        #expect(run.isCancelled("ask") == [])
        #expect(run.isCancelled("slow") == ["end failed"])
    }

    /// What was asked for when the process died is asked for again, and nothing else.
    @Test func aRunWhoseProcessDiedAsksAgain() throws {
        var run = try Conversation(
            """
              - { id: a, when: "true", value: "1" }
              - { id: s, for_each: { items: "[1]" }, value: item }
              - { id: g, steps: [{ id: x, value: "1" }] }
              - { id: b, value: "1" }
            """, top: "concurrency: 2")
        #expect(run.begins() == ["when a", "items s", "open g 0", "start b"])
        #expect(run.resumes() == ["when a", "items s", "open g 0", "start b"])
        #expect(run.opens("g") == ["start g/x"])
        #expect(run.expands("s", to: 1) == [])
        #expect(run.resumes() == ["when a", "start b", "start g/x"])
        #expect(run.succeeds("g/x") == ["close g complete", "start s[0]"])
        #expect(run.resumes() == ["when a", "close g complete", "start s[0]", "start b"])
    }

    /// A long chain of skips is no recursion.
    @Test func twoThousandStepsAreSkippedInARow() throws {
        var steps = ["  - { id: s0, when: \"false\", value: \"1\" }"]
        for index in 1..<2_000 { steps.append("  - { id: s\(index), value: steps.s\(index - 1).output }") }
        var run = try Conversation(steps.joined(separator: "\n"))
        #expect(run.begins() == ["when s0"])
        var answer = run.holds("s0", false)
        for index in 0..<2_000 {
            let reason = index == 0 ? SkipReason.conditionFalse : .upstreamSkipped("s\(index - 1)")
            #expect(answer == ["skip s\(index): \(reason.text)"])
            answer = run.skips("s\(index)", reason)
        }
        #expect(answer == ["end succeeded"])
    }

    /// The word comes when the run is about to wait: what is answered then begins nothing, and is there for whoever goes on.
    @Test func anInterruptThatMeetsAWaitingRunHolds() throws {
        var run = try Conversation(
            """
              - { id: ask, approve: { message: go? } }
              - { id: b, needs: [ask], value: "1" }
            """)
        #expect(run.begins() == ["start ask"])
        #expect(run.asks("ask") == ["end waiting"])
        #expect(run.isInterrupted() == [])
        #expect(run.isAnswered("ask") == [])
        #expect(run.succeeds("ask") == ["end interrupted"])
        #expect(run.hears(.runEnded(RunEnded(.interrupted))) == [])
        #expect(run.resumes() == ["start b"])
    }
}
