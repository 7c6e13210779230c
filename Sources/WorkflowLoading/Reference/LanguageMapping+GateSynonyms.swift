/// Words of other tools for gates: cascades, routers, judges, graders, votes.
extension LanguageMapping {
    static let escalateSynonyms: [Synonym] = [
        .init("models levels chain cascade steps ladder router route routes routing candidates order sequence llms", "write tiers: {}"),
        .init("assert asserts tests criteria validators check evaluators guards guardrails scorers metrics", "write checks: { NAME: { expr: … } }"),
        .init("judge judges grader graders evaluator llm_judge rubric critic", "write checks: { judge: { model: TIER, prompt: …, output: { schema: … } } }"),
        .init(
            "confidence min_confidence confidence_threshold threshold logprob logprobs min_prob certainty",
            "write checks: { sure: { logprob: { min_prob: 0.8 } } }: how sure a model says it is is no evidence, how likely its words were is some"),
        .init("vote votes quorum majority self_consistency consensus ensemble agreement agree n samples num_samples", "write checks: { vote: { agree: { samples: 5, min: 0.6 } } }"),
        .init("verifier verify command run unit_tests test", "write checks: { tests: { run: [program, argument] } }"),
        .init("condition pass_when accept_when accept_if until when success_condition stop_when pass criterion", "write accept: {}"),
        .init("escalate_when escalate_if escalate_on reject_when reject_if on trigger", "write accept: with the opposite condition, what is good enough"),
        .init("on_fail on_failure otherwise default on_reject when_exhausted if_exhausted exhausted", "write on_exhausted: best"),
        .init("fallback fallbacks backup backups", "a fallback for a server that fails stands with its tier: models: { TIER: { use: …, fallback: [provider/model] } }; what follows a poor answer is the next of tiers:"),
        .init("refusal on_decline on_refused", "write on_refusal: escalate"),
        .init("skip_tier_if skip_tier skip_if skip skip_tiers", "write start: the tier that is asked first, for example start: \"${{ size(inputs.text) > 4000 ? 'mid' : 'small' }}\""),
        .init("first initial begin start_at default_tier entry start_tier initial_tier", "write start: {}"),
        .init("rate escalation_rate max_escalation_rate escalation_limit budget circuit_breaker breaker", "write max_rate: 30%/1h"),
        .init("canary experiment ab_test mirror compare_with sample_rate", "write shadow: { rate: 5% }"),
        .init("max_attempts max_escalations max_tiers attempts retries", "remove it: each tier is asked once, with the retries of the step"),
    ]

    static let checkSynonyms: [Synonym] = [
        .init("expression condition assert test cel when javascript python js value is_json contains equals", "write expr: a condition over output, for example expr: \"output.score >= 0.8\""),
        .init("judge llm grader rubric llm_rubric tier provider evaluator critic scorer", "write model: TIER and prompt: the question about the answer"), .init("text", "write prompt: {}"),
        .init("log_prob confidence log_probs probability certainty", "write logprob: { min_prob: 0.8 }"), .init("always required run_always", "write record: true"),
        .init("schema json_schema", "write output: { schema: {} }"), .init("type name kind", "what a check is, its key says: expr, logprob, agree, run, or model with prompt"),
        .init("vote votes quorum self_consistency consensus majority ensemble agreement", "write agree: { samples: 5, min: 0.6 }"),
        .init("n samples num_samples k", "write agree: { samples: {} }"), .init("same same_as compare_with second_model", "write agree: { model: {} }"),
        .init("command cmd exec script program verifier shell_command bash", "write run: {command}"),
        .init("threshold min_score pass_score passing_score score_threshold at_least minimum score", "write min: {}"),
        .init("args arguments input inputs vars variables", "write with: { NAME: value }, which the program reads as JSON"),
    ]

    static let logprobSynonyms: [Synonym] = [
        .init("min_logprob minimum lowest min_log_prob", "write min_lowest: {}"), .init("min threshold probability min_probability confidence", "write min_prob: {}"),
        .init("mean average avg min_average", "write min_mean: {}"), .init("p10 quantile percentile", "write min_p10: {}"), .init("margin gap min_gap", "write min_margin: {}"),
        .init("field path key tokens", "write of: {}"),
    ]

    static let agreeSynonyms: [Synonym] = [
        .init("n k votes voters count times num_samples runs size sample_count", "write samples: {}"), .init("tier helper with other second_model llm", "write model: {}"),
        .init("threshold quorum majority share ratio min_share min_agreement agreement consensus", "write min: {}"),
        .init("field path key of compare by equals equality value", "write on: {}"), .init("prompt", "write prompt_file: FILE"), .init("temp", "write temperature: {}"),
        .init("early parallel concurrent", "write start: early"),
    ]

    static let shadowSynonyms: [Synonym] = [
        .init("share percent sample fraction sample_rate probability", "write rate: 5%"), .init("tier model models with compare_with", "write tiers: {}"),
    ]

    /// Of what asks a person.
    static let questionSynonyms: [Synonym] = [
        .init("prompt text question description title body content instructions ask", "write message: {}"),
        .init("expires deadline timeout_after ttl expiry wait", "write timeout: {}"), .init("timeout_minutes", "write timeout: {}m"), .init("timeout_seconds", "write timeout: {}s"),
        .init("default on_expire on_expiry fallback default_answer", "write on_timeout: fail"),
        .init("approvers approver users assignee assignees reviewers by to", "remove it: who may answer is not checked, who answered is recorded"),
    ]
}
