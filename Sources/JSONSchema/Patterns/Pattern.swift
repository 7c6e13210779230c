/// A compiled regular expression of ECMA-262, matched anywhere in a text unless it is anchored.
///
/// Swift's own `Regex` is not used, as it backtracks without a bound and an answer could stop a run by it.
struct Pattern: Sendable {
    let text: String
    private let program: PatternProgram

    init(_ text: String) throws(PatternError) {
        self.text = text
        program = try PatternProgram(try PatternParser.parse(text))
    }

    /// Matches at the cost of the validation.
    func matches(_ subject: String, _ run: inout Validation) -> Bool {
        guard run.spend(Limits.patternStart + subject.utf8.count / 32) else { return false }
        let (steps, _) = max(run.work, 0).multipliedReportingOverflow(by: Limits.patternStepsPerUnit)
        var matcher = PatternMatcher(text: Array(subject.unicodeScalars), steps: steps)
        let isMatch = matcher.matches(program, from: 0, searches: true, backwards: false)
        return run.spend((steps - matcher.steps) / Limits.patternStepsPerUnit) && matcher.steps >= 0 && isMatch
    }
}
