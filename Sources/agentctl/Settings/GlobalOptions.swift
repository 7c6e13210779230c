import ArgumentParser
import Economics
import Glibc
import Providers
import Values
import WorkflowLoading
import WorkflowModel

/// Flags that every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The project file; otherwise agentctl.yaml or .agentctl.yaml is searched upward, and taken if it is this user's or root's.", valueName: "file"), completion: .workflowFile)
    var config: String?

    @Option(help: ArgumentHelp("The ledger file; otherwise the project's, or .agentctl/ledger.db.", valueName: "file"), completion: .file())
    var ledger: String?

    @Flag(help: "Never write color codes (also: NO_COLOR).")
    var noColor = false

    /// What holds for the whole process; `settings` does it too.
    func apply() { Output.noColor.withLock { $0 = noColor } }

    /// Flag over environment over project file over default.
    func settings(besides workflow: String? = nil) throws -> Settings {
        apply()
        let folder = workflow.map(Self.folder) ?? "."
        let project = try ProjectLoader.load(named: config ?? Output.variable("AGENTCTL_CONFIG"), searchingFrom: folder, secrets: Output.secrets)
        Self.noteUnread(project)
        var settings = Settings(project: project, ledgerPath: ledgerPath)
        do throws(PriceError) { settings.keptPrices = try KeptPrices.load(root: project.root) } catch { throw UsageError(error.description) }
        return settings
    }

    /// What `validate` says with the rest is said once by others, on stderr.
    private static func noteUnread(_ project: Project) {
        guard !project.unread.isEmpty,
            !isUnreadKnown.withLock({ known in
                defer { known = true }
                return known
            })
        else { return }
        for problem in project.unreadFiles { Output.note("note: \(problem.message); \(problem.hint ?? "")\n") }
    }

    /// Whether files that are not read were named, or are named otherwise.
    static let isUnreadKnown = Mutex(false)

    /// The folder that a file is in, where the search for its project file begins.
    static func folder(of path: String) -> String { path.utf8.contains(UInt8(ascii: "/")) ? path.folderWithSlash : "." }

    /// The ledger that a flag or the environment names; `nil` leaves it to the project.
    var ledgerPath: String? { ledger ?? Output.variable("AGENTCTL_LEDGER") }
}

/// What a command works with, layered from flags, environment, project file and defaults.
struct Settings {
    let project: Project
    /// Absolute, or relative to the working directory.
    let ledgerPath: String
    /// What `prices import` and `prices add` put down beside the project file.
    var keptPrices: PriceCatalogue?

    init(project: Project, ledgerPath: String?) {
        self.project = project
        Self.isLoaded.withLock { $0 = true }
        Output.secrets.add(project.knownSecrets(besides: WellKnownProviders.all, variable: Output.variable))
        self.ledgerPath = ledgerPath ?? (project.ledger.hasPrefix("/") ? project.ledger : "\(project.root)/\(project.ledger)")
    }

    private static let isLoaded = Mutex(false)

    /// Makes the project's secrets known before something is said of a command that has not looked at the project. A project file
    /// that is wrong stops nothing.
    static func learnSecrets(config: String? = nil) {
        guard !isLoaded.withLock({ $0 }) else { return }
        let named = config ?? Output.variable("AGENTCTL_CONFIG")
        guard let project = try? ProjectLoader.load(named: named, searchingFrom: ".", secrets: Output.secrets) else { return }
        _ = Settings(project: project, ledgerPath: nil)
    }

    /// Where the servers of local models keep their state: beside the ledger.
    var serversFolder: String {
        "\(project.root)/.agentctl/servers"
    }
}

extension Project {
    /// Of each file that looks like a project file and is none.
    var unreadFiles: [Diagnostic] {
        unread.map {
            Diagnostic(.warning, code: "AW007", "\($0) is not read: the project file is called agentctl.yaml or .agentctl.yaml", at: nil, hint: "rename it, or name it with --config \($0)")
        }
    }
}
