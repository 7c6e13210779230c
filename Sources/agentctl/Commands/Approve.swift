import ArgumentParser
import Economics
import Engine
import Reports
import Values
import WorkflowModel

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer what a run asks a person.",
        discussion: """
            Who answered, when and with what note is recorded with the run, beside the user of the system, the host, and what the run \
            had spent by then; the first answer counts. A run that another process drives \
            goes on by itself; otherwise go on with 'resume', or say --resume here. --no is an answer too: the step's output is then \
            {approved: false, by, note}. A gate that asks which answer to take is told --pick TIER, --value with another, --yes for the best \
            of them, or --no for none, by which its step fails. STEP may be a step of which several items ask: all are answered alike.
            """)

    @Argument(help: "The run: an id, the unique start or end of one, or 'last'.") var id: String
    @Argument(help: "The step that asks, as 'approvals' lists it, or the step of items that ask; not needed when it is the only one.") var step: String?
    @Flag(help: "Approve; of a gate, take the answer of the highest tier that has one.") var yes = false
    @Flag(help: "Reject; of a gate, take none.") var no = false
    @Option(help: ArgumentHelp("Of a gate, take the answer of this tier.", valueName: "tier")) var pick: String?
    @Option(
        help: ArgumentHelp(
            "Of a gate, take this instead: JSON, or text for a step whose output is text; @FILE reads it from a file, @- from stdin. It is held against the step's schema.",
            valueName: "value|@file"))
    var value: String?
    @Option(help: ArgumentHelp("Who answers, a claim that is recorded beside the user of the system; by default that user.", valueName: "name")) var by: String?
    @Option(help: ArgumentHelp("A word for the record.", valueName: "text")) var note: String?
    @Option(help: ArgumentHelp("Where money is asked for, the run's cap from now on, in dollars; by default what was asked for.", valueName: "usd")) var budget: String?
    @Flag(help: "Go on with the run right away.") var resume = false
    @Option(help: ArgumentHelp("With --resume or --value, where the run's workflow is now, if it was moved.", valueName: "workflow.yaml"), completion: .workflowFile) var file: String?
    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: RunOutput

    func validate() throws {
        let said = [("--yes", yes), ("--no", no), ("--pick", pick != nil), ("--value", value != nil)].filter(\.1).map(\.0)
        if said.count > 1 { throw ValidationError("\(said.joined(separator: " and ")) are \(said.count) answers: say one") }
        if said.isEmpty { throw ValidationError("say --yes or --no; of a gate also --pick TIER or --value JSON") }
        if !resume, value == nil, file != nil { throw ValidationError("--file goes with --resume or --value") }
        if !resume, output.events { throw ValidationError("--events goes with --resume") }
    }

    func run() async throws {
        let settings = try global.settings()
        let archive = try Composition(settings: settings).archive()
        let record = try await archive.requireRecord(id)
        try record.requireOwn()
        let open = try await archive.approvals(run: record.id, isOpen: true)
        let paths = try await paths(of: record, open, archive)
        let asked = paths.compactMap { path in open.first { $0.path == path } }
        // All that is wrong shows before anything is answered.
        let cap = try cap(asked, record)
        let (choice, document) = try await choice(asked, record, archive, settings)
        let redactor = Output.secrets.redactor
        let ledger = try Composition(settings: settings).openLedger()
        var answered: [ApprovalRecord] = []
        var isDriven = false
        do {
            defer { ledger.close() }
            for path in paths {
                let question = asked.first { $0.path == path }
                let decision = ApprovalDecision(
                    Self.named(choice, question), by: redactor.redact(by ?? Self.user), note: note.map { redactor.redact($0) }, at: .now(), cap: cap, system: .current,
                    question: question?.request)
                isDriven = try await ledger.decide(RunID(record.id), path: path, decision, document: document)
                tell(record, path, decision, question, isDriven: isDriven)
                if var question {
                    question.decision = decision
                    answered.append(question)
                }
            }
        }
        if output.json, !resume || isDriven { Output.line(JSONEncoding.pretty.string(ApprovalReport.json(answered))) }
        if resume, !isDriven { try await Resume.resume(record, archive, settings, global, output, file: file) }
    }

    private func tell(_ run: RunRecord, _ path: String, _ decision: ApprovalDecision, _ question: ApprovalRecord?, isDriven: Bool) {
        if output.quiet { return }
        let next = isDriven ? "the process that drives the run goes on" : resume ? "" : "go on with: agentctl resume \(run.id)"
        Output.note("\(run.id) \(path): \(decision.verdict) by \(decision.by)\(next.isEmpty ? "" : "; \(next)")\n")
        guard let question else { return }
        for line in ApprovalReport.lines(question.request, style: Output.errorStyle) + ApprovalReport.choiceLines(question, style: Output.errorStyle) {
            Output.note(styled: "  " + line + "\n")
        }
    }

    // MARK: What is answered

    /// The paths of the questions: of one, or of all items of a step.
    private func paths(of run: RunRecord, _ questions: [ApprovalRecord], _ archive: any RunArchive) async throws -> [String] {
        if let open = paths(among: questions) { return open }
        let asked = try await archive.approvals(run: run.id, isOpen: false)
        return try paths(of: run, among: questions, orOf: asked)
    }

    private func isMeant(_ question: ApprovalRecord) -> Bool { step == nil || NodePath.stepOfItem(question.path) == step }

    /// `nil`: nothing that is open is meant, or it is not said which. Apart from what waits for the ledger: the compiler of the release build fails on both in one.
    private func paths(among questions: [ApprovalRecord]) -> [String]? {
        if let step, questions.contains(where: { $0.path == step }) { return [step] }
        let meant = Self.onePerBand(questions.filter(isMeant))
        return meant.count == 1 || step != nil && !meant.isEmpty ? meant : nil
    }

    /// One that was answered is refused by name.
    private func paths(of run: RunRecord, among questions: [ApprovalRecord], orOf asked: [ApprovalRecord]) throws -> [String] {
        let open = questions.map(\.path)
        if !questions.contains(where: isMeant), let before = asked.last(where: { $0.path == step || isMeant($0) }) { return [before.path] }
        if let step {
            throw UsageError(
                "run \(run.id) asks nothing at '\(step)'",
                hint: open.isEmpty ? "`agentctl approvals` lists what is asked" : Suggestion.hint(for: step, in: open) ?? "it asks: \(Self.list(open))")
        }
        if open.isEmpty { throw UsageError("run \(run.id) asks nothing", hint: "`agentctl approvals` lists what is asked") }
        throw UsageError("run \(run.id) asks at several steps: say which", hint: Self.list(open))
    }

    /// One answer is for all that ask of a band.
    private static func onePerBand(_ questions: [ApprovalRecord]) -> [String] {
        var bands: TextSet = []
        return questions.filter { $0.request.kind != .band || bands.insert($0.request.cause ?? "").inserted }.map(\.path)
    }

    private static func list(_ paths: [String]) -> String {
        paths.prefix(20).joined(separator: ", ") + (paths.count > 20 ? " and \(paths.count - 20) more" : "")
    }

    private func cap(_ questions: [ApprovalRecord], _ run: RunRecord) throws -> Money? {
        guard let budget else { return nil }
        guard let cap = Money(decimal: budget) else { throw UsageError("--budget takes dollars such as 0.25, found '\(budget)'") }
        guard yes, !questions.isEmpty, questions.allSatisfy({ $0.request.cap != nil }) else { throw UsageError("--budget goes with --yes where money is asked for") }
        if let current = run.maxCost, cap < current { throw UsageError("the run's cap is \(current) already: it never falls") }
        return cap
    }

    // MARK: The choice

    private func choice(_ questions: [ApprovalRecord], _ run: RunRecord, _ archive: any RunArchive, _ settings: Settings) async throws -> (ApprovalChoice, Blob?) {
        if no { return (.reject, nil) }
        if let other = questions.first(where: { $0.request.kind != .gate }) {
            if yes, questions.allSatisfy({ $0.request.kind != .gate }) { return (.approve, nil) }
            if pick != nil || value != nil {
                throw UsageError("'\(other.path)' asks for yes or no: there is nothing to pick", hint: "answer with --yes or --no")
            }
            throw UsageError("some of these ask for yes or no, some which answer to take: name each", hint: Self.list(questions.map(\.path)))
        }
        if questions.isEmpty { return (pick.map { .pick(tier: $0) } ?? (value == nil ? .approve : .best), nil) }
        if yes {
            if let empty = questions.first(where: { !$0.candidates.contains(where: \.canBePicked) }) { throw nothingToPick("no tier", empty) }
            return (.best, nil)
        }
        if let pick {
            for question in questions { try check(pick, question) }
            return (.pick(tier: pick), nil)
        }
        guard questions.count == 1 else {
            throw UsageError("--value is the answer to one question, and \(questions.count) are asked", hint: "name one: \(Self.list(questions.map(\.path)))")
        }
        let blob = Blob(JSONEncoding.wire.bytes(try await given(value!, questions[0], run, archive, settings)))
        return (.value(blob.hash), blob)
    }

    private func check(_ tier: String, _ question: ApprovalRecord) throws {
        let candidate = question.candidates.named(tier)
        if candidate?.canBePicked == true { return }
        guard let candidate else {
            throw nothingToPick("'\(tier)' was not asked at '\(question.path)':", question, Suggestion.hint(for: tier, in: question.candidates.flatMap { [$0.tier.tier, $0.tier.askedTier].compactMap(\.self) }))
        }
        let why = candidate.tier.failure.map { " (\($0.rawValue))" } ?? ""
        throw nothingToPick("'\(tier)' gave no answer at '\(question.path)' that passed what is always checked\(why):", question)
    }

    /// By the gate's own name of a tier, where the one that answered in its place was named.
    private static func named(_ choice: ApprovalChoice, _ question: ApprovalRecord?) -> ApprovalChoice {
        guard case .pick(let name) = choice, let candidate = question?.candidates.named(name) else { return choice }
        return .pick(tier: candidate.tier.tier)
    }

    private func nothingToPick(_ subject: String, _ question: ApprovalRecord, _ hint: String? = nil) -> UsageError {
        let tiers = question.candidates.filter(\.canBePicked).map(\.tier.tier)
        let what = subject == "no tier" ? "no tier has an answer at '\(question.path)' that can be taken" : "\(subject) it cannot be picked"
        return UsageError(what, hint: hint ?? (tiers.isEmpty ? "give one with --value, or take none with --no" : "there is: \(tiers.map { "--pick \($0)" }.joined(separator: ", "))"))
    }

    /// The value that somebody gives, as the step would have it.
    private func given(_ text: String, _ question: ApprovalRecord, _ run: RunRecord, _ archive: any RunArchive, _ settings: Settings) async throws -> JSONValue {
        guard let graph = try await RecordedWorkflow.graph(toReadOf: run, archive, global, here: settings, file: file),
            let model = graph.step(at: NodePath.step(question.path))?.step.modelStep
        else {
            throw UsageError(
                "the workflow of run \(run.id) cannot be had, against whose schema --value is held", hint: "name its file with --file, or answer with --pick or --no",
                code: ExitCodes.invalidWorkflow)
        }
        let isFile = text.utf8.first == UInt8(ascii: "@")
        let path = String(text.unicodeScalars.dropFirst())
        let content = isFile ? try RunInputs.text(of: path, what: "--value") : text
        let read: JSONValue
        if model.schema == nil {
            read = .string(content)
        } else {
            do throws(JSONParseError) {
                read = try JSONParser.parse(content)
            } catch {
                // Text that is no JSON is text; whether it may be is for the schema to say.
                if isFile || model.schema?.typeNames != ["string"] { throw UsageError("--value is not JSON: \(error)") }
                read = .string(content)
            }
        }
        let redactor = Output.secrets.redactor
        let value = redactor.isEmpty ? read : redactor.redact(read)
        let violations = model.violations(of: value)
        guard violations.isEmpty else {
            throw UsageError("--value does not match the schema of '\(question.path)': \(violations.joined(separator: "; "))", hint: "nothing was answered")
        }
        return value
    }

    static var user: String {
        let user = SystemUser.current
        return user.name ?? "uid \(user.uid)"
    }
}
