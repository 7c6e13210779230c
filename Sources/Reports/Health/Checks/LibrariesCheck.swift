/// The versions of the system libraries, for reports of problems.
enum LibrariesCheck {
    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        let versions = facts.libraries.map { "\($0.name) \($0.version ?? "not found")" }.joined(separator: ", ")
        let isWhole = facts.libraries.allSatisfy { $0.version != nil }
        return [
            HealthFinding(
                "libraries", isWhole ? .ok : .problem, versions, hint: isWhole ? nil : "without libcurl no model can be asked; Debian has it in the package libcurl4")
        ]
    }
}
