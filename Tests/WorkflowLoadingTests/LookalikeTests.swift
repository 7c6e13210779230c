import TestSupport
import Testing
import Values
import WorkflowLoading

/// L1: texts that look like expressions and are sent as they stand.
@Suite struct LookalikeTests {
    private static let head = """
        version: 1
        name: t
        owner: { engineering: me }
        inputs: { text: { type: string }, list: { type: array }, ticket: { type: string }, used: { type: string } }
        models: { m: { use: local/small } }
        defaults: { model: m, limits: { max_output_tokens: 9 } }
        steps:
          - { id: a, prompt: "${{ inputs.used }}" }

        """

    private func found(_ rest: String, files: [String: String] = [:]) throws -> [Diagnostic] {
        let project = try TemporaryProject(files.merging(["w.yaml": Self.head + rest + "\n"]) { $1 })
        return try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.filter { $0.code == "AW423" }
    }

    @Test func aTextThatLooksLikeAnExpression() throws {
        try expectWarnings(
            of: """
                version: 1
                name: t
                owner: { engineering: me }
                inputs: { text: { type: string } }
                models: { m: { use: local/small, max_output_tokens: 9 } }
                steps:
                  - { id: a, model: m, prompt: "Sum up {{ inputs.text }}" }
                outputs: { a: steps.a.output }
                """,
            """
            w.yaml:4:11: warning[AW407]: the input 'text' is not used
                |
              4 | inputs: { text: { type: string } }
                |           ^^^^
              hint: remove it, or read it as inputs.text

            w.yaml:7:11: warning[AW404]: nothing reads what 'a' gives
                |
              7 |   - { id: a, model: m, prompt: "Sum up {{ inputs.text }}" }
                |           ^
              hint: return it with outputs: { a: "${{ steps.a.output }}" }, or remove the step

            w.yaml:7:40: warning[AW423]: '{{ inputs.text }}' is text here: nothing is filled in
                |
              7 |   - { id: a, model: m, prompt: "Sum up {{ inputs.text }}" }
                |                                        ^^^^^^^^^^^^^^^^^
              hint: write ${{ inputs.text }}; where it is meant as it stands, ${{ '{{ inputs.text }}' }}

            w.yaml:8:15: warning[AW423]: 'steps.a.output' is text here: nothing is filled in
                |
              8 | outputs: { a: steps.a.output }
                |               ^^^^^^^^^^^^^^
              hint: write "${{ steps.a.output }}"; a text that is meant so is written "${{ 'steps.a.output' }}"
            """)
    }

    /// A text in a prompt, and what to write.
    @Test(arguments: [
        ("Hi {{ inputs.text }}", "${{ inputs.text }}"), ("Hi {{inputs.text}}", "${{ inputs.text }}"), ("Hi {{{ inputs.text }}}", "${{ inputs.text }}"), ("Hi ${ inputs.text }", "${{ inputs.text }}"),
        ("Hi ${inputs.text}!", "${{ inputs.text }}"), ("Hi $inputs.text", "${{ inputs.text }}"), ("Hi {inputs.text}", "${{ inputs.text }}"), ("<inputs.text>", "${{ inputs.text }}"),
        ("[[ inputs.text ]]", "${{ inputs.text }}"), ("$(inputs.text)", "${{ inputs.text }}"), ("#{inputs.text}", "${{ inputs.text }}"), ("%inputs.text%", "${{ inputs.text }}"), ("@{inputs.text}", "${{ inputs.text }}"),
        ("{{ inputs['text'] }}", "${{ inputs"), ("{{ .inputs.text }}", "${{ inputs.text }}"), ("{{ inputs.text | upper }}", "${{ inputs.text }}"), ("{{ size(inputs.list) }}", "${{ size(inputs.list) }}"),
        ("${JSON.stringify(inputs.list)}", "${{ inputs.list }}"), ("{{ steps.a }}", "${{ steps.a.output }}"), ("{{ steps.a.outputs.x }}", "${{ steps.a.output.x }}"), ("{{steps.a.outputs.result}}", "${{ steps.a.output.result }}"),
        ("{% if inputs.text %}x{% endif %}", "? 'a' : 'b'"), ("{{#each inputs.list}}x{{/each}}", "list.map"), ("{{ run.id }}", "${{ run.id }}"), ("{{\n  inputs.text\n}}", "${{ inputs.text }}"),
        ("inputs.text", "\"${{ inputs.text }}\""), ("steps.a.output", "\"${{ steps.a.output }}\""), ("steps.a", "\"${{ steps.a.output }}\""), ("  inputs.text  ", "\"${{ inputs.text }}\""),
        ("inputs.text + ' and ' + steps.a.output", "\"${{ inputs.text + ' and ' + steps.a.output }}\""), ("size(inputs.list) > 3", "\"${{ size(inputs.list) > 3 }}\""),
        // Names alone, where nothing reads them.
        ("Answer {{ ticket }}", "${{ inputs.ticket }}"), ("Answer {{ticket | trim}}", "${{ inputs.ticket }}"), ("Answer ${ticket}", "${{ inputs.ticket }}"), ("Answer {ticket}", "${{ inputs.ticket }}"),
    ]) func whatLooksLikeOne(prompt: String, write: String) throws {
        let all = try found("  - { id: p, prompt: \(JSONValue.string(prompt).jsonText) }")
        #expect(all.count == 1 && all[0].hint?.contains("write") == true && all[0].hint?.contains(write) == true, "\(all)")
    }

    /// Close to it, and meant as it stands: other names, names of another place, prose.
    @Test(arguments: [
        "explain `{{ user.name }}`", "use $inputs in PHP, $inputs->text and $inputs['text']", "{{ inputs }}", "{{ steps }}", "{{ inputs.other }}", "{{ github.event.inputs.text }}", "$json.inputs.text",
        "{{ used }}", "{used}", "${used}", "{{ x.inputs.text }}", "in GitHub $${{ inputs.text }}", "inputs.text is an input", "steps.a.output, please", "the text in inputs.text", "\\{inputs.text\\}",
        "\\${inputs.text}", "\\frac{ticket}{2}", "f{ticket}", "{\"ticket\": 1}", "function f(inputs) { return inputs.text }", "{{ item }}", "{{ with.x }}", "{{ pass.index }}", "{{ steps.zzz.output }}",
        "{ a: inputs.text, b: 2 }", "/inputs.text", "my-inputs.text", "{{ my_inputs.text }}", "{{ inputs.texts }}", "{{output}}", "{{ index }}", "<ticket>x</ticket>", "$ticket",
    ]) func whatIsMeantAsItStands(prompt: String) throws {
        #expect(try found("  - { id: p, prompt: \(JSONValue.string(prompt).jsonText) }") == [])
    }

    /// Every key under which expressions may stand.
    @Test(arguments: [
        ("{ id: p, prompt: x, system: \"{{ inputs.text }}\" }", 1), ("{ id: p, messages: [{ role: user, content: inputs.text }] }", 1), ("{ id: p, prompt_file: p.md }", 1),
        ("{ id: p, prompt: \"${{ with.x }}\", with: { x: inputs.text, y: { z: [steps.a.output] } } }", 2),
        ("{ id: p, run: [echo, inputs.text, \"{{ inputs.text }}\"], env: { A: steps.a.output, B: \"${inputs.text}\" }, stdin: inputs.text }", 5),
        ("{ id: p, shell: true, run: \"echo {{ inputs.text }} ${ticket} $ticket\" }", 1), ("{ id: p, approve: { message: \"{{ steps.a.output }}?\" } }", 1), ("{ id: p, value: { x: inputs.text, y: [\"{{ inputs.text }}\"] } }", 2),
        ("{ id: p, value: inputs.text }", 0), ("{ id: p, prompt: x, tags: { t: inputs.text } }", 1), ("{ id: p, prompt: x, on_error: { value: steps.a.output } }", 1),
        ("{ id: p, for_each: { items: inputs.list }, prompt: \"{{ item }} {{ item.name }}\" }", 2), ("{ id: p, for_each: { items: inputs.list }, prompt: \"${{ item }} of {{ item }}\" }", 0),
        ("{ id: p, for_each: { items: inputs.list, as: doc }, with: { d: doc }, run: [cat, doc.name] }", 2), ("{ id: p, steps: [{ id: q, prompt: \"{{ inputs.text }}\" }, { id: r, prompt: \"{{ steps.q.output }}\" }] }", 2),
        ("{ id: p, prompt: x, with: { docs: \"${{ inputs.text }}\" }, system: \"{{ docs }}\" }", 1), ("{ id: p, loop: { max: 2, until: \"false\", steps: [{ id: q, prompt: \"{{ pass.index }}\" }] } }", 1),
        ("{ id: p, description: \"{{ inputs.text }}\", prompt: x }", 0), ("{ id: p, prompt: x, output: { schema: { type: string, description: \"{{ inputs.text }}\" } } }", 0),
        ("{ id: p, prompt: x, escalate: { tiers: [m], accept: \"output != ''\", checks: { j: { model: m, prompt: \"Is {{ output.text }} right?\" } } } }", 1),
    ]) func everyPlaceIsLookedAt(step: String, count: Int) throws {
        let all = try found("  - \(step)", files: ["p.md": "Look at\n  {{ inputs.text }}\n"])
        #expect(all.count == count, "\(all)")
        if step.contains("p.md") { #expect(all.first?.range?.start.line == 2 && all.first?.range?.start.column == 3 && all.first?.range?.file.hasSuffix("p.md") == true) }
    }

    @Test func outsideOfSteps() throws {
        let all = try found(
            """
            outputs: { x: inputs.text, y: { z: "{{ steps.a.output }}" } }
            tags: { t: "{{ inputs.text }}", s: steps.a.output }
            decision: { outcome: steps.a.output }
            prefixes: { p: { text: "For {{ inputs.text }}" } }
            """)
        // Tags cannot read steps.
        #expect(all.count == 5, "\(all)")
    }

    /// What names the same is no use: each is still said to be unused.
    @Test func plainTextIsNoUse() throws {
        let project = try TemporaryProject(["w.yaml": Self.head + "  - { id: p, prompt: \"inputs.text and steps.a.output\" }\noutputs: { o: \"the steps.p.output\" }\n"])
        let codes = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.map(\.code)
        #expect(codes.sorted() == ["AW404", "AW404", "AW407", "AW407", "AW407"])
    }
}
