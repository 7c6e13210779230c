import Economics
import Values
import WorkflowModel

/// A workflow file on its way to a graph.
public enum WorkflowLoader {
    /// A graph and what was remarked on the way.
    public struct Loaded: Sendable {
        public let graph: WorkflowGraph
        /// Warnings, with the texts for their frames; none unless they were asked for.
        public let warnings: Diagnostics
    }

    /// What is wrong with the name of a model, and what to write; `nil` where nothing is.
    public typealias ModelCheck = @Sendable (ModelReference) -> (message: String, hint: String?)?

    /// What a model costs.
    public typealias PriceLookup = @Sendable (ModelReference) -> ModelPrice

    /// What is known of a model's log-probabilities.
    public typealias LogprobCheck = @Sendable (ModelReference) -> LogprobRule

    /// Reads, decodes and checks a workflow.
    ///
    /// - Parameters:
    ///   - path: as the user gave it.
    ///   - root: the project's root, absolute; files that the workflow names must be inside.
    ///   - secrets: the names that the project file declares; `nil` where they are not known, and so not checked.
    ///   - warns: whether a workflow without errors is looked through for what is allowed but hardly meant.
    ///   - models: whether a model is known; `nil` where that is not asked: a model may still be replaced.
    ///   - logprobs: what is known of the log-probabilities of models; `nil` where that is not asked.
    ///   - prices: what models cost, by which the tiers of gates are compared; `nil` where that is not asked.
    ///   - book: takes in what is written in a file that is wrong and opens something: frames show its lines.
    ///   - hasBegun: whether a run has begun with it, so that it goes on under the rules of then.
    ///   - recorded: contents that are taken in place of the files at these paths, as a run's record has them.
    /// - Throws: `Diagnostics` with every problem of all its files, in one pass.
    public static func load(
        _ path: String, root: String, secrets: [String]? = nil, warns: Bool = false, models: ModelCheck? = nil, logprobs: LogprobCheck? = nil,
        prices: PriceLookup? = nil, book: SecretBook? = nil, hasBegun: Bool = false, recorded: TextTable<[UInt8]> = [:]
    ) throws(Diagnostics) -> Loaded {
        let loading = Loading(
            SourceFiles(root: root, recorded: recorded), secrets: secrets, warns: warns, models: models, logprobs: logprobs, prices: prices, book: book, hasBegun: hasBegun)
        return try loading.load(path, parents: [], namedAt: nil)
    }
}

/// The loading of a workflow and of those that it runs: each file is read and checked once.
private final class Loading {
    private let files: SourceFiles
    private let secrets: [String]?
    private let warns: Bool
    private let models: WorkflowLoader.ModelCheck?
    private let logprobs: WorkflowLoader.LogprobCheck?
    private let prices: WorkflowLoader.PriceLookup?
    private let book: SecretBook?
    private let hasBegun: Bool
    /// `nil`: wrong, which is reported already.
    private var known: TextTable<WorkflowGraph?> = [:]

    init(
        _ files: SourceFiles, secrets: [String]?, warns: Bool, models: WorkflowLoader.ModelCheck?, logprobs: WorkflowLoader.LogprobCheck?,
        prices: WorkflowLoader.PriceLookup?, book: SecretBook?, hasBegun: Bool
    ) {
        self.files = files
        self.logprobs = logprobs
        self.prices = prices
        self.models = models
        self.book = book
        self.hasBegun = hasBegun
        self.secrets = secrets
        self.warns = warns
    }

    /// - Parameter parents: the files of the workflows that run this one, the outermost first.
    func load(_ path: String, parents: [String], namedAt place: SourceRange?) throws(Diagnostics) -> WorkflowLoader.Loaded {
        let text = try files.read(path, namedAt: place)
        let context = DecodingContext(file: path, files: files)
        let (node, problems) = YAMLReader.read(text, file: path)
        context.report(problems)
        guard let node else {
            book?.add(WrittenSecrets.guess(inWorkflow: text))
            throw Diagnostics(context.diagnostics, sources: files.texts)
        }
        files.noteDocument(path, node)
        func wrong(_ found: [Diagnostic]) -> Diagnostics {
            book?.add(WrittenSecrets.find(inWorkflow: node))
            return Diagnostics(found, sources: files.texts)
        }
        var decoder = WorkflowDecoder(context: context) { other, place in
            self.graph(other, parents: parents + [path], place, context)
        }
        var draft = decoder.decode(node)
        draft?.projectSecrets = secrets
        draft?.modelCheck = models
        draft?.logprobCheck = logprobs
        draft?.prices = prices
        draft?.projectRoot = files.root
        guard let draft else { throw wrong(context.diagnostics) }
        // Rules run over a broken draft as well: a typo in one step must not hide a cycle in another.
        let (graph, found) = WorkflowValidator.validate(draft, isComplete: !context.hasErrors, warns: warns, hasBegun: hasBegun, file: path, files: files)
        guard let graph else { throw wrong(context.diagnostics + found) }
        let notExecuted = Diagnostics(draft.notExecuted).asWarnings.all
        return WorkflowLoader.Loaded(
            graph: graph, warnings: Diagnostics(warns ? context.diagnostics + found + notExecuted : [], sources: files.texts))
    }

    private func graph(_ path: String, parents: [String], _ place: SourceRange, _ context: DecodingContext) -> WorkflowGraph? {
        if let start = parents.firstIndex(where: { $0.hasSameBytes(as: path) }) {
            context.report(
                "AW208", "workflows run each other: \((parents[start...] + [path]).joined(separator: " -> "))", at: place,
                hint: "a repetition with a bound is a loop: { steps: …, until: …, max: … }")
            return nil
        }
        if let graph = known[path] { return graph }
        var graph: WorkflowGraph?
        do throws(Diagnostics) {
            let loaded = try load(path, parents: parents, namedAt: place)
            graph = loaded.graph
            context.report(loaded.warnings)
        } catch {
            context.report(error)
        }
        known[path] = .some(graph)
        return graph
    }
}
