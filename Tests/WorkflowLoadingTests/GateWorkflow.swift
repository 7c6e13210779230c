/// A workflow of one step with a gate.
enum GateWorkflow {
    /// - Parameters:
    ///   - escalate: what stands in `escalate`, from line 10 on.
    ///   - moreTiers: beside `small` and `mid`.
    ///   - outputs: beside the step's own.
    static func text(_ escalate: String, moreTiers: String = "", outputs: String = "") -> String {
        """
        version: 1
        name: t
        owner: { engineering: me }
        models: { small: { use: local/small, max_output_tokens: 9 }, mid: { use: local/mid, max_output_tokens: 9 }\(moreTiers.isEmpty ? "" : ", " + moreTiers) }
        steps:
          - id: draft
            prompt: hi
            output: { schema: { type: object, properties: { answer: { type: string }, sources: { type: array, items: { type: string } } }, required: [answer, sources], additionalProperties: false } }
            escalate:
        \(escalate.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n"))
        outputs: { draft: "${{ steps.draft.output }}"\(outputs.isEmpty ? "" : ", " + outputs) }
        """
    }
}
