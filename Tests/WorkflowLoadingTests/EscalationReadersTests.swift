import Testing

/// What steps behind a gate read of it. Each diagnostic as it is printed.
@Suite struct EscalationReadersTests {
    private static func workflow(_ steps: String) -> String {
        """
        version: 1
        name: t
        models: { small: { use: local/small }, mid: { use: local/mid }, third: { use: local/third } }
        steps:
          - { id: one, prompt: hi, escalate: { tiers: [small, mid], checks: { long: { expr: size(output) > 2 }, vote: { agree: { samples: 2 } } } } }
          - { id: many, prompt: hi, for_each: { items: "[1, 2]" }, escalate: { tiers: [small, mid], checks: { long: { expr: size(output) > 2 } } } }
          - { id: some, prompt: hi, for_each: { items: "[1, 2]", on_error: collect }, escalate: { tiers: [small, mid], checks: { long: { expr: size(output) > 2 } } } }
          - { id: plain, model: small, prompt: hi }
        \(steps.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
        """
    }

    @Test func whatThereIs() throws {
        let loaded = Self.workflow(
            #"""
            - { id: a, when: steps.one.accepted && steps.one.tier == 'small' && steps.one.attempts + steps.one.tiers_asked > 2, value: "${{ steps.one.checks.vote.score }}" }
            - { id: b, when: "steps.one.checks.long.passed && steps.many.accepted.all(x, x) && steps.many.tier[0] == 'mid'", value: "${{ steps.many.checks.map(c, c.long.passed) }}" }
            - { id: c, when: "steps.some.output.all(r, r.ok && r.accepted && r.tier == 'mid' && r.checks.long.passed && r.tiers_asked == 1)", value: "${{ steps.some.attempts[0] + 1 }}" }
            - { id: d, when: steps.plain.accepted, value: "${{ steps.plain.attempts }}" }
            """#)
        #expect(try codesOfErrors(in: loaded) == [])
    }

    @Test func whatThereIsNot() throws {
        try expectFrames(
            of: Self.workflow(
                #"""
                - { id: a, when: steps.one.tier == 'third', value: "${{ steps.one.checks.lang.passed }}" }
                - { id: b, when: steps.many.accepted, value: "${{ steps.one.checks.long.score }}" }
                - { id: c, when: "steps.many.tier == 'mid'", value: "${{ steps.plain.checks.long }}" }
                - { id: d, when: "steps.some.output[0].tier == 'third'", value: "${{ steps.plain.tiers_asked }}" }
                """#),
            #"""
            w.yaml:9:38: error[AX011]: steps.one.tier is never 'third'
                |
              9 | …- { id: a, when: steps.one.tier == 'third', value: "${{ steps.one.checks.lang.passed }}" }
                |                                     ^^^^^^^
              hint: it is one of 'small', 'mid'

            w.yaml:9:59: error[AW203]: there is no check 'lang'
                |
              9 | …- { id: a, when: steps.one.tier == 'third', value: "${{ steps.one.checks.lang.passed }}" }
                |                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: did you mean 'long'?

            w.yaml:10:20: error[AW206]: when takes a bool, found list(bool)
                 |
              10 |   - { id: b, when: steps.many.accepted, value: "${{ steps.one.checks.long.score }}" }
                 |                    ^^^^^^^^^^^^^^^^^^^
              hint: it is a list: ask for all of it, for example steps.many.accepted.all(x, x)

            w.yaml:10:53: error[AW204]: steps.one.checks.long has no field 'score'
                 |
              10 |   - { id: b, when: steps.many.accepted, value: "${{ steps.one.checks.long.score }}" }
                 |                                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: it has: passed, output

            w.yaml:11:21: error[AX007]: no overload of == for (list(string), string)
                 |
              11 |   - { id: c, when: "steps.many.tier == 'mid'", value: "${{ steps.plain.checks.long }}" }
                 |                     ^^^^^^^^^^^^^^^^^^^^^^^^

            w.yaml:11:60: error[AW203]: 'plain' has no 'escalate', and so no 'checks'
                 |
              11 |   - { id: c, when: "steps.many.tier == 'mid'", value: "${{ steps.plain.checks.long }}" }
                 |                                                            ^^^^^^^^^^^^^^^^^^^^^^^

            w.yaml:12:50: error[AX011]: steps.some.output[0].tier is never 'third'
                 |
              12 | …d, when: "steps.some.output[0].tier == 'third'", value: "${{ steps.plain.tiers_asked }}" }
                 |                                         ^^^^^^^
              hint: it is one of 'small', 'mid'

            w.yaml:12:72: error[AW203]: 'plain' has no 'escalate', and so no 'tiers_asked'
                 |
              12 | …d, when: "steps.some.output[0].tier == 'third'", value: "${{ steps.plain.tiers_asked }}" }
                 |                                                               ^^^^^^^^^^^^^^^^^^^^^^^
            """#)
    }

}
