import ArgumentParser
import Economics
import Glibc
import Reports
import Tools
import Values

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a project that runs at once.",
        discussion: """
            Writes a project file, a workflow with its prompts and schemas, a sample input and a .gitignore. Never overwrites: \
            when a file is there already, nothing is written and the file is named (a .gitignore is left as it is).
              agentctl init demo --template triage
              agentctl init demo --provider groq
            """)

    @Argument(help: "The folder; made where it is missing.", completion: .directory) var folder = "."
    @Option(help: ArgumentHelp("What to write; --list shows them.", valueName: "name"), completion: .list(ProjectTemplate.all.map(\.name)))
    var template = ProjectTemplate.minimal.name
    @Option(
        help: ArgumentHelp("Where the model is: \(ProjectProvider.all.map(\.name).joined(separator: ", ")).", valueName: "name"),
        completion: .list(ProjectProvider.all.map(\.name)))
    var provider = ProjectProvider.local.name
    @Option(help: ArgumentHelp("The model, as the provider names it.", valueName: "name")) var model: String?
    @Option(name: .customLong("base-url"), help: ArgumentHelp("The address of the local server (\(ProjectProvider.localAddress)).", valueName: "url"))
    var baseURL: String?
    @Flag(help: "List the templates and write nothing.") var list = false

    func run() throws {
        if list {
            var table = Table([.init("template"), .init("what it shows", floor: 20)])
            for template in ProjectTemplate.all { table.add([StyledText(template.name), StyledText(template.summary)]) }
            Output.write(styled: table.text(Output.style))
            return
        }
        let (template, provider) = try (Self.named(template, in: ProjectTemplate.all, \.name, what: "template"), Self.named(provider, in: ProjectProvider.all, \.name, what: "provider"))
        if let baseURL {
            guard provider.keyVariable == nil else { throw UsageError("--base-url is for --provider local; the address of \(provider.name) is built in") }
            guard ["http://", "https://"].contains(where: baseURL.hasPrefix), !baseURL.unicodeScalars.contains(where: { $0.properties.isWhitespace || "#\"'".unicodeScalars.contains($0) }) else {
                throw UsageError("--base-url is an address such as \(ProjectProvider.localAddress), found '\(baseURL)'")
            }
        }
        let chosen = model ?? provider.model
        guard !chosen.isEmpty, chosen.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:@+".contains($0)) }) else {
            throw UsageError("--model takes a name such as \(provider.model), found '\(chosen)'")
        }
        var files = [(path: "agentctl.yaml", text: provider.projectFile(baseURL: baseURL ?? ProjectProvider.localAddress))]
        for file in template.files {
            let text = String(decoding: file.bytes(), as: UTF8.self)
            files.append((file.path, file.path == template.workflow ? text.replacing(ProjectTemplate.model, with: "\(provider.name)/\(chosen)") : text))
        }
        let keepsIgnore = try write(files)
        report(template, provider, model: chosen, paths: files.map(\.path), keepsIgnore: keepsIgnore)
    }

    private static func named<T>(_ name: String, in all: [T], _ key: (T) -> String, what: String) throws -> T {
        if let found = all.first(where: { key($0) == name }) { return found }
        let names = all.map(key)
        throw UsageError("there is no \(what) '\(name)' for init", hint: Suggestion.hint(for: name, in: names) ?? "one of: \(names.joined(separator: ", "))")
    }

    private func path(_ name: String) -> String { folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

    /// All or nothing, as far as it can be known beforehand.
    ///
    /// - Returns: whether a `.gitignore` was there and was left as it is.
    private func write(_ files: [(path: String, text: String)]) throws -> Bool {
        let taken = (files.map(\.path) + [".agentctl.yaml"]).filter { Self.exists(path($0)) }
        guard taken.isEmpty else {
            let list = taken.map(path).joined(separator: ", ")
            throw UsageError(
                taken.count == 1 ? "\(list) is there already; nothing was written" : "these are there already, nothing was written: \(list)",
                hint: "choose another folder: agentctl init NAME")
        }
        for file in files { try Self.create(path(file.path), file.text) }
        let ignore = path(".gitignore")
        if Self.exists(ignore) { return true }
        try Self.create(ignore, "# The ledger, and the state of model servers\n.agentctl/\n")
        return false
    }

    private static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    private static func create(_ path: String, _ text: String) throws {
        func failure() -> UsageError { UsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
        // Each folder on the way, as `mkdir -p` does.
        for (index, character) in zip(path.indices, path) where character == "/" && index != path.startIndex {
            let folder = String(path[..<index])
            if !exists(folder), mkdir(folder, 0o777) != 0, errno != EEXIST { throw failure() }
        }
        // Exclusive: what came in between is not overwritten either.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0, let file = fdopen(descriptor, "w") else { throw failure() }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw failure() }
    }

    private func report(_ template: ProjectTemplate, _ provider: ProjectProvider, model name: String, paths: [String], keepsIgnore: Bool) {
        let model = "\(provider.name)/\(name)"
        Output.line("created from the template \(template.name), with \(model):")
        for name in paths + (keepsIgnore ? [] : [".gitignore"]) { Output.line("  \(path(name))") }
        Output.line("\nnext:")
        if folder != "." { Output.line("  cd \(Self.word(folder))") }
        if let key = provider.keyVariable, Output.variable(key) == nil { Output.line("  export \(key)=…") }
        for command in ["doctor", "validate \(template.workflow)", "graph \(template.workflow)", "plan \(template.workflow) \(template.sample)", "run \(template.workflow) \(template.sample)"]
            + (template.more.map { ["run \(template.workflow) \($0)"] } ?? []) + ["show last"]
        {
            Output.line("  agentctl \(command)")
        }
        if keepsIgnore { Output.note("\(path(".gitignore")) was left as it is; add .agentctl/ to it\n") }
        if provider.keyVariable != nil, PriceBook(overrides: [], catalogue: .shipped).sheet(provider: provider.name, model: name, at: .now()) == nil {
            Output.note("\(model) has no known price: add one under prices: in agentctl.yaml, or no call is made under the budget\n")
        }
    }

    /// A word of a command line, quoted only where it has to be.
    private static func word(_ text: String) -> String {
        text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./+:@%,".contains($0)) } && !text.hasPrefix("-") ? text : ShellQuoting.quote(text)
    }
}
