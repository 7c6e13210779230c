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

    /// Reads, decodes and checks a workflow.
    ///
    /// - Parameters:
    ///   - path: as the user gave it.
    ///   - root: the project's root, absolute; files that the workflow names must be inside.
    ///   - warns: whether a workflow without errors is looked through for what is allowed but hardly meant.
    /// - Throws: `Diagnostics` with every problem of all its files, in one pass.
    public static func load(_ path: String, root: String, warns: Bool = false) throws(Diagnostics) -> Loaded {
        let files = SourceFiles(root: root)
        let text = try files.read(path)
        let context = DecodingContext(file: path)
        let (node, problems) = YAMLReader.read(text, file: path)
        context.report(problems)
        guard let node else { throw Diagnostics(context.diagnostics, sources: files.texts) }
        var decoder = WorkflowDecoder(context: context, files: files)
        let draft = decoder.decode(node)
        guard let draft else { throw Diagnostics(context.diagnostics, sources: files.texts) }
        // Rules run over a broken draft as well: a typo in one step must not hide a cycle in another.
        let (graph, found) = WorkflowValidator.validate(draft, isComplete: !context.hasErrors, warns: warns, file: path, hash: files.hash)
        guard let graph else { throw Diagnostics(context.diagnostics + found, sources: files.texts) }
        return Loaded(graph: graph, warnings: Diagnostics(warns ? context.diagnostics + found : [], sources: files.texts))
    }
}
