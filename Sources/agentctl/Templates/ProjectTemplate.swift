/// A project that `init` writes: a workflow with its prompts, schemas and a sample input, ready to run.
///
/// The files are part of the binary and are valid as they stand; `local/default` in a workflow stands for the chosen model.
struct ProjectTemplate: Sendable {
    let name: String
    let summary: String
    let workflow: String
    /// By path inside the project; read when they are written, so that no other command pays for them.
    let files: [(path: String, bytes: @Sendable () -> [UInt8])]
    /// How it is run, after `agentctl run WORKFLOW`.
    let sample: String
    /// Another way to run it that is worth showing.
    let more: String?

    /// The model in the templates.
    static let model = "local/default"

    static let all = [minimal, triage, batch]
}

extension ProjectTemplate {
    static let minimal = ProjectTemplate(
        name: "minimal", summary: "one question to one model, with an answer of a known shape", workflow: "minimal.yaml",
        files: [
            ("minimal.yaml", { PackageResources.minimal_yaml }),
            ("prompts/summarise.md", { PackageResources.summarise_md }),
            ("schemas/summary.json", { PackageResources.summary_json }),
            ("inputs/note.json", { PackageResources.note_json }),
        ],
        sample: "--inputs inputs/note.json", more: nil)

    static let triage = ProjectTemplate(
        name: "triage", summary: "classify a ticket, draft a reply, check it: prefixes, schemas, a budget, a decision", workflow: "triage.yaml",
        files: [
            ("triage.yaml", { PackageResources.triage_yaml }),
            ("prompts/policy.md", { PackageResources.policy_md }),
            ("prompts/classify.md", { PackageResources.classify_md }),
            ("prompts/draft.md", { PackageResources.draft_md }),
            ("prompts/check.md", { PackageResources.check_md }),
            ("schemas/class.json", { PackageResources.class_json }),
            ("schemas/reply.json", { PackageResources.reply_json }),
            ("schemas/verdict.json", { PackageResources.verdict_json }),
            ("inputs/ticket.json", { PackageResources.ticket_json }),
        ],
        sample: "--inputs inputs/ticket.json", more: nil)

    static let batch = ProjectTemplate(
        name: "batch", summary: "for_each over a list, and many lists as the lines of a batch", workflow: "batch.yaml",
        files: [
            ("batch.yaml", { PackageResources.batch_yaml }),
            ("prompts/rate.md", { PackageResources.rate_md }),
            ("schemas/rating.json", { PackageResources.rating_json }),
            ("inputs/reviews.json", { PackageResources.reviews_json }),
            ("inputs/products.jsonl", { PackageResources.products_jsonl }),
        ],
        sample: "--inputs inputs/reviews.json", more: "--batch inputs/products.jsonl --failures again.jsonl > results.jsonl")
}
