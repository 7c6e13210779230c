/// A part of the program under trial. A new one is a file and a line in `FuzzTargets.all`.
protocol FuzzTarget: Sendable {
    var name: String { get }

    /// The same numbers make the same input.
    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput

    /// Does with the input what the program does, and tells the trial what does not hold.
    ///
    /// - Returns: whether the input was accepted, for the statistics: a generator whose inputs are all refused tries little.
    func run(_ input: FuzzInput, _ trial: Trial) -> Bool
}

enum FuzzTargets {
    static let all: [any FuzzTarget] = [
        WorkflowTarget(), ExpressionTarget(), SchemaTarget(), TemplateTarget(), YAMLTarget(), ProjectTarget(), JSONTarget(), AnswerTarget(),
    ]

    /// The targets take turns, so that any range of inputs has all of them.
    static func target(of input: Int) -> Int { input % all.count }
}
