/// What is wrong, or hardly meant, in `escalate`.
extension DiagnosticExplanation {
    private static let score = "schema: { type: object, properties: { score: { type: number, minimum: 0, maximum: 1 } }, required: [score] }"
    private static let passed = "schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] }"

    private static func gate(_ rest: String) -> String { "- id: a\n  prompt: hi\n  escalate: { tiers: [m], on_exhausted: fail, \(rest) }" }

    static let gates: [DiagnosticExplanation] = [
        .init(
            "AW211", "A threshold that is never reached",
            "What is compared has bounds: a field by `minimum` and `maximum` of its schema, the score of a judge likewise, the scores of `logprob` and `agree` lie from 0 to 1. The number is beyond them, so that no answer would pass.",
            mend: "write a number within the bounds.", wrong: gate("checks: { j: { model: m, prompt: ok?, output: { \(score) }, min: 2 } }"),
            right: gate("checks: { j: { model: m, prompt: ok?, output: { \(score) }, min: 0.8 } }")),
        .init(
            "AW212", "A judge that does not say what is read",
            "`checks.NAME.passed` of a judge is the field `passed` of its answer, or with `min` whether its `score` is at least that. Without `accept`, every check has to pass. Its schema has none of the two, or has it of another type.",
            mend: "give the judge a schema with the field, or `min` and a score.", wrong: gate("checks: { j: { model: m, prompt: ok? } }"),
            right: gate("checks: { j: { model: m, prompt: ok?, output: { \(passed) } } }")),
        .init(
            "AW424", "A threshold that is always reached", "What is compared has bounds, and all that is within them is on one side of the number: the comparison decides nothing.",
            mend: "write a number that it can be on both sides of.", wrong: gate("checks: { v: { agree: { samples: 4, min: 0.2 } } }"), right: gate("checks: { v: { agree: { samples: 4, min: 0.6 } } }")),
        .init(
            "AW426", "A model asked about its own answer", "A model hardly finds its own mistakes: it made them because it believes them. Nor does it say anything new when it is asked the same again.",
            mend: "let another model judge, or compare with another one's answer.", .workflow,
            wrong:
                "models: { small: { use: local/small }, large: { use: local/large } }\nsteps:\n  - id: a\n    prompt: hi\n    escalate:\n      tiers: [small, large]\n      checks: { j: { model: small, prompt: ok?, output: { \(passed) } } }",
            right:
                "models: { small: { use: local/small }, mid: { use: local/mid }, large: { use: local/large } }\nsteps:\n  - id: a\n    prompt: hi\n    escalate:\n      tiers: [small, large]\n      checks: { j: { model: mid, prompt: ok?, output: { \(passed) } } }"
        ),
        .init(
            "AW427", "A cheaper tier behind a dearer one", "A gate saves where the cheap tier answers most. Here the dearer one is asked first, and the cheaper one only where its answer did not do. `validate` compares the prices of today.",
            mend: "turn the tiers round.", .other, wrong: "tiers: [large, small]", right: "tiers: [small, large]"),
        .init(
            "AW428", "A gate under a cap whose first tier has no price", "A cap holds only what is priced, so that such a run is refused before it starts.", mend: "give the model a price.", .other,
            wrong: "agentctl run w.yaml --budget 1", right: "agentctl prices add vllm/small --input 0.05 --output 0.2 --source \"our contract\""),
        .init(
            "AW429", "An answer that was not accepted goes on unseen", "Where no tier's answer is accepted, `on_exhausted: best` takes the best of them, and only `steps.ID.accepted` says so.",
            mend: "read it where it matters, or write `on_exhausted: fail`.",
            wrong: "- id: a\n  prompt: hi\n  escalate: { tiers: [m], checks: { long: { expr: size(output) > 2 } } }", right: gate("checks: { long: { expr: size(output) > 2 } }")),
        .init(
            "AW430", "A program that is not there", "A check runs a program by its path from the project's folder, and there is none. It may be built later; where it is missing then, the check is a no at every answer.",
            mend: "mend the path.", wrong: gate("checks: { t: { run: [tools/verify] } }"), right: gate("checks: { t: { run: [sh, -c, \"exit 0\"] } }")),
        .init(
            "AW431", "The same asked again at temperature 0", "At temperature 0 a model says much the same each time: agreement with itself is no evidence then.", mend: "give `agree` a temperature, or ask another model.",
            wrong: gate("checks: { v: { agree: { samples: 4, temperature: 0 } } }"), right: gate("checks: { v: { agree: { samples: 4, temperature: 0.8 } } }")),
        .init(
            "AW432", "A check that is a no at one of the tiers",
            "The check looks at how likely the tokens of an answer were, and the model of this tier does not tell: its answers never pass the check. `accept` can do without it, by other checks.",
            mend: "say that it is meant, by the tier, or take a check that the model allows.", .other, wrong: "accept: checks.sure.passed || checks.judge.passed",
            right: "accept: (tier != 'large' && checks.sure.passed) || checks.judge.passed"),
        .init(
            "AW433", "A score without bounds", "A judge that may give any number leaves open what is good: 7 of 10, or 7 of 100. A schema with bounds tells the model, and holds it to them.",
            mend: "write `minimum` and `maximum`.", wrong: gate("checks: { j: { model: m, prompt: ok?, output: { schema: { type: object, properties: { score: { type: number } }, required: [score] } }, min: 7 } }"),
            right: gate("checks: { j: { model: m, prompt: ok?, output: { \(score) }, min: 0.7 } }")),
        .init(
            "AW434", "Bands of a workflow that a step runs",
            "`budget.yellow`, `budget.red` and `on_exceeded` are a run's: those of the file that is run hold for all of it. Of a workflow that a step runs they hold only where that file is run by itself.",
            mend: "write them in the budget of the file that is run."),
    ]
}
