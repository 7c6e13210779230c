import Testing

/// What is compared with a number in `escalate`. Each diagnostic as it is printed.
@Suite struct EscalationThresholdTests {
    /// A step whose answer has numbers, under a gate whose judge gives a score from 0 to 1.
    private static func workflow(_ escalate: String) -> String {
        """
        version: 1
        name: t
        owner: { engineering: me }
        models: { small: { use: local/small, max_output_tokens: 9 }, mid: { use: local/mid, max_output_tokens: 9 }, third: { use: local/third, max_output_tokens: 9 } }
        steps:
          - id: draft
            prompt: hi
            output: { schema: { type: object, properties: { n: { type: integer, minimum: 0, exclusiveMaximum: 10 }, sure: { type: [number, "null"], maximum: 1 }, any: { type: number }, kind: { enum: [a, b] }, step: { enum: [1, 2, 5] } }, additionalProperties: false } }
            escalate:
              tiers: [small, mid]
              on_exhausted: fail
              checks:
                judge: { model: third, prompt: ok?, output: { schema: { type: object, properties: { passed: { type: boolean }, score: { type: number, minimum: 0, maximum: 1 } }, required: [score, passed] } } }
                vote: { agree: { samples: 4, on: output.n } }
                sure: { logprob: { of: output.kind, min_prob: 0.5 } }
        \(escalate.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n"))
        outputs: { draft: "${{ steps.draft.output }}" }
        """
    }

    @Test func neverReached() throws {
        try expectFrames(
            of: Self.workflow(
                #"""
                  low: { expr: output.n < 0 || output.n >= 10 || output.n == 12 }
                  high: { expr: "1.5 < output.sure" }
                  steps: { expr: output.step > 5 || output.kind == 'c' }
                accept: checks.judge.score >= 2 || checks.judge.output.score > 1 || checks.vote.score > 1 || checks.sure.score > 1.5 || checks.low.passed && checks.high.passed && checks.steps.passed
                """#),
            #"""
            w.yaml:16:33: error[AW211]: output.n is from 0 to below 10, so it is never < 0
                 |
              16 |         low: { expr: output.n < 0 || output.n >= 10 || output.n == 12 }
                 |                                 ^
              hint: write a number that it can be on both sides of

            w.yaml:16:50: error[AW211]: output.n is from 0 to below 10, so it is never >= 10
                 |
              16 |         low: { expr: output.n < 0 || output.n >= 10 || output.n == 12 }
                 |                                                  ^^
              hint: write a number that it can be on both sides of

            w.yaml:16:68: error[AW211]: output.n is from 0 to below 10, so it is never == 12
                 |
              16 |         low: { expr: output.n < 0 || output.n >= 10 || output.n == 12 }
                 |                                                                    ^^
              hint: write a number that it can be on both sides of

            w.yaml:17:24: error[AW211]: output.sure is at most 1, so it is never > 1.5
                 |
              17 |         high: { expr: "1.5 < output.sure" }
                 |                        ^^^
              hint: write a number that it can be on both sides of

            w.yaml:18:38: error[AW211]: output.step is from 1 to 5, so it is never > 5
                 |
              18 |         steps: { expr: output.step > 5 || output.kind == 'c' }
                 |                                      ^
              hint: write a number that it can be on both sides of

            w.yaml:18:58: error[AX011]: output.kind is never 'c'
                 |
              18 |         steps: { expr: output.step > 5 || output.kind == 'c' }
                 |                                                          ^^^
              hint: it is one of 'a', 'b'

            w.yaml:19:37: error[AW211]: checks.judge.score is from 0 to 1, so it is never >= 2
                 |
              19 | …accept: checks.judge.score >= 2 || checks.judge.output.score > 1 || checks.vote.score > 1 …
                 |                                ^
              hint: write a number that it can be on both sides of

            w.yaml:19:70: error[AW211]: checks.judge.output.score is from 0 to 1, so it is never > 1
                 |
              19 | …| checks.judge.output.score > 1 || checks.vote.score > 1 || checks.sure.score > 1.5 || che…
                 |                                ^
              hint: write a number that it can be on both sides of

            w.yaml:19:95: error[AW211]: checks.vote.score is from 0 to 1, so it is never > 1
                 |
              19 | …re > 1 || checks.vote.score > 1 || checks.sure.score > 1.5 || checks.low.passed && checks.…
                 |                                ^
              hint: write a number that it can be on both sides of

            w.yaml:19:120: error[AW211]: checks.sure.score is from 0 to 1, so it is never > 1.5
                 |
              19 | …re > 1 || checks.sure.score > 1.5 || checks.low.passed && checks.high.passed && checks.ste…
                 |                                ^^^
              hint: write a number that it can be on both sides of
            """#)
    }

    @Test func neverReachedByTheLeastScore() throws {
        try expectFrames(
            of: Self.workflow(
                #"""
                  other: { model: third, prompt: ok?, min: 7, output: { schema: { type: object, properties: { score: { type: integer, minimum: 1, maximum: 5 } }, required: [score] } } }
                """#),
            #"""
            w.yaml:16:50: error[AW211]: the score of 'other' is from 1 to 5, so it is never >= 7
                 |
              16 | …del: third, prompt: ok?, min: 7, output: { schema: { type: object, properties: { score: { …
                 |                                ^
              hint: write a number that it can be on both sides of
            """#)
    }

    @Test func alwaysReached() throws {
        try expectWarnings(
            of: Self.workflow(
                #"""
                  low: { expr: output.n >= 0 }
                  few: { agree: { samples: 4, min: 0.2 } }
                  other: { model: third, prompt: ok?, min: 0, output: { schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } }, required: [score] } } }
                """#),
            #"""
            w.yaml:16:34: warning[AW424]: output.n is from 0 to below 10, so it is always >= 0
                 |
              16 |         low: { expr: output.n >= 0 }
                 |                                  ^
              hint: write a number that it can be on both sides of

            w.yaml:17:42: warning[AW424]: the score of 'few' is from 0.2 to 1, so it is always >= 0.2
                 |
              17 |         few: { agree: { samples: 4, min: 0.2 } }
                 |                                          ^^^
              hint: write a number that it can be on both sides of

            w.yaml:18:50: warning[AW424]: the score of 'other' is from 0 to 1, so it is always >= 0
                 |
              18 | …del: third, prompt: ok?, min: 0, output: { schema: { type: object, properties: { score: { …
                 |                                ^
              hint: write a number that it can be on both sides of
            """#)
    }

    /// Of these nothing is said: the number is within the bounds, or there are none.
    @Test func withinTheBounds() throws {
        try expectWarnings(
            of: Self.workflow(
                #"""
                  a: { expr: output.n > 0 && output.n <= 8 && output.any > 1000 && output.sure < 1 && output.step != 2 && output.kind == 'a' }
                  half: { agree: { samples: 4, min: 0.4 } }
                accept: checks.judge.score >= 0.8 && checks.vote.score >= 0.6 && checks.sure.score > 0.9 && checks.half.passed && checks.a.passed
                """#),
            #"""
            """#)
    }
}
