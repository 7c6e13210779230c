import Values

/// What a diagnostic code means and how to mend it: what `agentctl explain` prints and `Docs/Diagnostics.md` consists of.
public struct DiagnosticExplanation: Sendable {
    /// What an example is a piece of.
    public enum Place: Sendable, Hashable {
        /// A list of steps.
        case steps
        /// Keys of a workflow, with its steps where they matter.
        case workflow
        case project
        /// The same as ``workflow``; only who knows the models' caches finds what is wrong.
        case caches
        /// What is typed at the prompt, or a file that is no YAML.
        case other
    }

    public struct Example: Sendable {
        public let place: Place
        public let wrong: String
        /// `nil` where removing what is wrong is all.
        public let right: String?
    }

    public let code: String
    /// What is wrong, in a few words.
    public let title: String
    public let meaning: String
    public let mend: String
    public let example: Example?

    init(_ code: String, _ title: String, _ meaning: String, mend: String, _ place: Place = .steps, wrong: String? = nil, right: String? = nil) {
        self.code = code
        self.title = title
        self.meaning = meaning
        self.mend = mend
        example = wrong.map { Example(place: place, wrong: $0, right: right) }
    }

    /// By code.
    public static var all: [DiagnosticExplanation] { (files + yaml + keys + names + inputs + warnings + gates + caches + expressions).sorted { $0.code < $1.code } }

    /// - Parameter code: in any case.
    public static func of(_ code: String) -> DiagnosticExplanation? { all.first { $0.code == code.uppercased() } }

    public var isWarning: Bool { code.hasPrefix("AW4") || code.hasPrefix("CP") }
}

extension DiagnosticExplanation {
    /// As the page and the terminal show it.
    public var markdown: String {
        var text = "## \(code)\n\n**\(title)**\(isWarning ? " (warning)" : ""). \(meaning)\n"
        if let example {
            text += Self.block(example.wrong, example.place)
        }
        text += "\n*Mend it:* \(mend)\n"
        if let right = example?.right { text += Self.block(right, example!.place) }
        return text
    }

    private static func block(_ text: String, _ place: Place) -> String {
        "\n```\(place == .other ? "" : "yaml")\n\(text)\n```\n"
    }

    /// `Docs/Diagnostics.md`.
    public static var page: String {
        """
        # Diagnostics

        Every problem in a file has a place, a code and mostly a hint. `agentctl explain CODE` prints an entry of this page;
        `agentctl explain --all` prints the page. A YAML syntax error ends the reading of its file, so problems behind it show in
        the next pass. Places are exact in every style of YAML; columns count Unicode scalars from 1.

        - [AW0](#aw001): files and YAML
        - [AW1](#aw101): keys and values
        - [AW2](#aw201): names and references
        - [AW3](#aw301): inputs of a run
        - [AW4](#aw401): warnings. They are printed by `validate` and `plan`, never by `run`, and fail nothing but `validate --strict`. They are
          looked for in workflows without errors only.
        - [AX](#ax001): expressions
        - [CP](#cp001): warnings of prompt caches, printed where those of AW4 are. What rests on a model's cache is told where the project says which model it is.

        | code | meaning |
        |---|---|
        \(all.map { "| [\($0.code)](#\($0.code.lowercased())) | \($0.title.replacingBytes(of: "|", with: "\\|")) |" }.joined(separator: "\n"))


        """ + all.map(\.markdown).joined(separator: "\n")
    }
}
