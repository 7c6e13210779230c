import ArgumentParser

extension CompletionKind {
    /// Workflow files, by their extensions.
    static var workflowFile: CompletionKind { .file(extensions: ["yaml", "yml"]) }

    /// Documents: schemas, inputs, data.
    static var documentFile: CompletionKind { .file(extensions: ["json", "yaml", "yml"]) }
}
