import Testing

/// Groups, loops and `finally`. Each diagnostic as it is printed.
@Suite struct BodyDiagnosticTests {
    private static func steps(_ steps: String) -> String { "version: 1\nname: t\nsteps:\n\(steps)" }

    // MARK: Names

    @Test func anInnerStepIsReadFromOutside() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - id: g
                    steps:
                      - { id: a, value: "1" }
                  - { id: b, value: steps.a.output }
                """),
            #"""
            w.yaml:7:21: error[AW203]: from here there is no step 'a'
                |
              7 |   - { id: b, value: steps.a.output }
                |                     ^^^^^^^^^^^^^^
              hint: it is inside 'g': steps.g.output.a
            """#)
    }

    @Test func aStepOfAnotherBodyIsRead() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: g, steps: [{ id: a, value: "1" }] }
                  - { id: h, loop: { max: 2, steps: [{ id: b, value: "[steps.a.output, steps.nobody.output]" }] } }
                """),
            #"""
            w.yaml:5:56: error[AW203]: from here there is no step 'a'
                |
              5 | … h, loop: { max: 2, steps: [{ id: b, value: "[steps.a.output, steps.nobody.output]" }] } }
                |                                                ^^^^^^^^^^^^^^
              hint: it is inside 'g': steps.g.output.a

            w.yaml:5:72: error[AW203]: there is no step 'nobody'
                |
              5 | … h, loop: { max: 2, steps: [{ id: b, value: "[steps.a.output, steps.nobody.output]" }] } }
                |                                                                ^^^^^^^^^^^^^^^^^^^
              hint: known here: b, g, h
            """#)
    }

    @Test func oneListHasAnIdTwice() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - id: g
                    steps:
                      - { id: a, value: "1" }
                      - { id: a, value: "2" }
                """),
            #"""
            w.yaml:7:15: error[AW201]: two steps are called 'a'
                |
              7 |       - { id: a, value: "2" }
                |               ^
              hint: the first is on line 6
            """#)
    }

    @Test func anIdHidesOneAround() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: a, value: "1" }
                  - id: g
                    steps:
                      - id: h
                        steps:
                          - { id: a, value: "1" }
                          - { id: g, value: "1" }
                """),
            #"""
            w.yaml:9:19: error[AW201]: 'a' would hide the step of that name on line 4
                |
              9 |           - { id: a, value: "1" }
                |                   ^
              hint: what is read here as steps.a could be either; choose another id

            w.yaml:10:19: error[AW201]: 'g' would hide the step of that name on line 5
                 |
              10 |           - { id: g, value: "1" }
                 |                   ^
              hint: what is read here as steps.g could be either; choose another id
            """#)
    }

    @Test func finallyHasIdsOfItsOwn() throws {
        try expectFrames(
            of: Self.steps("  - { id: a, value: steps.z.output }") + """

                finally:
                  - { id: z, value: steps.a.status }
                  - { id: a, value: "1" }
                outputs: { z: "${{ steps.z.output }}" }
                """,
            #"""
            w.yaml:4:21: error[AW203]: a step of 'finally' is not seen from here: 'z'
                |
              4 |   - { id: a, value: steps.z.output }
                |                     ^^^^^^^^^^^^^^

            w.yaml:7:11: error[AW201]: 'a' would hide the step of that name on line 4
                |
              7 |   - { id: a, value: "1" }
                |           ^
              hint: what is read here as steps.a could be either; choose another id

            w.yaml:8:20: error[AW203]: a step of 'finally' is not seen from here: 'z'
                |
              8 | outputs: { z: "${{ steps.z.output }}" }
                |                    ^^^^^^^^^^^^^^
            """#)
    }

    @Test func needsReachesBesideOnly() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: a, value: "1" }
                  - { id: g, steps: [{ id: b, needs: [a], value: "1" }] }
                  - { id: c, needs: [b], value: "1" }
                """),
            #"""
            w.yaml:5:39: error[AW202]: 'a' does not stand beside this step
                |
              5 |   - { id: g, steps: [{ id: b, needs: [a], value: "1" }] }
                |                                       ^
              hint: a step waits for steps of its own list; what the steps around it wait for has ended before it begins

            w.yaml:6:22: error[AW202]: 'b' does not stand beside this step
                |
              6 |   - { id: c, needs: [b], value: "1" }
                |                      ^
              hint: a step waits for steps of its own list; what the steps around it wait for has ended before it begins
            """#)
    }

    @Test func aCircleThroughAGroup() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: a, value: steps.g.output }
                  - id: g
                    steps:
                      - { id: b, steps: [{ id: c, value: steps.a.output }] }
                """),
            #"""
            w.yaml:7:42: error[AW205]: steps wait for each other: a -> g -> a
                |
              7 |       - { id: b, steps: [{ id: c, value: steps.a.output }] }
                |                                          ^^^^^^^^^^^^^^
            """#)
    }

    @Test func aStepReadsTheGroupThatItIsIn() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - id: g
                    steps:
                      - { id: b, value: steps.g.output }
                """),
            #"""
            w.yaml:6:25: error[AW205]: steps wait for each other: g -> g
                |
              6 |       - { id: b, value: steps.g.output }
                |                         ^^^^^^^^^^^^^^
              hint: a step inside of 'g' reads it, and it has an output when they have all ended
            """#)
    }

    @Test func aCircleInALoop() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - id: l
                    loop:
                      max: 3
                      steps:
                        - { id: draft, value: steps.judge.output }
                        - { id: judge, value: steps.draft.output }
                """),
            #"""
            w.yaml:9:31: error[AW205]: steps wait for each other: draft -> judge -> draft
                |
              9 |         - { id: judge, value: steps.draft.output }
                |                               ^^^^^^^^^^^^^^^^^^
              hint: what a step gave in the pass before is pass.previous.draft
            """#)
    }

    // MARK: Loops

    @Test func passIsReadOutsideOfALoop() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: a, value: pass.index }
                  - { id: l, when: pass.index > 0, loop: { max: 2, until: pass.indx > 0, steps: [{ id: b, value: "pass.previous" }] } }
                """),
            #"""
            w.yaml:4:21: error[AW203]: unknown name 'pass'
                |
              4 |   - { id: a, value: pass.index }
                |                     ^^^^^^^^^^
              hint: pass exists inside of a loop only

            w.yaml:5:20: error[AW203]: unknown name 'pass'
                |
              5 |   - { id: l, when: pass.index > 0, loop: { max: 2, until: pass.indx > 0, steps: [{ id: b, …
                |                    ^^^^^^^^^^
              hint: pass exists inside of a loop only

            w.yaml:5:59: error[AW203]: pass has no 'indx'
                |
              5 | …x > 0, loop: { max: 2, until: pass.indx > 0, steps: [{ id: b, value: "pass.previous" }] } …
                |                                ^^^^^^^^^
              hint: did you mean 'index'?
            """#)
    }

    @Test func aLoopWithoutABound() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: l, loop: { steps: [{ id: b, value: "1" }] } }
                  - { id: m, loop: { max: 0, untl: "true", steps: [{ id: c, value: "1" }] } }
                """),
            #"""
            w.yaml:4:20: error[AW104]: a loop needs 'max'
                |
              4 |   - { id: l, loop: { steps: [{ id: b, value: "1" }] } }
                |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: the most passes, for example max: 3

            w.yaml:5:27: error[AW103]: max is a whole number from 1 to 1000, found '0'
                |
              5 |   - { id: m, loop: { max: 0, untl: "true", steps: [{ id: c, value: "1" }] } }
                |                           ^

            w.yaml:5:30: error[AW101]: unknown key 'untl' in loop
                |
              5 |   - { id: m, loop: { max: 0, untl: "true", steps: [{ id: c, value: "1" }] } }
                |                              ^^^^
              hint: did you mean 'until'?
            """#)
    }

    @Test func aConditionOfALoopThatIsNone() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: l, loop: { max: 2, until: steps.b.output, steps: [{ id: b, value: "1" }] } }
                """),
            #"""
            w.yaml:4:37: error[AW206]: until takes a bool, found int
                |
              4 |   - { id: l, loop: { max: 2, until: steps.b.output, steps: [{ id: b, value: "1" }] } }
                |                                     ^^^^^^^^^^^^^^
              hint: compare it, for example steps.b.output != …
            """#)
    }

    // MARK: Bodies

    @Test func bodiesWithoutSteps() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: g, steps: [] }
                  - { id: l, loop: { max: 2, steps: [] } }
                  - { id: m, loop: { max: 2 } }
                  - { id: h, steps: word }
                """),
            #"""
            w.yaml:4:21: error[AW104]: a group needs at least one step
                |
              4 |   - { id: g, steps: [] }
                |                     ^^

            w.yaml:5:37: error[AW104]: a loop needs at least one step
                |
              5 |   - { id: l, loop: { max: 2, steps: [] } }
                |                                     ^^

            w.yaml:6:20: error[AW104]: a loop needs 'steps'
                |
              6 |   - { id: m, loop: { max: 2 } }
                |                    ^^^^^^^^^^

            w.yaml:7:21: error[AW103]: steps is a list, found 'word'
                |
              7 |   - { id: h, steps: word }
                |                     ^^^^
              hint: each step stands behind a dash and has an id: steps: [{ id: ID, … }]
            """#)
    }

    @Test func keysThatDoNotGoWithBodies() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - id: g
                    timeout: 5s
                    retry: { max_attempts: 2 }
                    model: small
                    output: { parse: json }
                    limits: { max_output_tokens: 5, max_cost_usd: 1 }
                    steps:
                      - { id: a, value: "1" }
                  - { id: l, prompt: hi, loop: { max: 2, steps: [{ id: b, value: "1" }] } }
                """),
            #"""
            w.yaml:5:5: error[AW121]: 'timeout' does not go with 'steps'
                |
              5 |     timeout: 5s
                |     ^^^^^^^

            w.yaml:6:5: error[AW121]: 'retry' does not go with 'steps'
                |
              6 |     retry: { max_attempts: 2 }
                |     ^^^^^

            w.yaml:7:5: error[AW121]: 'model' does not go with 'steps'
                |
              7 |     model: small
                |     ^^^^^

            w.yaml:8:5: error[AW121]: 'output' does not go with 'steps'
                |
              8 |     output: { parse: json }
                |     ^^^^^^

            w.yaml:9:15: error[AW101]: unknown key 'max_output_tokens' in limits
                |
              9 |     limits: { max_output_tokens: 5, max_cost_usd: 1 }
                |               ^^^^^^^^^^^^^^^^^
              hint: known keys: max_cost_usd

            w.yaml:12:26: error[AW120]: step 'l' has two kinds: prompt and loop
                 |
              12 |   - { id: l, prompt: hi, loop: { max: 2, steps: [{ id: b, value: "1" }] } }
                 |                          ^^^^
              hint: make two steps of it
            """#)
    }

    @Test func anItemCannotBeCalledPass() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: g, for_each: { items: "[1]", as: pass }, steps: [{ id: a, value: pass }] }
                """),
            #"""
            w.yaml:4:44: error[AW107]: 'pass' already means something in expressions
                |
              4 |   - { id: g, for_each: { items: "[1]", as: pass }, steps: [{ id: a, value: pass }] }
                |                                            ^^^^
              hint: choose another name for the item
            """#)
    }

    // MARK: What is allowed

    @Test func listsThatDoNotSeeEachOtherMayUseOneId() throws {
        try expectWarnings(
            of: """
                version: 1
                name: t
                owner: { business: b, engineering: e, finance: f }
                steps:
                  - { id: g, steps: [{ id: a, value: "1" }, { id: b, value: steps.a.output + 1 }] }
                  - { id: h, steps: [{ id: a, value: "'x'" }, { id: b, value: steps.a.output + 'y' }] }
                outputs: { g: "${{ steps.g.output.b }}", h: "${{ steps.h.output.b }}" }
                """, "")
    }

    @Test func finallyReadsWhatMayBeMissing() throws {
        try expectWarnings(
            of: """
                version: 1
                name: t
                owner: { business: b, engineering: e, finance: f }
                inputs: { x: { type: boolean } }
                steps:
                  - { id: a, when: inputs.x, value: "1" }
                finally:
                  - { id: z, run: [tell, "${{ steps.a.output }}"] }
                  - { id: y, run: [tell, "${{ has(steps.a.output) ? 'yes' : 'no' }}"] }
                """,
            #"""
            w.yaml:8:31: warning[AW403]: 'finally' also runs where 'a' gave nothing: then 'z' fails
                |
              8 |   - { id: z, run: [tell, "${{ steps.a.output }}"] }
                |                               ^^^^^^^^^^^^^^
              hint: write has(steps.a.output) ? … : …
            """#)
    }
}
