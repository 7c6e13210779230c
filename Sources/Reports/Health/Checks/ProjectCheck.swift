/// The project file is there and can be read.
enum ProjectCheck {
    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        switch facts.project {
        case .valid(let file, let providers):
            return [HealthFinding("project", .ok, "\(file), \(providers == 0 ? "no provider of its own" : Figures.counted(providers, "provider"))")]
        case .absent(let folder, let unread) where !unread.isEmpty:
            return [
                HealthFinding(
                    "project", .problem, "\(unread.joined(separator: ", ")) is not read: the project file is called agentctl.yaml or .agentctl.yaml; none is there from \(folder) upward",
                    hint: "rename it, or name it with --config")
            ]
        case .absent(let folder, _):
            return [
                HealthFinding(
                    "project", .warning, "no agentctl.yaml from \(folder) upward: defaults hold, and only hosted providers are known",
                    hint: "agentctl init NAME writes one")
            ]
        case .invalid(let problems):
            return problems.map { HealthFinding("project", .problem, $0.message, hint: $0.hint ?? "mend the project file; providers of its own are not checked until then") }
        }
    }
}
