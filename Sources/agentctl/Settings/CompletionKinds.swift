import ArgumentParser
import WorkflowLoading

extension CompletionKind {
    /// Workflow files, by their extensions.
    static var workflowFile: CompletionKind { .file(extensions: ["yaml", "yml"]) }

    /// Documents: schemas, inputs, data.
    static var documentFile: CompletionKind { .file(extensions: ["json", "yaml", "yml"]) }

    /// The steps that ask a model, of the workflow file that is already on the line.
    static var stepName: CompletionKind {
        .custom { words, _, _ in
            let files = words.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            guard let file = files.last, let project = try? ProjectLoader.load(named: nil, searchingFrom: GlobalOptions.folder(of: file)),
                let graph = try? WorkflowLoader.load(file, root: project.root).graph
            else { return [] }
            return graph.steps.filter { $0.modelStep != nil }.map(\.id)
        }
    }
}
