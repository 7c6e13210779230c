extension DiagnosticExplanation {
    static let files: [DiagnosticExplanation] = [
        .init(
            "AW001", "A file cannot be read", "It is missing, a folder, a pipe, a device, binary, larger than 8 MiB, or not UTF-8.",
            mend: "name the right file, or save it as UTF-8.", wrong: "- { id: a, model: m, prompt_file: prompts/no-such-file.md }"),
        .init(
            "AW002", "A path leaves the project", "Files of a workflow are named relative to it and stay inside the project; `~`, absolute paths, and links that lead out are refused.",
            mend: "move the file into the project.", wrong: "- { id: a, model: m, prompt_file: /etc/motd }"),
        .init(
            "AW006", "A project file of another user",
            "A project file that nobody names is searched in the folder and in those above it. There it may be somebody else's, and it has commands that run as whoever finds it. Taken are files of this user and of root, in folders of theirs; under `sudo` also of the user who called it.",
            mend: "name the file with `--config` or `AGENTCTL_CONFIG`, if you trust it.", .other, wrong: "cd /tmp/work && agentctl plan w.yaml   # and /tmp/agentctl.yaml is not yours"),
        .init(
            "AW007", "A file that is not read", "The project file is called `agentctl.yaml` or `.agentctl.yaml`; a file beside the workflows, or above them, has a name that is nearly one of these. What stands in it does not hold.",
            mend: "rename it, or name it with `--config`.", .other, wrong: "agentctl.yml", right: "agentctl.yaml"),
    ]

    static let yaml: [DiagnosticExplanation] = [
        .init(
            "AW010", "Not valid YAML", "The text cannot be read as YAML, or is indented with tabs. The fault is often on the line above the caret: a bracket or a quote that is not closed.",
            mend: "look at the caret and at the line that the hint names.", .workflow, wrong: "owner: { business: x\ntags: { a: b }", right: "owner: { business: x }\ntags: { a: b }"),
        .init(
            "AW011", "An unquoted ${{ }} inside { } or [ ]", "In a flow collection YAML takes the braces of an expression for its own.", mend: "put the value in quotes.",
            wrong: "- { id: a, model: m, prompt: ${{ run.id }} }", right: "- { id: a, model: m, prompt: \"${{ run.id }}\" }"),
        .init(
            "AW012", "An unquoted ? … : …", "YAML takes a colon with a space behind it for the end of a key.", mend: "put the expression in quotes.",
            wrong: "- id: a\n  value: run.id == 'x' ? 1 : 2", right: "- id: a\n  value: \"run.id == 'x' ? 1 : 2\""),
        .init(
            "AW013", "A comma in an unquoted value inside { }", "In a flow collection a comma ends a value, so the rest of the text becomes a key.", mend: "put the whole value in quotes.",
            wrong: "- { id: a, model: m, prompt: Hello, world }", right: "- { id: a, model: m, prompt: \"Hello, world\" }"),
        .init(
            "AW014", "A tag", "An unquoted `!` at the start of a value is a tag of YAML; tags are not used here. Mostly a negation was meant.", mend: "put the expression in quotes.",
            wrong: "- id: a\n  when: !has(inputs.x)\n  value: \"1\"", right: "- id: a\n  when: \"!has(inputs.x)\"\n  value: \"1\""),
        .init("AW015", "More than one document", "A file holds one workflow.", mend: "remove what follows `---`.", .workflow, wrong: "description: one\n---\ndescription: two"),
        .init(
            "AW016", "Too many nodes or levels", "A file has at most 1,000,000 nodes and 100 levels, and its aliases copy at most 100,000 nodes, where 64 bytes of text count as one.",
            mend: "look for aliases of aliases; split the file."),
        .init(
            "AW017", "An unknown anchor, or << of no mapping", "An alias `*x` needs an anchor `&x` before it, and `<<` takes a mapping or a list of mappings.", mend: "define the anchor before it is used.",
            .workflow, wrong: "tags: { a: &team cx, b: *taem }", right: "tags: { a: &team cx, b: *team }"),
        .init("AW018", "A key that is no word", "Keys are words; YAML also allows lists and mappings.", mend: "make it a word.", .workflow, wrong: "x-a:\n  ? [a, b]\n  : 1"),
        .init("AW019", "A key that stands twice", "YAML readers keep one of the values, and not the same one.", mend: "remove one.", wrong: "- { id: a, value: \"1\", id: b }", right: "- { id: a, value: \"1\" }"),
        .init(
            "AW020", "A file that cannot be formatted", "`agentctl fmt` reads what it wrote before it keeps it; where that would say something else, the file stays as it is. Spaces in odd places do that.",
            mend: "format the file by hand, and report it: it is a fault of the formatter."),
    ]
}
