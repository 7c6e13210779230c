/// The versions of the system libraries, for reports of problems.
enum LibrariesCheck {
    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        [HealthFinding("libraries", .ok, facts.libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", "))]
    }
}
