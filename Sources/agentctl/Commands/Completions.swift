import ArgumentParser

struct Completions: ParsableCommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish

        var completionShell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    static let configuration = CommandConfiguration(
        abstract: "Print the completion script of a shell.",
        discussion: """
            It completes commands, flags, workflow files and the steps of a workflow. One line installs it, once:

            agentctl completions bash > ~/.local/share/bash-completion/completions/agentctl
            agentctl completions zsh > "${fpath[1]}/_agentctl"
            agentctl completions fish > ~/.config/fish/completions/agentctl.fish

            The folder has to exist. New shells have it; bash needs the package bash-completion, zsh needs compinit.
            """)

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() { Output.write(Agentctl.completionScript(for: shell.completionShell) + "\n") }
}
