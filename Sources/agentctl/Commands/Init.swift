import ArgumentParser
import Economics
import Glibc
import Providers
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
            Without --provider the environment decides: the first of \(ProjectProvider.hosted.compactMap(\.keyVariable).joined(separator: ", ")) that is set, \
            else a local server.
            """)

    @Argument(help: "The folder; made where it is missing.", completion: .directory) var folder = "."
    @Option(help: ArgumentHelp("What to write; --list shows them.", valueName: "name"), completion: .list(ProjectTemplate.all.map(\.name)))
    var template = ProjectTemplate.minimal.name
    @Option(
        help: ArgumentHelp("Where the model is: \(ProjectProvider.all.map(\.name).joined(separator: ", ")); by default where there is a key.", valueName: "name"),
        completion: .list(ProjectProvider.all.map(\.name)))
    var provider: String?
    @Option(help: ArgumentHelp("The model, as the provider names it.", valueName: "name")) var model: String?
    @Option(help: ArgumentHelp("What a model costs that has no known price, in dollars for a million tokens of input and of output.", valueName: "input,output"))
    var price: String?
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
        let template = try Self.named(template, in: ProjectTemplate.all, \.name, what: "template")
        let (provider, choice) = try chosenProvider()
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
        let price = try price(for: provider)
        let isPriced = provider.keyVariable == nil || PriceBook(overrides: [], catalogue: .shipped).sheet(provider: provider.name, model: chosen, at: .now()) != nil
        let project = provider.projectFile(baseURL: baseURL ?? ProjectProvider.localAddress, model: chosen, isPriced: isPriced, price: price)
        var files = [(path: "agentctl.yaml", text: project)]
        for file in template.files {
            let text = String(decoding: file.bytes(), as: UTF8.self)
            files.append((file.path, file.path == template.workflow ? text.replacing(ProjectTemplate.model, with: "\(provider.name)/\(chosen)") : text))
        }
        let keepsIgnore = try write(files)
        let line = provider.needsPrice(chosen, isPriced: isPriced, price: price) ? project.lines.firstIndex { $0.hasPrefix("#   - {") }.map { $0 + 1 } : nil
        report(template, provider, model: chosen, paths: files.map(\.path), keepsIgnore: keepsIgnore, priceLine: line)
        if let choice { Output.note("\n" + choice + "\n") }
    }

    /// The provider that is named; else, by the keys in the environment, with what is said of the choice.
    private func chosenProvider() throws -> (ProjectProvider, choice: String?) {
        if let provider {
            if let way = WellKnownProviders.entry(for: provider) { throw UsageError("there is no provider '\(provider)' for init", hint: way) }
            return (try Self.named(provider, in: ProjectProvider.all, \.name, what: "provider"), nil)
        }
        if baseURL != nil { return (.local, nil) }
        let withKey = ProjectProvider.hosted.filter { $0.keyVariable.flatMap(Output.variable)?[...].isBlank == false }
        let others = ProjectProvider.otherKeys.filter { Output.variable($0.variable) != nil }.map { "\($0.variable) is set: \($0.way)" }
        guard let first = withKey.first else {
            let keys = ProjectProvider.hosted.compactMap(\.keyVariable).joined(separator: ", ")
            let local = "none of \(keys) is set: the project asks a server of your own at \(ProjectProvider.localAddress); --base-url or --provider name another"
            return (.local, (others + [local]).joined(separator: "\n"))
        }
        let rest = withKey.dropFirst()
        let choice = rest.isEmpty ? "" : "; \(rest.compactMap(\.keyVariable).joined(separator: ", ")) \(rest.count == 1 ? "is" : "are") set too: --provider \(rest.map(\.name).joined(separator: "|"))"
        return (first, "\(first.keyVariable!) is set: the project asks \(first.name)" + choice)
    }

    private func price(for provider: ProjectProvider) throws -> ProjectProvider.Price? {
        guard let price else { return nil }
        guard provider.keyVariable != nil else { throw UsageError("--price is for a hosted model; what a server of your own costs stands in agentctl.yaml") }
        let parts = price.parts(at: UInt8(ascii: ","), omittingEmptyParts: false).map { $0.filter { $0 != " " && $0 != "$" } }
        guard parts.count == 2, parts.allSatisfy({ Money(decimal: $0) != nil }) else {
            throw UsageError("--price takes two amounts such as 0.25,2.00, for a million tokens of input and of output; found '\(price)'")
        }
        return .init(input: parts[0], output: parts[1])
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

    private func report(_ template: ProjectTemplate, _ provider: ProjectProvider, model name: String, paths: [String], keepsIgnore: Bool, priceLine: Int?) {
        let model = "\(provider.name)/\(name)"
        Output.line("created from the template \(template.name), with \(model):")
        for name in paths + (keepsIgnore ? [] : [".gitignore"]) { Output.line("  \(path(name))") }
        Output.line("\nnext:")
        if folder != "." { Output.line("  cd \(ShellWord.of(folder.hasPrefix("-") ? "./" + folder : folder))") }
        if let key = provider.keyVariable, Output.variable(key) == nil { Output.line("  export \(key)=…") }
        if let priceLine { Output.line("  # agentctl.yaml, line \(priceLine): fill in what \(model) costs; plan and run refuse it until then") }
        for command in ["doctor", "validate \(template.workflow)", "graph \(template.workflow)", "plan \(template.workflow) \(template.sample)", "run \(template.workflow) \(template.sample)"]
            + (template.more.map { ["run \(template.workflow) \($0)"] } ?? []) + ["show last"]
        {
            Output.line("  agentctl \(command)")
        }
        Output.flush()
        if keepsIgnore { Output.note("\(path(".gitignore")) was left as it is; add .agentctl/ to it\n") }
        if priceLine != nil {
            Output.note("\n\(model) has no known price, and no call is made under a budget without one: fill it in as said above, or begin with --price INPUT,OUTPUT\n")
        }
    }
}
