import TestSupport
import Testing
import Values

/// Keys that are checked by their declarations and not run, at the top of a file. Each diagnostic as it is printed.
@Suite struct CheckedKeysDiagnosticTests {
    @Test func eachIsNamedAndTheFileIsValid() throws {
        try expectWarnings(
            of: #"""
                version: 1
                name: t
                owner: { engineering: me }
                secrets: [kb]
                latency_price: 0.002
                models: { small: { use: local/small, max_output_tokens: 9 } }
                budget: { max_cost_usd: 1, max_tokens: 60000, yellow: { at: 60%, escalate: never }, red: { at: 90%, models: [small] }, on_exceeded: degrade, degrade: small }
                decision: { price_usd: 3, failure_cost_usd: 9.50 }
                prefixes: { p: { text: hi, ttl: 1h, order: any } }
                defaults: { limits: { max_turns: 4, max_calls: 9 } }
                steps:
                  - { id: a, model: small, prefix: p, prompt: hi, deferred: true, tools: [kb.search] }
                  - { id: b, tool: kb.search, with: { q: "${{ steps.a.output }}", key: "${{ secrets.kb }}" }, effect: write, idempotency_key: "${{ run.id }}", fees_usd: 0.01 }
                  - { id: c, value: item, for_each: { items: "['x']", reorder: rows } }
                outputs: { b: "${{ steps.b.output }}", c: "${{ steps.c.output }}" }
                """#,
            #"""
            w.yaml:4:1: warning[AW123]: 'secrets' in a workflow is checked, but this version does not run it
                |
              4 | secrets: [kb]
                | ^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:8:13: warning[AW123]: 'price_usd' in decision is checked, but this version does not run it
                |
              8 | decision: { price_usd: 3, failure_cost_usd: 9.50 }
                |             ^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:8:27: warning[AW123]: 'failure_cost_usd' in decision is checked, but this version does not run it
                |
              8 | decision: { price_usd: 3, failure_cost_usd: 9.50 }
                |                           ^^^^^^^^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:10:23: warning[AW123]: 'max_turns' in defaults.limits is checked, but this version does not run it
                 |
              10 | defaults: { limits: { max_turns: 4, max_calls: 9 } }
                 |                       ^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:10:37: warning[AW123]: 'max_calls' in defaults.limits is checked, but this version does not run it
                 |
              10 | defaults: { limits: { max_turns: 4, max_calls: 9 } }
                 |                                     ^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:12:51: warning[AW123]: 'deferred' in a step is checked, but this version does not run it
                 |
              12 |   - { id: a, model: small, prefix: p, prompt: hi, deferred: true, tools: [kb.search] }
                 |                                                   ^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:12:67: warning[AW123]: 'tools' in a step is checked, but this version does not run it
                 |
              12 |   - { id: a, model: small, prefix: p, prompt: hi, deferred: true, tools: [kb.search] }
                 |                                                                   ^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:13:14: warning[AW123]: 'tool' in a step is checked, but this version does not run it
                 |
              13 |   - { id: b, tool: kb.search, with: { q: "${{ steps.a.output }}", key: "${{ secrets.kb }}"…
                 |              ^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:13:95: warning[AW123]: 'effect' in a step is checked, but this version does not run it
                 |
              13 | …, key: "${{ secrets.kb }}" }, effect: write, idempotency_key: "${{ run.id }}", fees_usd: 0…
                 |                                ^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:13:110: warning[AW123]: 'idempotency_key' in a step is checked, but this version does not run it
                 |
              13 | …: "${{ secrets.kb }}" }, effect: write, idempotency_key: "${{ run.id }}", fees_usd: 0.01 }
                 |                                          ^^^^^^^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:13:144: warning[AW123]: 'fees_usd' in a step is checked, but this version does not run it
                 |
              13 | …: "${{ secrets.kb }}" }, effect: write, idempotency_key: "${{ run.id }}", fees_usd: 0.01 }
                 |                                                                            ^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            w.yaml:14:55: warning[AW123]: 'reorder' in for_each is checked, but this version does not run it
                 |
              14 |   - { id: c, value: item, for_each: { items: "['x']", reorder: rows } }
                 |                                                       ^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence
            """#)
    }

    @Test func whatThisVersionDoesAnywayIsNotNamed() throws {
        let project = try TemporaryProject([
            "w.yaml": #"""
            version: 1
            name: t
            secrets: []
            latency_price: 0
            models: { small: { use: local/small } }
            budget: { on_exceeded: stop }
            prefixes: { p: { text: hi, ttl: auto, order: keep } }
            steps:
              - { id: a, model: small, prefix: p, prompt: hi, deferred: false, tools: [] }
              - { id: b, run: [x], effect: read, fees_usd: 0.0, for_each: { items: "[1]", reorder: none } }
            """#
        ])
        #expect(try project.load().graph.notExecuted.isEmpty)
    }

    @Test func wrongValuesAtTheTop() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                secrets: [kb, Kb, { a: 1 }]
                latency_price: cheap
                models: { small: { use: local/small } }
                budget:
                  max_tokens: 0
                  max_cost_usd: 1
                  yellow: { at: 60, escalate: nevr, modles: [small] }
                  red: { escalate: never, models: [smal], ask: maybe }
                  on_exceeded: degarde
                  degrade: [tiny]
                decision: { price_usd: -1, failure_cost_usd: a lot }
                prefixes: { p: { text: hi, ttl: 5, order: kep } }
                defaults: { limits: { max_turns: 0, max_calls: many } }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:15: error[AW107]: the name of an entry of 'secrets' must match [a-z][a-z0-9_]*, found 'Kb'
                |
              3 | secrets: [kb, Kb, { a: 1 }]
                |               ^^
              hint: for example 'kb'

            w.yaml:3:19: error[AW103]: secrets is text, found a mapping
                |
              3 | secrets: [kb, Kb, { a: 1 }]
                |                   ^^^^^^^^

            w.yaml:4:16: error[AW103]: latency_price is an amount in dollars, found 'cheap'
                |
              4 | latency_price: cheap
                |                ^^^^^
              hint: a decimal number from 0 with at most 12 decimals, for example 0.25

            w.yaml:7:15: error[AW103]: max_tokens is a whole number from 1 to 1000000000000, found '0'
                |
              7 |   max_tokens: 0
                |               ^

            w.yaml:9:17: error[AW103]: yellow begins at $60, beyond the cap
                |
              9 |   yellow: { at: 60, escalate: nevr, modles: [small] }
                |                 ^^
              hint: a share of the cap is written 60%

            w.yaml:9:31: error[AW103]: escalate is 'never', found 'nevr'
                |
              9 |   yellow: { at: 60, escalate: nevr, modles: [small] }
                |                               ^^^^
              hint: did you mean 'never'?

            w.yaml:9:37: error[AW101]: unknown key 'modles' in a band
                |
              9 |   yellow: { at: 60, escalate: nevr, modles: [small] }
                |                                     ^^^^^^
              hint: did you mean 'models'?

            w.yaml:10:8: error[AW104]: a band needs 'at'
                 |
              10 |   red: { escalate: never, models: [smal], ask: maybe }
                 |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            w.yaml:10:36: error[AW202]: there is no tier 'smal'
                 |
              10 |   red: { escalate: never, models: [smal], ask: maybe }
                 |                                    ^^^^
              hint: did you mean 'small'?

            w.yaml:10:48: error[AW103]: ask is true or false, found 'maybe'
                 |
              10 |   red: { escalate: never, models: [smal], ask: maybe }
                 |                                                ^^^^^

            w.yaml:11:16: error[AW103]: on_exceeded is one of stop, degrade, ask, found 'degarde'
                 |
              11 |   on_exceeded: degarde
                 |                ^^^^^^^
              hint: did you mean 'degrade'?

            w.yaml:12:3: error[AW121]: 'degrade' is for on_exceeded: degrade
                 |
              12 |   degrade: [tiny]
                 |   ^^^^^^^

            w.yaml:12:13: error[AW202]: there is no tier 'tiny'
                 |
              12 |   degrade: [tiny]
                 |             ^^^^
              hint: declared: small

            w.yaml:13:24: error[AW103]: price_usd is an amount in dollars, found '-1'
                 |
              13 | decision: { price_usd: -1, failure_cost_usd: a lot }
                 |                        ^^
              hint: a decimal number from 0 with at most 12 decimals, for example 0.25

            w.yaml:13:46: error[AW103]: failure_cost_usd is an amount in dollars, found 'a lot'
                 |
              13 | decision: { price_usd: -1, failure_cost_usd: a lot }
                 |                                              ^^^^^
              hint: a decimal number from 0 with at most 12 decimals, for example 0.25

            w.yaml:14:33: error[AW103]: ttl is 'auto', or a duration such as 45s or 24h, found '5'
                 |
              14 | prefixes: { p: { text: hi, ttl: 5, order: kep } }
                 |                                 ^

            w.yaml:14:43: error[AW103]: order is one of keep, any, found 'kep'
                 |
              14 | prefixes: { p: { text: hi, ttl: 5, order: kep } }
                 |                                           ^^^
              hint: did you mean 'keep'?

            w.yaml:15:34: error[AW103]: max_turns is a whole number from 1 to 1000, found '0'
                 |
              15 | defaults: { limits: { max_turns: 0, max_calls: many } }
                 |                                  ^

            w.yaml:15:48: error[AW103]: max_calls is a whole number from 1 to 10000, found 'many'
                 |
              15 | defaults: { limits: { max_turns: 0, max_calls: many } }
                 |                                                ^^^^
            """#)
    }

    @Test func bandsOfABudget() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                budget: { yellow: { at: 60% }, red: { at: 30% }, degrade: [] }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:25: error[AW104]: yellow begins at a share of a cap, and there is none
                |
              3 | budget: { yellow: { at: 60% }, red: { at: 30% }, degrade: [] }
                |                         ^^^
              hint: add max_cost_usd, or give dollars

            w.yaml:3:43: error[AW104]: red begins at a share of a cap, and there is none
                |
              3 | budget: { yellow: { at: 60% }, red: { at: 30% }, degrade: [] }
                |                                           ^^^
              hint: add max_cost_usd, or give dollars

            w.yaml:3:43: error[AW103]: red begins behind yellow, found 30% and 60%
                |
              3 | budget: { yellow: { at: 60% }, red: { at: 30% }, degrade: [] }
                |                                           ^^^

            w.yaml:3:50: error[AW121]: 'degrade' is for on_exceeded: degrade
                |
              3 | budget: { yellow: { at: 60% }, red: { at: 30% }, degrade: [] }
                |                                                  ^^^^^^^
            """#)
    }
}
